//! An event as a row of `trace_events`.

use chrono::{DateTime, Datelike as _};

use crate::partition::id_hash;
use crate::row_binary::RowBinary as _;
use crate::wire::UsageEvent;

/// Where in the log a record stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Partition of the topic.
    pub partition: u32,
    /// Offset in the partition.
    pub offset: u64,
    /// When the broker stored it, milliseconds since 1970.
    pub log_time_ms: i64,
}

/// A row of `trace_events`: a function of the record and its position alone.
#[derive(Debug, Clone)]
pub struct Row {
    /// What happened.
    pub event: UsageEvent,
    /// Where it stood in the log.
    pub position: Position,
    /// Its key in the duplicate window.
    pub id_hash: u128,
}

/// The columns of [`Row::encode`], in its order.
pub const COLUMNS: &str = "tenant_id, id, timestamp, created_at, customer_id, run_id, trace_id, \
    span_id, parent_span_id, section, section_path, span_type, provider, endpoint, model, \
    service_tier, environment, input_tokens, output_tokens, cached_tokens, cache_write_tokens, \
    cache_write_1h_tokens, reasoning_tokens, audio_input_tokens, audio_output_tokens, usage, \
    cost_usd, cost_source, price_version, client_cost_usd, latency_ms, ttft_ms, status, \
    http_status, error_type, is_streaming, event_metadata, ingest_key_id, _epoch, _partition, \
    _offset, _batch_end, _log_time, _id_hash";

impl Row {
    /// A decoded record's row.
    pub fn new(event: UsageEvent, position: Position) -> Self {
        let id_hash = id_hash(&event.tenant_id, &event.id);
        Self {
            event,
            position,
            id_hash,
        }
    }

    /// The month whose table partition holds it, as ClickHouse's `toYYYYMM` writes it.
    pub fn month(&self) -> u32 {
        month_of(self.event.timestamp_us)
    }

    /// Appends the row in `RowBinary`, columns as [`COLUMNS`]; `epoch` is the topic's,
    /// `batch_end` the first offset behind the batch that writes it.
    pub fn encode(&self, epoch: &str, batch_end: u64, out: &mut Vec<u8>) {
        let event = &self.event;
        out.put_str(&event.tenant_id);
        out.put_str(&event.id);
        out.extend_from_slice(&event.timestamp_us.to_le_bytes());
        out.extend_from_slice(&event.received_us.to_le_bytes());
        out.put_str_or_null(&event.customer_id);
        out.put_str(&event.run_id);
        out.put_str_or_null(&event.trace_id);
        out.put_str_or_null(&event.span_id);
        out.put_str_or_null(&event.parent_span_id);
        out.put_str_or_null(section_of(&event.section_path));
        out.put_str_or_null(&event.section_path);
        out.push(enum8(event.span_type));
        out.put_str(&event.provider);
        out.put_str_or_null(&event.endpoint);
        out.put_str_or_null(&event.model);
        out.put_str_or_null(&event.service_tier);
        out.put_str_or_null(&event.environment);
        self.encode_measures(out);
        out.put_str(&event.event_metadata);
        out.put_str(&event.ingest_key_id);
        out.put_str(epoch);
        out.extend_from_slice(&self.position.partition.to_le_bytes());
        out.extend_from_slice(&self.position.offset.to_le_bytes());
        out.extend_from_slice(&batch_end.to_le_bytes());
        out.extend_from_slice(&self.position.log_time_ms.to_le_bytes());
        out.extend_from_slice(&self.id_hash.to_le_bytes());
    }

    fn encode_measures(&self, out: &mut Vec<u8>) {
        let event = &self.event;
        for count in event.token_counts() {
            out.extend_from_slice(&count.to_le_bytes());
        }
        out.put_varint(event.usage.len() as u64);
        for (unit, quantity) in &event.usage {
            out.put_str(unit);
            out.extend_from_slice(&quantity.to_le_bytes());
        }
        put_i64_or_null(out, event.cost_pico_usd);
        out.push(enum8(event.cost_source));
        out.put_str(&event.price_version);
        put_i64_or_null(out, event.client_cost_pico_usd);
        put_i64_or_null(out, event.latency_us.map(u64::cast_signed));
        put_i64_or_null(out, event.ttft_us.map(u64::cast_signed));
        out.push(enum8(event.status));
        if out.put_some(event.http_status != 0) {
            out.extend_from_slice(&event.http_status.to_le_bytes()[..2]);
        }
        out.put_str_or_null(&event.error_type);
        out.push(u8::from(event.is_streaming));
    }
}

/// The last part of a section path.
pub fn section_of(section_path: &str) -> &str {
    section_path.rsplit('/').next().unwrap_or_default()
}

/// The month of a time in microseconds since 1970, as `toYYYYMM` writes it.
pub fn month_of(timestamp_us: i64) -> u32 {
    let date = DateTime::from_timestamp_micros(timestamp_us)
        .unwrap_or_default()
        .date_naive();
    date.year().unsigned_abs() * 100 + date.month()
}

/// Our enums have the same numbers in Kafka and in ClickHouse's `Enum8`.
fn enum8(number: i32) -> u8 {
    number.to_le_bytes()[0]
}

fn put_i64_or_null(out: &mut Vec<u8>, value: Option<i64>) {
    if out.put_some(value.is_some()) {
        out.extend_from_slice(&value.unwrap_or_default().to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_those_of_utc() {
        assert_eq!(month_of(0), 197_001);
        assert_eq!(month_of(1_798_761_599_999_999), 202_612);
        assert_eq!(month_of(1_798_761_600_000_000), 202_701);
    }

    #[test]
    fn the_section_is_the_last_part_of_its_path() {
        assert_eq!(section_of("agent:x/tool:y"), "tool:y");
        assert_eq!(section_of("agent:x"), "agent:x");
        assert_eq!(section_of(""), "");
    }
}
