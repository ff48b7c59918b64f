//! `GET /stats/by-customer` (also `/dashboard/customers`) and `GET /dashboard/customers/{id}`.

mod detail;

use axum::response::Response;
use schemas::money::{Amount, MoneyFormat};
use serde::Serialize;
use service::Problem;
use utoipa::ToSchema;

use crate::answer::{Cell, ListItem, Money};
use crate::filters::Filters;
use crate::page::PageParams;
use crate::range::RangeParams;
use crate::refusals::Refusals;
use crate::request::{Ask, CommonParams};
use crate::stats::group::{Group, Noun, or_missing};
use crate::stats::ranking;

pub(crate) use detail::{__path_customer, customer};

/// What one end customer of the tenant cost.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CustomerStats {
    /// The tenant's own name of its customer; null for events of no customer.
    customer_id: Option<String>,
    /// Of the priced events.
    #[schema(value_type = Money)]
    total_cost: Amount,
    /// Events whose cost is unknown.
    unpriced_count: u64,
    /// Calls; not agent, tool and section spans.
    call_count: u64,
    /// Milliseconds, over the calls that reported a latency; null when none did.
    avg_latency_ms: Option<f64>,
    /// 0 to 100, of the whole filtered total.
    percentage: f64,
}

/// Events by customer. Where all tenants are seen, equal names count as one customer.
pub(crate) enum Customers {}

impl Noun for Customers {
    type Item = CustomerStats;
    const KEY_1: &'static str = "customer_id";

    fn item(group: Group, money: MoneyFormat) -> CustomerStats {
        CustomerStats {
            total_cost: group.total_cost(money),
            unpriced_count: group.unpriced,
            call_count: group.calls,
            avg_latency_ms: group.avg_latency_ms(),
            percentage: group.percentage(),
            customer_id: or_missing(group.key_1),
        }
    }
}

impl ListItem for CustomerStats {
    const LIST: &'static str = "customers";
    const COLUMNS: &'static [&'static str] = &[
        "customer_id",
        "total_cost",
        "unpriced_count",
        "call_count",
        "avg_latency_ms",
        "percentage",
    ];

    fn cells(&self) -> Vec<Cell<'_>> {
        vec![
            Cell::text(self.customer_id.as_deref()),
            Cell::amount(self.total_cost),
            Cell::number(self.unpriced_count),
            Cell::number(self.call_count),
            Cell::number_or_empty(self.avg_latency_ms),
            Cell::number(self.percentage),
        ]
    }
}

/// Cost by end customer, dearest first. `/dashboard/customers` is the same.
#[utoipa::path(
    get,
    path = "/stats/by-customer",
    tag = "statistics",
    params(CommonParams, RangeParams, Filters, PageParams),
    responses(
        (status = 200, content(
            (Vec<CustomerStats> = "application/json"),
            (String = "text/csv"),
            (String = "application/x-ndjson"),
        )),
        Refusals,
    )
)]
pub(crate) async fn by_customer(ask: Ask) -> Result<Response, Problem> {
    ranking::answer::<Customers>(ask).await
}
