//! Rollup rows, computed here and not by materialized views: an insert with its own
//! token means the same on every version of ClickHouse (see `docs/decisions`).
//!
//! Everything is a function of the `Fact`s, whatever their order: sums of integers,
//! minima, maxima, unions. So rows folded from the log and from what raw holds are equal.

mod latency;
mod runs;
mod usage;

pub(crate) use runs::fold_runs;
pub(crate) use usage::{Resolution, fold_usage};

use schemas::Row;
use schemas::row::month_of;
use schemas::wire::{SpanType, Status};

use crate::block::Block;
use crate::store::Marker;

/// The rollups' blocks of rows of one month, as a batch makes them: for `bench/`, which counts
/// what that costs.
pub fn fold(rows: &[Row], marker: &Marker) -> [Block; 3] {
    let month = rows.first().map(Row::month).unwrap_or_default();
    let facts = || rows.iter().map(Fact::from);
    [
        fold_usage(facts(), Resolution::Quarter, month, marker),
        fold_usage(facts(), Resolution::Minute, month, marker),
        fold_runs(facts(), month, marker),
    ]
}

/// What a rollup needs to know of one event, from the log or from `trace_events`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fact<'a> {
    pub tenant_id: &'a str,
    pub timestamp_us: i64,
    pub customer_id: &'a str,
    pub run_id: &'a str,
    pub section_path: &'a str,
    pub provider: &'a str,
    pub model: &'a str,
    pub environment: &'a str,
    pub is_call: bool,
    pub status: Status,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cached_tokens: u64,
    pub cache_write_tokens: u64,
    pub reasoning_tokens: u64,
    /// `None` = unknown.
    pub cost_pico_usd: Option<i64>,
    pub latency_us: Option<u64>,
}

impl Fact<'_> {
    /// The month whose table partition holds it.
    pub(crate) fn month(&self) -> u32 {
        month_of(self.timestamp_us)
    }
}

impl<'a> From<&'a Row> for Fact<'a> {
    fn from(row: &'a Row) -> Self {
        let event = &row.event;
        Self {
            tenant_id: &event.tenant_id,
            timestamp_us: event.timestamp_us,
            customer_id: &event.customer_id,
            run_id: &event.run_id,
            section_path: &event.section_path,
            provider: &event.provider,
            model: &event.model,
            environment: &event.environment,
            is_call: SpanType::try_from(event.span_type).is_ok_and(SpanType::is_call),
            status: event.status(),
            input_tokens: event.input_tokens,
            output_tokens: event.output_tokens,
            cached_tokens: event.cached_tokens,
            cache_write_tokens: event.cache_write_tokens,
            reasoning_tokens: event.reasoning_tokens,
            cost_pico_usd: event.cost_pico_usd,
            latency_us: event.latency_us,
        }
    }
}

/// Seconds since 1970 of the bucket of `width_seconds` that holds the time.
fn bucket(timestamp_us: i64, width_seconds: i64) -> u32 {
    let seconds = timestamp_us.div_euclid(1_000_000);
    // Record::decode bounds times to 1970..2106, so this never clamps.
    u32::try_from(seconds - seconds.rem_euclid(width_seconds)).unwrap_or_default()
}

/// The first second of a month written as `toYYYYMM` does.
fn month_start(month: u32) -> u32 {
    let year = i32::try_from(month / 100).unwrap_or_default();
    chrono::NaiveDate::from_ymd_opt(year, month % 100, 1)
        .and_then(|day| day.and_hms_opt(0, 0, 0))
        .and_then(|at| u32::try_from(at.and_utc().timestamp()).ok())
        .unwrap_or_default()
}
