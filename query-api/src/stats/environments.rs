//! `GET /stats/by-environment`.

use axum::response::Response;
use schemas::money::{Amount, MoneyFormat};
use serde::Serialize;
use service::Problem;
use utoipa::ToSchema;

use super::group::{Group, Noun, or_missing};
use super::ranking;
use crate::answer::{Cell, ListItem, Money};
use crate::filters::Filters;
use crate::page::PageParams;
use crate::range::RangeParams;
use crate::refusals::Refusals;
use crate::request::{Ask, CommonParams};

/// What the calls of one environment cost.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EnvironmentStats {
    /// Such as `production`; null for events that name none.
    environment: Option<String>,
    /// Of the priced events.
    #[schema(value_type = Money)]
    total_cost: Amount,
    /// Events whose cost is unknown.
    unpriced_count: u64,
    /// Calls; not agent, tool and section spans.
    call_count: u64,
    /// 0 to 100, of the whole filtered total.
    percentage: f64,
}

/// Events by environment.
pub(crate) enum Environments {}

impl Noun for Environments {
    type Item = EnvironmentStats;
    const KEY_1: &'static str = "environment";

    fn item(group: Group, money: MoneyFormat) -> EnvironmentStats {
        EnvironmentStats {
            total_cost: group.total_cost(money),
            unpriced_count: group.unpriced,
            call_count: group.calls,
            percentage: group.percentage(),
            environment: or_missing(group.key_1),
        }
    }
}

impl ListItem for EnvironmentStats {
    const LIST: &'static str = "environments";
    const COLUMNS: &'static [&'static str] = &[
        "environment",
        "total_cost",
        "unpriced_count",
        "call_count",
        "percentage",
    ];

    fn cells(&self) -> Vec<Cell<'_>> {
        vec![
            Cell::text(self.environment.as_deref()),
            Cell::amount(self.total_cost),
            Cell::number(self.unpriced_count),
            Cell::number(self.call_count),
            Cell::number(self.percentage),
        ]
    }
}

/// Cost by environment, dearest first.
#[utoipa::path(
    get,
    path = "/stats/by-environment",
    tag = "statistics",
    params(CommonParams, RangeParams, Filters, PageParams),
    responses(
        (status = 200, content(
            (Vec<EnvironmentStats> = "application/json"),
            (String = "text/csv"),
            (String = "application/x-ndjson"),
        )),
        Refusals,
    )
)]
pub(crate) async fn by_environment(ask: Ask) -> Result<Response, Problem> {
    ranking::answer::<Environments>(ask).await
}
