//! `Content-Type` and `Content-Encoding`.

use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName};
use axum::http::{HeaderMap, StatusCode};
use service::Problem;

/// What the body holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// An object, an array, or (found by looking) objects on lines of their own.
    Json,
    /// Objects on lines of their own.
    Ndjson,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Identity,
    Gzip,
    /// A zlib stream, as some exporters of OpenTelemetry offer.
    Deflate,
    Zstd,
}

/// # Errors
/// 415 for what is neither JSON nor NDJSON in UTF-8. Form and plain text are refused too: those
/// a web page of another origin could send without asking.
pub(crate) fn format(headers: &HeaderMap) -> Result<Format, Problem> {
    let Some(media) = media_type(headers)? else {
        return Ok(Format::Json);
    };
    match media.as_str() {
        "application/json" | "text/json" => Ok(Format::Json),
        "application/x-ndjson"
        | "application/ndjson"
        | "application/jsonl"
        | "application/x-jsonlines"
        | "application/jsonlines" => Ok(Format::Ndjson),
        other if other.starts_with("application/") && other.ends_with("+json") => Ok(Format::Json),
        _ => Err(unsupported(
            "Content-Type must be application/json or application/x-ndjson \
             (curl --json sets it; curl -d sends a form's)",
        )),
    }
}

/// The `Content-Type` without its parameters, in lower case.
///
/// # Errors
/// 415 when it is repeated, or names another charset than UTF-8.
pub(crate) fn media_type(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = single(headers, &CONTENT_TYPE)? else {
        return Ok(None);
    };
    let mut parts = value.split(';');
    let media = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    let utf8 = parts.all(|parameter| match parameter.split_once('=') {
        Some((name, charset)) if name.trim().eq_ignore_ascii_case("charset") => {
            let charset = charset.trim().trim_matches('"').to_ascii_lowercase();
            matches!(charset.as_str(), "utf-8" | "utf8" | "us-ascii")
        }
        _ => true,
    });
    if utf8 {
        Ok(Some(media))
    } else {
        Err(unsupported("events are sent in UTF-8"))
    }
}

/// # Errors
/// 415 for anything but one of gzip, deflate and zstd.
pub(super) fn encoding(headers: &HeaderMap) -> Result<Encoding, Problem> {
    let value = single(headers, &CONTENT_ENCODING)?.unwrap_or_default();
    match value.trim().to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(Encoding::Identity),
        "gzip" | "x-gzip" => Ok(Encoding::Gzip),
        "deflate" => Ok(Encoding::Deflate),
        "zstd" => Ok(Encoding::Zstd),
        _ => Err(unsupported(
            "Content-Encoding must be gzip, deflate or zstd",
        )),
    }
}

fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    match (value.to_str(), values.next()) {
        (Ok(value), None) => Ok(Some(value)),
        _ => Err(unsupported(
            "Content-Type and Content-Encoding are given once, in ASCII",
        )),
    }
}

pub(crate) fn unsupported(detail: &'static str) -> Problem {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        detail,
    )
}
