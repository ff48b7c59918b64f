//! Sums over everything that the filters leave.

use clickhouse::Row;
use schemas::money::{Amount, MoneyFormat};
use serde::{Deserialize, Serialize};
use service::Problem;
use service::auth::Access;
use utoipa::ToSchema;

use super::group::average_ms;
use crate::answer::{Money, amount};
use crate::filters::Filters;
use crate::quantile::quantile_ms;
use crate::range::Range;
use crate::store::{Store, Template};
use crate::usage;

/// Sums and latencies of all events asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Totals {
    /// Of the priced events.
    #[schema(value_type = Money)]
    total_cost: Amount,
    /// Events whose cost is unknown.
    unpriced_count: u64,
    /// Calls; not agent, tool and section spans.
    call_count: u64,
    /// Calls that ended in `error`, `timeout` or `rate_limited`.
    error_count: u64,
    /// All input tokens of the calls, cached ones included.
    input_tokens: u64,
    /// All output tokens of the calls, reasoning included.
    output_tokens: u64,
    /// Milliseconds, over the calls that reported a latency; null when none did.
    avg_latency_ms: Option<f64>,
    /// Median in milliseconds, within 1 %.
    p50_latency_ms: Option<f64>,
    /// 95th percentile in milliseconds, within 1 %.
    p95_latency_ms: Option<f64>,
}

#[derive(Row, Deserialize)]
struct TotalsRow {
    total_cost: i128,
    unpriced_count: u64,
    call_count: u64,
    error_count: u64,
    input_tokens: u64,
    output_tokens: u64,
    all_latency_us: u64,
    all_latencies: u64,
    all_buckets: Vec<(i16, u64)>,
}

/// The sums; zeros when there is nothing.
///
/// # Errors
/// Those of [`crate::store::Select`].
pub(crate) async fn totals(
    store: &Store,
    access: &Access,
    range: &Range,
    filters: &Filters,
    money: MoneyFormat,
) -> Result<Totals, Problem> {
    let template = Template::new(include_str!("totals.sql"));
    let select = usage::select(store, access, range.parts(), filters, template);
    let row: TotalsRow = select.one().await?;
    Ok(Totals {
        total_cost: amount(row.total_cost, money),
        unpriced_count: row.unpriced_count,
        call_count: row.call_count,
        error_count: row.error_count,
        input_tokens: row.input_tokens,
        output_tokens: row.output_tokens,
        avg_latency_ms: average_ms(row.all_latency_us, row.all_latencies),
        p50_latency_ms: quantile_ms(&row.all_buckets, 0.50),
        p95_latency_ms: quantile_ms(&row.all_buckets, 0.95),
    })
}
