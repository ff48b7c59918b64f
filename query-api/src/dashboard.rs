//! `GET /dashboard/stats`: the figures on top of the page.

use axum::response::Response;
use schemas::money::Amount;
use serde::Serialize;
use service::Problem;
use utoipa::ToSchema;

use crate::answer::{Money, json};
use crate::filters::Filters;
use crate::range::RangeParams;
use crate::refusals::Refusals;
use crate::request::{Ask, CommonParams};
use crate::stats::totals::{Totals, figures};

/// Sums over the range, and its customers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DashboardStats {
    #[serde(flatten)]
    totals: Totals,
    /// Customers with a call, a cost or an unpriced event.
    customer_count: u64,
    /// The dearest one; null without customers.
    top_customer: Option<TopCustomer>,
}

/// The dearest customer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TopCustomer {
    /// The tenant's own name of its customer.
    customer_id: String,
    /// Of the priced events.
    #[schema(value_type = Money)]
    total_cost: Amount,
}

/// The figures on top of the dashboard.
#[utoipa::path(
    get,
    path = "/dashboard/stats",
    tag = "dashboard",
    params(CommonParams, RangeParams, Filters),
    responses(
        (status = 200, body = DashboardStats),
        Refusals,
    )
)]
pub(crate) async fn dashboard_stats(mut ask: Ask) -> Result<Response, Problem> {
    let range = RangeParams::read(&mut ask.params)?;
    let filters = Filters::read(&mut ask.params)?;
    ask.params.finish()?;
    let range = range.last_day(ask.now)?;
    let Ask {
        store,
        access,
        money,
        ..
    } = &ask;
    let found = figures(store, access, &range, &filters, *money).await?;
    let top_customer = found
        .top_customer
        .map(|(customer_id, total_cost)| TopCustomer {
            customer_id,
            total_cost,
        });
    json(
        &DashboardStats {
            totals: found.totals,
            customer_count: found.customer_count,
            top_customer,
        },
        &range,
    )
}
