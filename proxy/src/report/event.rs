//! A call's event, by the same rules as one that a sender made.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use schemas::pricing::PriceBook;
use schemas::validate::{self, Code, ID_CHARS_MAX, PATH_CHARS_MAX, validate};
use schemas::{RawEvent, Record, Rejection};
use serde::ser::{Serialize, SerializeMap as _, Serializer};
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
    metered: &Metered,
    book: &PriceBook,
) -> Result<Record, Rejection> {
    let id = id(facts, metered);
    let evidence = metered.evidence();
    let text = serde_json::to_string(&Said { facts, metered })
        .map_err(|error| Rejection::new(Code::UnreadableJson, error.to_string()))?;
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

/// A call in the event's own terms. What is null is not said.
struct Said<'a> {
    facts: &'a Facts,
    metered: &'a Metered,
}

impl Serialize for Said<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { facts, metered } = self;
        let mut event = serializer.serialize_map(None)?;
        for (name, quantity) in &metered.usage {
            event.serialize_entry(name, quantity)?;
        }
        for (name, text) in &facts.context.fields {
            event.serialize_entry(name, text)?;
        }
        event.serialize_entry("provider", &facts.route.provider_name())?;
        event.serialize_entry("endpoint", &cut(&facts.route.path))?;
        event.serialize_entry("span_type", &facts.route.endpoint.span_type)?;
        event.serialize_entry("timestamp", &(micros(facts.started) / 1000))?;
        event.serialize_entry("latency_ms", &millis(facts.latency))?;
        let ttft = facts.ttft.filter(|_| metered.is_streaming);
        event.serialize_entry("ttft_ms", &ttft.map(millis))?;
        event.serialize_entry("is_streaming", &metered.is_streaming)?;
        event.serialize_entry("model", &metered.model)?;
        event.serialize_entry("service_tier", &metered.service_tier)?;
        let http_status = facts.http_status.map(|status| status.as_u16());
        event.serialize_entry("http_status", &http_status)?;
        event.serialize_entry("status", &status(facts, metered))?;
        let failure = facts.failure.map(Failure::code);
        event.serialize_entry("error_type", &failure.or(metered.error_type.as_deref()))?;
        let usage_basis = match metered.basis {
            Some(Basis::Measured) => "measured",
            Some(Basis::Estimated) => "estimated",
            Some(Basis::Unknown) => "unknown",
            None => "none",
        };
        event.serialize_entry("event_metadata", &Metadata { usage_basis })?;
        event.end()
    }
}

#[derive(serde::Serialize)]
struct Metadata {
    usage_basis: &'static str,
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

fn micros(at: SystemTime) -> i64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// With microseconds.
#[allow(clippy::cast_precision_loss)] // Far below 2^52.
fn millis(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}
