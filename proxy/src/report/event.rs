//! A call's event, by the same rules as one that a sender made.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use schemas::pricing::PriceBook;
use schemas::validate::{self, ID_CHARS_MAX, PATH_CHARS_MAX, validate};
use schemas::{RawEvent, Record, Rejection};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::answer::Failure;
use crate::call::Facts;
use crate::meter::{Basis, End, Metered};

/// A call is reported as soon as it has ended, however long it took.
const AGE_MAX_US: i64 = 366 * 86_400 * 1_000_000;

/// # Errors
/// The rule that the event breaks; which would be an error of ours.
pub(super) fn record(
    facts: &Facts,
    metered: Metered,
    book: &PriceBook,
) -> Result<Record, Rejection> {
    let id = id(facts, &metered);
    let evidence = metered.evidence();
    let text = Value::Object(fields(facts, metered)).to_string();
    let raw = RawEvent::parse(&text)?;
    let context = validate::Context {
        tenant_id: facts.context.tenant.as_str(),
        received_us: micros(SystemTime::now()),
        retention_us: AGE_MAX_US,
        ingest_key_id: &facts.context.key_id,
    };
    let event = validate(&raw, &context, || id)?;
    Ok(event.price_metered(book, evidence))
}

/// What is paid for once is counted once, however often it is fetched; every other call is
/// its own.
fn id(facts: &Facts, metered: &Metered) -> String {
    let named = metered.once.as_ref();
    let named = named.map(|once| format!("{}/{once}", facts.route.provider_name()));
    named
        .filter(|id| id.chars().count() <= ID_CHARS_MAX)
        .unwrap_or_else(|| Uuid::now_v7().to_string())
}

fn fields(facts: &Facts, mut metered: Metered) -> Map<String, Value> {
    let mut fields = std::mem::take(&mut metered.usage);
    let mut set = |name: &str, value: Value| {
        if !value.is_null() {
            fields.insert(name.to_owned(), value);
        }
    };
    for (name, text) in &facts.context.fields {
        set(name, text.as_str().into());
    }
    set("provider", facts.route.provider_name().into());
    set("endpoint", cut(&facts.route.path).into());
    set("span_type", facts.route.endpoint.span_type.into());
    set("timestamp", timestamp(facts.started).into());
    set("latency_ms", millis(facts.latency));
    if metered.is_streaming {
        set("ttft_ms", facts.ttft.map_or(Value::Null, millis));
    }
    set("is_streaming", metered.is_streaming.into());
    set("model", metered.model.clone().into());
    set("service_tier", metered.service_tier.clone().into());
    let http_status = facts.http_status.map(|status| status.as_u16());
    set("http_status", http_status.into());
    set("status", status(facts, &metered).into());
    let failure = facts.failure.map(|failure| failure.code().to_owned());
    set("error_type", failure.or(metered.error_type).into());
    let basis = match metered.basis {
        Some(Basis::Measured) => "measured",
        Some(Basis::Estimated) => "estimated",
        Some(Basis::Unknown) => "unknown",
        None => "none",
    };
    set("event_metadata", json!({ "usage_basis": basis }));
    fields
}

/// `None` = as the HTTP status says.
fn status(facts: &Facts, metered: &Metered) -> Option<&'static str> {
    if facts.client_left {
        return Some("cancelled");
    }
    match facts.end {
        End::ClientGone => Some("cancelled"),
        End::Timeout => Some("timeout"),
        // Nobody waited for it any more, or the provider could not be reached.
        End::NotSent if facts.failure.is_none() => Some("cancelled"),
        End::NotSent if facts.failure == Some(Failure::ConnectTimeout) => Some("timeout"),
        End::UpstreamBroke | End::NotSent => Some("error"),
        // A stream may begin well and report an error later.
        End::Complete => {
            let well = facts.http_status.is_some_and(|status| status.is_success());
            (well && metered.error_type.is_some()).then_some("error")
        }
    }
}

fn cut(path: &str) -> String {
    let plain = path.chars().filter(|c| !c.is_control());
    plain.take(PATH_CHARS_MAX).collect()
}

#[allow(clippy::cast_precision_loss)] // Whole milliseconds, far below 2^52.
fn timestamp(at: SystemTime) -> i64 {
    micros(at) / 1000
}

fn micros(at: SystemTime) -> i64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// With microseconds.
fn millis(duration: Duration) -> Value {
    (duration.as_micros() as f64 / 1000.0).into()
}
