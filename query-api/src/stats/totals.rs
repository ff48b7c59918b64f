//! Sums over everything that the filters leave.

use clickhouse::Row;
use schemas::money::{Amount, MoneyFormat};
use serde::{Deserialize, Serialize};
use service::Problem;
use service::auth::Access;
use utoipa::ToSchema;

use super::group::average_ms;
use super::latencies::Latencies;
use crate::answer::{Money, amount};
use crate::filters::Filters;
use crate::range::Range;
use crate::store::{Store, Template};
use crate::usage::{self, Sketches};

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
    let sums = Template::new(include_str!("totals.sql"));
    let sums = usage::select(store, access, range.parts(), filters, sums);
    let latencies = |sketches| Latencies::read(store, access, range, filters, sketches);
    let sketches = if filters.leave_environments_whole() {
        Sketches::Tenants
    } else {
        Sketches::Keys
    };
    // Two questions at once take less time than one that asks both.
    let (row, mut all) = futures::try_join!(sums.one::<TotalsRow>(), latencies(sketches))?;
    if sketches == Sketches::Tenants && all.count() != row.all_latencies {
        // Older rows have none, or something was written between the two.
        all = latencies(Sketches::Keys).await?;
    }
    Ok(Figures {
        totals: Totals {
            total_cost: amount(row.total_cost, money),
            unpriced_count: row.unpriced_count,
            call_count: row.call_count,
            error_count: row.error_count,
            input_tokens: row.input_tokens,
            output_tokens: row.output_tokens,
            avg_latency_ms: average_ms(row.all_latency_us, row.all_latencies),
            p50_latency_ms: all.quantile_ms(0.50),
            p95_latency_ms: all.quantile_ms(0.95),
        },
        customer_count: row.customer_count,
        top_customer: (row.customer_count > 0)
            .then(|| (row.top_customer, amount(row.top_cost, money))),
    })
}
