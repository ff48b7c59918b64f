//! The only way from [`RawEvent`] to [`Event`]: every rule of the contract, one
//! reason code each.

mod metadata;
mod read;
mod rejection;
mod time;
mod tokens;

pub use rejection::{Code, Rejection};
pub use tokens::parts_fit;

use std::borrow::Cow;

use crate::event::Event;
use crate::money::{MoneyError, Usd};
use crate::pricing::Usage;
use crate::provider;
use crate::raw::{Field, RawEvent};
use crate::wire::{self, SpanType, Status};
use read::Reader;

/// Longest `id`, `run_id`, `trace_id`, `span_id`, `parent_span_id`, in characters.
pub const ID_CHARS_MAX: usize = 128;
/// Longest `tenant_id`, `customer_id` and other short text, in characters.
pub const TEXT_CHARS_MAX: usize = 256;
/// Longest `section_path` and `endpoint`, in characters.
pub const PATH_CHARS_MAX: usize = 1024;
/// Largest event, in bytes of JSON.
pub const EVENT_BYTES_MAX: usize = 64 * 1024;
/// Largest `event_metadata`, unknown fields included, in bytes of JSON.
pub const METADATA_BYTES_MAX: usize = 16 * 1024;
/// Largest token count. Sums of a hundred million such events still fit 64 bits.
pub const TOKENS_MAX: u64 = 100_000_000_000;
/// Longest latency: 30 days.
pub const LATENCY_MS_MAX: f64 = 30.0 * 24.0 * 3600.0 * 1000.0;
/// How far ahead of the receiver's clock an event may lie: 1 h.
pub const AHEAD_US_MAX: i64 = 3_600 * 1_000_000;

/// What a rule needs to know beside the event itself.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Whose event it is; decided by authentication, never here.
    pub tenant_id: &'a str,
    /// Microseconds since 1970, UTC.
    pub received_us: i64,
    /// Events older than this before `received_us` are rejected, in microseconds.
    pub retention_us: i64,
    /// The API key that wrote it; empty without authentication.
    pub ingest_key_id: &'a str,
}

/// The event's own `tenant_id`, to be checked against the caller's.
///
/// # Errors
/// When it is not a valid tenant.
pub fn named_tenant<'a>(raw: &'a RawEvent<'_>) -> Result<Option<Cow<'a, str>>, Rejection> {
    Reader(raw).text(Field::TenantId, TEXT_CHARS_MAX)
}

/// Checks every rule. `fallback_id` gives the id of an event that brings none.
///
/// # Errors
/// The first rule that the event breaks.
pub fn validate(
    raw: &RawEvent<'_>,
    context: &Context<'_>,
    fallback_id: impl FnOnce() -> String,
) -> Result<Event, Rejection> {
    let read = Reader(raw);
    let id = read
        .text(Field::Id, ID_CHARS_MAX)?
        .map_or_else(fallback_id, Cow::into_owned);
    let usage = tokens::usage(&read)?;
    let mut wire = wire::UsageEvent {
        schema: wire::SCHEMA,
        tenant_id: context.tenant_id.to_owned(),
        timestamp_us: time::timestamp_us(&read, context)?,
        received_us: context.received_us,
        customer_id: read.owned(Field::CustomerId, TEXT_CHARS_MAX)?,
        run_id: read
            .text(Field::RunId, ID_CHARS_MAX)?
            .map_or_else(|| id.clone(), Cow::into_owned),
        trace_id: read.owned(Field::TraceId, ID_CHARS_MAX)?,
        span_id: read.owned(Field::SpanId, ID_CHARS_MAX)?,
        parent_span_id: read.owned(Field::ParentSpanId, ID_CHARS_MAX)?,
        section_path: section_path(&read)?,
        endpoint: read.owned(Field::Endpoint, PATH_CHARS_MAX)?,
        model: read.owned(Field::Model, TEXT_CHARS_MAX)?,
        service_tier: read.owned(Field::ServiceTier, TEXT_CHARS_MAX)?,
        environment: read.owned(Field::Environment, TEXT_CHARS_MAX)?,
        latency_us: read.millis(Field::LatencyMs)?,
        ttft_us: read.millis(Field::TtftMs)?,
        error_type: read.owned(Field::ErrorType, TEXT_CHARS_MAX)?,
        is_streaming: read.boolean(Field::IsStreaming)?.unwrap_or_default(),
        event_metadata: metadata::merged(raw)?,
        ingest_key_id: context.ingest_key_id.to_owned(),
        id,
        ..Default::default()
    };
    tokens::copy(&usage, &mut wire);
    let span_type = span_type(&read, &wire.model, &usage)?;
    wire.provider = provider_of(&read, span_type)?;
    wire.set_span_type(span_type);
    wire.http_status = read.http_status()?.unwrap_or_default();
    let status = status(&read, wire.http_status)?;
    wire.set_status(status);
    Ok(Event {
        wire,
        usage,
        client_cost: client_cost(&read)?,
    })
}

fn span_type(read: &Reader<'_>, model: &str, usage: &Usage) -> Result<SpanType, Rejection> {
    Ok(match read.text(Field::SpanType, TEXT_CHARS_MAX)? {
        Some(name) => SpanType::from_name(&name),
        None if !model.is_empty() || usage.input_tokens.or(usage.output_tokens).is_some() => {
            SpanType::Llm
        }
        None => SpanType::Other,
    })
}

fn provider_of(read: &Reader<'_>, span_type: SpanType) -> Result<String, Rejection> {
    match read.text(Field::Provider, TEXT_CHARS_MAX)? {
        Some(name) => Ok(provider::canonical(&name).into_owned()),
        None if span_type.is_call() => Err(Rejection::new(
            Code::MissingProvider,
            "`provider` is required of calls (span types llm, embedding, vector_db, api, other)",
        )),
        None => Ok("internal".to_owned()),
    }
}

fn status(read: &Reader<'_>, http_status: u32) -> Result<Status, Rejection> {
    let Some(name) = read.text(Field::Status, TEXT_CHARS_MAX)? else {
        return Ok(Status::from_http(http_status));
    };
    Status::from_name(&name).ok_or_else(|| {
        Rejection::new(
            Code::InvalidStatus,
            "`status` must be one of ok, error, cancelled, timeout, rate_limited",
        )
    })
}

/// The path of sections; `section` alone is a path of one part.
fn section_path(read: &Reader<'_>) -> Result<String, Rejection> {
    let path = match read.text(Field::SectionPath, PATH_CHARS_MAX)? {
        Some(path) => Some(path),
        None => read.text(Field::Section, TEXT_CHARS_MAX)?,
    };
    let Some(path) = path else {
        return Ok(String::new());
    };
    let parts = path.split('/').map(str::trim);
    let mut clean = String::with_capacity(path.len());
    for part in parts.filter(|part| !part.is_empty()) {
        if !clean.is_empty() {
            clean.push('/');
        }
        clean.push_str(part);
    }
    Ok(clean)
}

fn client_cost(read: &Reader<'_>) -> Result<Option<Usd>, Rejection> {
    let Some(text) = read.decimal(Field::CostUsd)? else {
        return Ok(None);
    };
    let reason = match Usd::parse(&text) {
        Ok(usd) if usd < Usd::EVENT_MAX => return Ok(Some(usd)),
        Ok(_) | Err(MoneyError::TooLarge) => "`cost_usd` must be below 1000000",
        Err(MoneyError::Negative) => "`cost_usd` must not be negative",
        Err(_) => "`cost_usd` must be a number or a decimal string",
    };
    Err(Rejection::new(Code::InvalidCost, reason))
}

#[cfg(test)]
mod tests;
