use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::response::Response;
use chrono_tz::Tz;
use schemas::money::Amount;
use serde::Serialize;
use service::Problem;
use utoipa::ToSchema;

use crate::answer::{self, Money};
use crate::calendar::{Interval, local_time};
use crate::filters::{Filters, FiltersOfCustomer};
use crate::params::malformed;
use crate::range::RangeParams;
use crate::refusals::Refusals;
use crate::request::{Ask, CommonParams};
use crate::stats::models::{ModelStats, Models};
use crate::stats::providers::{ProviderStats, Providers};
use crate::stats::ranking::dearest;
use crate::stats::totals::{Figures, Totals, figures};
use crate::timeseries::{Buckets, TimeZoneParams, buckets, time_zone};

/// Everything about one end customer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CustomerDetail {
    /// The tenant's own name of its customer.
    customer_id: String,
    /// Sums over the range; zeros for a customer without events.
    totals: Totals,
    /// By provider, dearest first, at most 1000.
    by_provider: Vec<ProviderStats>,
    /// By provider and model, dearest first, at most 1000.
    by_model: Vec<ModelStats>,
    /// Every calendar day that the range touches, earliest first.
    daily: Vec<Day>,
}

/// One calendar day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Day {
    /// In the time zone asked for.
    #[schema(value_type = String, format = Date, example = "2026-07-01")]
    date: String,
    /// Of the priced events.
    #[schema(value_type = Money)]
    total_cost: Amount,
    /// Events whose cost is unknown.
    unpriced_count: u64,
    /// Calls; not agent, tool and section spans.
    call_count: u64,
}

/// One end customer: sums, what they went to, and every day.
#[utoipa::path(
    get,
    path = "/dashboard/customers/{customer_id}",
    tag = "dashboard",
    params(
        ("customer_id" = String, Path, description = "The tenant's own name of its customer"),
        CommonParams, RangeParams, FiltersOfCustomer, TimeZoneParams,
    ),
    responses(
        (status = 200, body = CustomerDetail),
        Refusals,
    )
)]
pub(crate) async fn customer(
    path: Result<Path<String>, PathRejection>,
    mut ask: Ask,
) -> Result<Response, Problem> {
    let Path(customer_id) = path.map_err(|_| malformed("the path is not UTF-8".to_owned()))?;
    let range = RangeParams::read(&mut ask.params)?;
    let filters = Filters::of_customer(customer_id.clone(), &mut ask.params)?;
    let tz = time_zone(&mut ask.params)?;
    ask.params.finish()?;
    let range = range.last_day(ask.now)?;
    let starts = Interval::Day.starts(&range, tz)?;
    let Ask {
        store,
        access,
        money,
        ..
    } = &ask;
    let (Figures { totals, .. }, by_provider, by_model, daily) = futures::try_join!(
        figures(store, access, &range, &filters, *money),
        dearest::<Providers>(store, access, &range, &filters, *money),
        dearest::<Models>(store, access, &range, &filters, *money),
        buckets(store, access, range.parts(), &filters, &starts),
    )?;
    let daily = days(&starts, tz, &daily, &ask);
    let detail = CustomerDetail {
        customer_id,
        totals,
        by_provider,
        by_model,
        daily,
    };
    answer::json(&detail, &range)
}

fn days(starts: &[u32], tz: Tz, buckets: &Buckets, ask: &Ask) -> Vec<Day> {
    let day = |start: &u32| {
        let sums = buckets.get(start).copied().unwrap_or_default();
        Day {
            date: local_time(tz, *start).date_naive().to_string(),
            total_cost: answer::amount(sums.cost, ask.money),
            unpriced_count: sums.unpriced,
            call_count: sums.calls,
        }
    };
    starts.iter().map(day).collect()
}
