//! A call's event, by the same rules as one that a sender made.

use std::borrow::Cow;
use std::ops::Range;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use schemas::pricing::{PriceBook, Usage};
use schemas::raw::Field;
use schemas::validate::{self, Code, ID_CHARS_MAX, PATH_CHARS_MAX, validate};
use schemas::{RawEvent, Record, Rejection};
use serde::Serialize;
use uuid::Uuid;

use crate::answer::Failure;
use crate::call::Facts;
use crate::meter::{Basis, End, Metered};

/// A call is reported as soon as it has ended, however long it took.
const AGE_MAX_US: i64 = 366 * 86_400 * 1_000_000;
/// Most calls say less.
const JSON_BYTES: usize = 1024;

/// # Errors
/// The rule that the event breaks; which would be an error of ours.
pub(super) fn record(
    facts: &Facts,
    metered: &Metered,
    book: &PriceBook,
) -> Result<Record, Rejection> {
    let id = id(facts, metered);
    let evidence = metered.evidence();
    let said = Said::of(facts, metered)
        .map_err(|error| Rejection::new(Code::UnreadableJson, error.to_string()))?;
    let context = validate::Context {
        tenant_id: facts.context.tenant.as_str(),
        received_us: micros(SystemTime::now()),
        retention_us: AGE_MAX_US,
        ingest_key_id: &facts.context.key_id,
    };
    let event = validate(&said.event(), &context, || id)?;
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

/// A call in the event's own terms: each field's JSON, one behind the other.
struct Said {
    json: Vec<u8>,
    fields: Vec<(Field, Range<usize>)>,
}

impl Said {
    fn of(facts: &Facts, metered: &Metered) -> serde_json::Result<Self> {
        let mut said = Self {
            json: Vec::with_capacity(JSON_BYTES),
            fields: Vec::with_capacity(Field::ALL.len()),
        };
        said.say_usage(&metered.usage)?;
        for (field, text) in &facts.context.fields {
            said.say(*field, text)?;
        }
        said.say(Field::Provider, facts.route.provider_name())?;
        said.say(Field::Endpoint, &*cut(&facts.route.path))?;
        said.say(Field::SpanType, facts.route.endpoint.span_type)?;
        said.say(Field::Timestamp, &(micros(facts.started) / 1000))?;
        said.say(Field::LatencyMs, &millis(facts.latency))?;
        let ttft = facts.ttft.filter(|_| metered.is_streaming);
        said.say_known(Field::TtftMs, ttft.map(millis))?;
        said.say(Field::IsStreaming, &metered.is_streaming)?;
        said.say_known(Field::Model, metered.model.as_ref())?;
        said.say_known(Field::ServiceTier, metered.service_tier.as_ref())?;
        let http_status = facts.http_status.map(|status| status.as_u16());
        said.say_known(Field::HttpStatus, http_status)?;
        said.say_known(Field::Status, status(facts, metered))?;
        let failure = facts.failure.map(Failure::code);
        said.say_known(Field::ErrorType, failure.or(metered.error_type.as_deref()))?;
        let usage_basis = match metered.basis {
            Some(Basis::Measured) => "measured",
            Some(Basis::Estimated) => "estimated",
            Some(Basis::Unknown) => "unknown",
            None => "none",
        };
        said.say(Field::EventMetadata, &Metadata { usage_basis })?;
        Ok(said)
    }

    fn say_usage(&mut self, usage: &Usage) -> serde_json::Result<()> {
        self.say_known(Field::InputTokens, usage.input_tokens)?;
        self.say_known(Field::OutputTokens, usage.output_tokens)?;
        self.say_known(Field::CachedTokens, usage.cached_tokens)?;
        self.say_known(Field::CacheWriteTokens, usage.cache_write_tokens)?;
        self.say_known(Field::CacheWrite1hTokens, usage.cache_write_1h_tokens)?;
        self.say_known(Field::ReasoningTokens, usage.reasoning_tokens)?;
        self.say_known(Field::AudioInputTokens, usage.audio_input_tokens)?;
        self.say_known(Field::AudioOutputTokens, usage.audio_output_tokens)?;
        let units = (!usage.units.is_empty()).then_some(&usage.units);
        self.say_known(Field::Usage, units)
    }

    fn say_known<T: Serialize>(
        &mut self,
        field: Field,
        value: Option<T>,
    ) -> serde_json::Result<()> {
        value.map_or(Ok(()), |value| self.say(field, &value))
    }

    fn say<T: Serialize + ?Sized>(&mut self, field: Field, value: &T) -> serde_json::Result<()> {
        let start = self.json.len();
        serde_json::to_writer(&mut self.json, value)?;
        self.fields.push((field, start..self.json.len()));
        Ok(())
    }

    fn event(&self) -> RawEvent<'_> {
        let text = std::str::from_utf8(&self.json).unwrap_or_default(); // JSON always is
        let fields = self.fields.iter();
        RawEvent::of(fields.map(|(field, at)| (*field, &text[at.clone()])))
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

fn cut(path: &str) -> Cow<'_, str> {
    if path.len() <= PATH_CHARS_MAX && !path.chars().any(char::is_control) {
        return path.into();
    }
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
