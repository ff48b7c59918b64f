//! `GET /admin/tenants`: all tenants, for whoever runs the place.

use axum::response::Response;
use chrono::{DateTime, SecondsFormat};
use schemas::money::{Amount, MoneyFormat};
use serde::Serialize;
use service::Problem;
use utoipa::ToSchema;

use super::group::{Group, Noun};
use super::ranking;
use crate::answer::{Cell, ListItem, Money};
use crate::filters::Filters;
use crate::page::PageParams;
use crate::range::RangeParams;
use crate::refusals::Refusals;
use crate::request::{Ask, CommonParams, sees_all_tenants};

/// What one tenant's calls cost.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TenantStats {
    tenant_id: String,
    /// Of the priced events.
    #[schema(value_type = Money)]
    total_cost: Amount,
    /// Events whose cost is unknown.
    unpriced_count: u64,
    /// Calls; not agent, tool and section spans.
    call_count: u64,
    /// 0 to 100, of the whole filtered total.
    percentage: f64,
    /// Begin of the minute (or quarter of an hour, where the range is long ago) of the last event.
    #[schema(value_type = String, format = DateTime)]
    last_seen: String,
}

/// Events by tenant.
pub(crate) enum Tenants {}

impl Noun for Tenants {
    type Item = TenantStats;
    const KEY_1: &'static str = "tenant_id";

    fn item(group: Group, money: MoneyFormat) -> TenantStats {
        let last = DateTime::from_timestamp(group.last_bucket.into(), 0).unwrap_or_default();
        TenantStats {
            total_cost: group.total_cost(money),
            unpriced_count: group.unpriced,
            call_count: group.calls,
            percentage: group.percentage(),
            last_seen: last.to_rfc3339_opts(SecondsFormat::Secs, true),
            tenant_id: group.key_1,
        }
    }
}

impl ListItem for TenantStats {
    const LIST: &'static str = "tenants";
    const COLUMNS: &'static [&'static str] = &[
        "tenant_id",
        "total_cost",
        "unpriced_count",
        "call_count",
        "percentage",
        "last_seen",
    ];

    fn cells(&self) -> Vec<Cell<'_>> {
        vec![
            Cell::Text(&self.tenant_id),
            Cell::amount(self.total_cost),
            Cell::number(self.unpriced_count),
            Cell::number(self.call_count),
            Cell::number(self.percentage),
            Cell::Plain(self.last_seen.clone()),
        ]
    }
}

/// Cost by tenant, dearest first. Only for callers that may see all of them.
#[utoipa::path(
    get,
    path = "/admin/tenants",
    tag = "dashboard",
    params(CommonParams, RangeParams, Filters, PageParams),
    responses(
        (status = 200, content(
            (Vec<TenantStats> = "application/json"),
            (String = "text/csv"),
            (String = "application/x-ndjson"),
        )),
        Refusals,
    )
)]
pub(crate) async fn tenants(ask: Ask) -> Result<Response, Problem> {
    sees_all_tenants(&ask.access)?;
    ranking::answer::<Tenants>(ask).await
}
