//! `GET /dashboard/stats`: the figures on top of the page.

use axum::response::Response;
use clickhouse::Row;
use schemas::money::{Amount, MoneyFormat};
use serde::{Deserialize, Serialize};
use service::Problem;
use service::auth::Access;
use utoipa::ToSchema;

use crate::answer::{Money, amount, json};
use crate::filters::Filters;
use crate::range::{Range, RangeParams};
use crate::refusals::Refusals;
use crate::request::{Ask, CommonParams};
use crate::stats::totals::{Totals, totals};
use crate::store::{Store, Template};
use crate::usage;

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

#[derive(Row, Deserialize)]
struct CustomersRow {
    customer_count: u64,
    top_cost: i128,
    top_customer: String,
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
    let (totals, (customer_count, top_customer)) = futures::try_join!(
        totals(store, access, &range, &filters, *money),
        customers(store, access, &range, &filters, *money),
    )?;
    json(
        &DashboardStats {
            totals,
            customer_count,
            top_customer,
        },
        &range,
    )
}

async fn customers(
    store: &Store,
    access: &Access,
    range: &Range,
    filters: &Filters,
    money: MoneyFormat,
) -> Result<(u64, Option<TopCustomer>), Problem> {
    let template = Template::new(include_str!("dashboard/customers.sql"));
    let row: CustomersRow = usage::select(store, access, range.parts(), filters, template)
        .one()
        .await?;
    let top = (row.customer_count > 0).then(|| TopCustomer {
        customer_id: row.top_customer,
        total_cost: amount(row.top_cost, money),
    });
    Ok((row.customer_count, top))
}
