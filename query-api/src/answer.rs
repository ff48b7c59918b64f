//! Answers: JSON, and lists as CSV or NDJSON.

mod export;
mod format;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, LINK};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use schemas::money::{Amount, MoneyFormat, Usd};
use serde::Serialize;
use service::Problem;
use utoipa::ToSchema;

use crate::range::Range;

pub(crate) use export::{Cell, ListItem, export};
pub(crate) use format::Format;

/// Tells the range that was answered: `<from>/<to>`.
pub(crate) const RANGE_HEADER: HeaderName = HeaderName::from_static("llmobserve-range");

/// An exact amount of US dollars with up to 12 decimal places: a JSON number in plain notation,
/// or with `?money=string` the same digits as a string.
#[derive(Debug, ToSchema)]
#[schema(example = 0.000123)]
#[serde(untagged)]
#[allow(dead_code)] // documentation of `Amount`
pub(crate) enum Money {
    /// By default.
    Number(f64),
    /// With `?money=string`.
    Text(String),
}

/// An amount from ClickHouse's `Decimal(38, 12)` as the answer writes it.
pub(crate) fn amount(pico_usd: i128, money: MoneyFormat) -> Amount {
    money.amount(Usd::from_pico(pico_usd))
}

/// A JSON answer about a range.
///
/// # Errors
/// 500 when the body cannot be written.
pub(crate) fn json(body: &impl Serialize, range: &Range) -> Result<Response, Problem> {
    let body = serde_json::to_vec(body).map_err(|error| {
        tracing::error!(%error, "an answer cannot be written as JSON");
        Problem::internal()
    })?;
    Ok(with_headers(
        ([(CONTENT_TYPE, "application/json")], body).into_response(),
        range,
    ))
}

/// One page of a list, and the `Link` to the next.
///
/// # Errors
/// As [`json`].
pub(crate) fn list<T: Serialize>(
    items: &[T],
    range: &Range,
    next: Option<String>,
) -> Result<Response, Problem> {
    let mut response = json(&items, range)?;
    // A link is percent-encoded, hence a valid header.
    if let Some(link) = next.and_then(|link| HeaderValue::from_str(&link).ok()) {
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}

fn with_headers(mut response: Response, range: &Range) -> Response {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(value) = HeaderValue::from_str(&range.header()) {
        headers.insert(RANGE_HEADER, value);
    }
    response
}
