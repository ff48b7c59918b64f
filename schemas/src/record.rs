//! An event on its way through Kafka.

use prost::Message as _;

use crate::partition::partition_of;
use crate::wire::{self, CostSource, SpanType, Status, UsageEvent};

/// A priced event, ready for the topic. [`crate::Event::price`] makes it.
#[derive(Debug, Clone)]
pub struct Record(UsageEvent);

impl Record {
    pub(crate) fn new(event: UsageEvent) -> Self {
        Self(event)
    }

    /// A record that was kept as its value, checked as one from the topic.
    ///
    /// # Errors
    /// Says why it is not ours.
    pub fn from_value(value: &[u8]) -> Result<Self, Poison> {
        let event = decode_value(Some(value))?;
        check(&event)?;
        Ok(Self(event))
    }

    /// The record's key: the tenant.
    pub fn key(&self) -> &[u8] {
        self.0.tenant_id.as_bytes()
    }

    /// The record's value.
    pub fn value(&self) -> Vec<u8> {
        self.0.encode_to_vec()
    }

    /// The record's value, in place of what the buffer held.
    pub fn value_into(&self, buffer: &mut Vec<u8>) {
        buffer.clear();
        // A vector grows: it has room for every message.
        let _ = self.0.encode(buffer);
    }

    /// The partition among `partitions`, for a tenant spread over `spread` of them.
    pub fn partition(&self, partitions: u32, spread: u32) -> u32 {
        partition_of(&self.0.tenant_id, &self.0.id, partitions, spread)
    }

    /// What it carries.
    pub fn event(&self) -> &UsageEvent {
        &self.0
    }
}

/// Why a record on the topic is not one of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Poison {
    /// No value at all (a tombstone).
    #[error("the record has no value")]
    Empty,
    /// Not the published schema, or one that this version does not know.
    #[error("the value is not a UsageEvent of schema LMO1")]
    NotOurs,
    /// A value that ingest would not have written.
    #[error("field `{0}` is missing or out of range")]
    Field(&'static str),
    /// The key is not the event's tenant.
    #[error("the key is not the event's tenant_id")]
    Key,
}

impl Poison {
    /// A short stable name, for metrics and the dead letter's header.
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::NotOurs => "not_ours",
            Self::Field(_) => "invalid_field",
            Self::Key => "wrong_key",
        }
    }
}

/// 1 TB a picodollar: see [`crate::money::Usd::EVENT_MAX`].
const COST_PICO_BELOW: i64 = 1_000_000_000_000_000_000;
/// 1970 and 2200: inside what `DateTime` (32 bits, for buckets) and `DateTime64` hold is
/// 1970 to 2106.
const TIME_US_BELOW: i64 = 4_294_000_000_000_000;
/// See [`crate::validate::TOKENS_MAX`]; ten times it, so that raising that needs no new reader.
const TOKENS_BELOW: u64 = 10 * crate::validate::TOKENS_MAX;
/// A hundred times [`crate::validate::LATENCY_MS_MAX`], in microseconds.
const LATENCY_US_BELOW: u64 = 260_000_000_000_000;

/// Reads a record of the topic. Anyone may write there, so whatever later code
/// relies on is checked again: a record either fits every column or is poison.
///
/// # Errors
/// Says why the record is not ours.
pub fn decode(key: Option<&[u8]>, value: Option<&[u8]>) -> Result<UsageEvent, Poison> {
    let event = decode_value(value)?;
    if key != Some(event.tenant_id.as_bytes()) {
        return Err(Poison::Key);
    }
    check(&event)?;
    Ok(event)
}

fn decode_value(value: Option<&[u8]>) -> Result<UsageEvent, Poison> {
    let value = value
        .filter(|value| !value.is_empty())
        .ok_or(Poison::Empty)?;
    let event = UsageEvent::decode(value).map_err(|_| Poison::NotOurs)?;
    if event.schema != wire::SCHEMA {
        return Err(Poison::NotOurs);
    }
    Ok(event)
}

