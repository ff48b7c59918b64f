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

/// The sums over a range, and whose they are.
pub(crate) struct Figures {
    pub(crate) totals: Totals,
    /// Customers with a call, a cost or an unpriced event.
    pub(crate) customer_count: u64,
    /// The dearest customer and its cost; `None` without customers.
    pub(crate) top_customer: Option<(String, Amount)>,
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
    customer_count: u64,
    top_cost: i128,
    top_customer: String,
}

/// The figures; zeros when there is nothing.
///
/// # Errors
/// Those of [`crate::store::Select`].
pub(crate) async fn figures(
    store: &Store,
    access: &Access,
    range: &Range,
    filters: &Filters,
    money: MoneyFormat,
) -> Result<Figures, Problem> {
    let select = |template| {
        let template = Template::new(template);
        usage::select(store, access, range.parts(), filters, template)
    };
    // The sketch is most of what is read, so two questions at once take less time than one.
    let (row, buckets) = futures::try_join!(
        select(include_str!("totals.sql")).one::<TotalsRow>(),
        select(include_str!("latencies.sql")).all::<(i16, u64)>(),
    )?;
    Ok(Figures {
        totals: Totals {
            total_cost: amount(row.total_cost, money),
            unpriced_count: row.unpriced_count,
            call_count: row.call_count,
            error_count: row.error_count,
            input_tokens: row.input_tokens,
            output_tokens: row.output_tokens,
            avg_latency_ms: average_ms(row.all_latency_us, row.all_latencies),
            p50_latency_ms: quantile_ms(&buckets, 0.50),
            p95_latency_ms: quantile_ms(&buckets, 0.95),
        },
        customer_count: row.customer_count,
        top_customer: (row.customer_count > 0)
            .then(|| (row.top_customer, amount(row.top_cost, money))),
    })
}