fn check(event: &UsageEvent) -> Result<(), Poison> {
    let ensure = |holds: bool, field| {
        if holds {
            Ok(())
        } else {
            Err(Poison::Field(field))
        }
    };
    ensure(!event.tenant_id.is_empty(), "tenant_id")?;
    ensure(!event.id.is_empty(), "id")?;
    ensure(!event.run_id.is_empty(), "run_id")?;
    ensure(
        (0..TIME_US_BELOW).contains(&event.timestamp_us),
        "timestamp_us",
    )?;
    ensure(
        (0..TIME_US_BELOW).contains(&event.received_us),
        "received_us",
    )?;
    let cost_fits = |cost: Option<i64>| cost.is_none_or(|c| (0..COST_PICO_BELOW).contains(&c));
    ensure(cost_fits(event.cost_pico_usd), "cost_pico_usd")?;
    ensure(
        cost_fits(event.client_cost_pico_usd),
        "client_cost_pico_usd",
    )?;
    let known = |n: i32, first: i32| n >= first;
    ensure(
        known(event.span_type, 1) && SpanType::try_from(event.span_type).is_ok(),
        "span_type",
    )?;
    ensure(
        known(event.status, 1) && Status::try_from(event.status).is_ok(),
        "status",
    )?;
    ensure(
        known(event.cost_source, 1) && CostSource::try_from(event.cost_source).is_ok(),
        "cost_source",
    )?;
    ensure(
        event.cost_pico_usd.is_some() || event.cost_source() == CostSource::Unknown,
        "cost_source",
    )?;
    let counts = event.token_counts();
    ensure(counts.iter().all(|count| *count < TOKENS_BELOW), "tokens")?;
    let fits = |us: Option<u64>| us.is_none_or(|us| us < LATENCY_US_BELOW);
    ensure(fits(event.latency_us) && fits(event.ttft_us), "latency_us")?;
    ensure(u16::try_from(event.http_status).is_ok(), "http_status")?;
    ensure(
        event.usage.values().all(|quantity| quantity.is_finite()),
        "usage",
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn event() -> UsageEvent {
        let mut event = UsageEvent {
            schema: wire::SCHEMA,
            tenant_id: "acme".into(),
            id: "e1".into(),
            run_id: "e1".into(),
            cost_pico_usd: Some(0),
            ..Default::default()
        };
        event.set_span_type(SpanType::Llm);
        event.set_status(Status::Ok);
        event.set_cost_source(CostSource::None);
        event
    }

    #[test]
    fn a_record_comes_back_as_it_was() {
        let record = Record::new(event());
        let decoded = decode(Some(record.key()), Some(&record.value())).unwrap();
        assert_eq!(&decoded, record.event());
    }

    #[test]
    fn every_record_begins_with_the_schema_mark() {
        assert_eq!(&Record::new(event()).value()[..5], b"\x0dLMO1");
    }

    #[test]
    fn foreign_records_are_poison() {
        let decode_value = |value: &[u8]| decode(Some(b"acme"), Some(value));
        assert_eq!(decode(Some(b"acme"), None).unwrap_err(), Poison::Empty);
        assert_eq!(decode_value(b"").unwrap_err(), Poison::Empty);
        assert_eq!(
            decode_value(b"{\"id\":\"x\"}").unwrap_err(),
            Poison::NotOurs
        );
        assert_eq!(decode_value(b"\x0dLMO2").unwrap_err(), Poison::NotOurs);
        assert_eq!(
            decode(Some(b"x"), Some(&event().encode_to_vec())).unwrap_err(),
            Poison::Key
        );
    }

    #[test]
    fn what_no_column_can_hold_is_poison() {
        type Spoil = fn(&mut UsageEvent);
        let spoil: [(&str, Spoil); 9] = [
            ("id", |e| e.id.clear()),
            ("run_id", |e| e.run_id.clear()),
            ("timestamp_us", |e| e.timestamp_us = -1),
            ("cost_pico_usd", |e| e.cost_pico_usd = Some(-1)),
            ("cost_source", |e| e.cost_pico_usd = None),
            ("span_type", |e| e.span_type = 99),
            ("status", |e| e.status = 0),
            ("tokens", |e| e.input_tokens = u64::MAX),
            ("http_status", |e| e.http_status = 70_000),
        ];
        for (field, spoil) in spoil {
            let mut event = event();
            spoil(&mut event);
            let error = decode(Some(b"acme"), Some(&event.encode_to_vec())).unwrap_err();
            assert_eq!(error, Poison::Field(field));
        }
    }
}
