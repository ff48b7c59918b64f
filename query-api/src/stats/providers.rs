//! `GET /stats/by-provider`.

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

/// What one provider's calls cost.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProviderStats {
    /// The provider's one name; null for spans without one that carry a cost.
    provider: Option<String>,
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

/// Events by provider.
pub(crate) enum Providers {}

impl Noun for Providers {
    type Item = ProviderStats;
    const KEY_1: &'static str = "provider";

    fn item(group: Group, money: MoneyFormat) -> ProviderStats {
        ProviderStats {
            total_cost: group.total_cost(money),
            unpriced_count: group.unpriced,
            call_count: group.calls,
            percentage: group.percentage(),
            provider: or_missing(group.key_1),
        }
    }
}

impl ListItem for ProviderStats {
    const LIST: &'static str = "providers";
    const COLUMNS: &'static [&'static str] = &[
        "provider",
        "total_cost",
        "unpriced_count",
        "call_count",
        "percentage",
    ];

    fn cells(&self) -> Vec<Cell<'_>> {
        vec![
            Cell::text(self.provider.as_deref()),
            Cell::amount(self.total_cost),
            Cell::number(self.unpriced_count),
            Cell::number(self.call_count),
            Cell::number(self.percentage),
        ]
    }
}

/// Cost by provider, dearest first.
#[utoipa::path(
    get,
    path = "/stats/by-provider",
    tag = "statistics",
    params(CommonParams, RangeParams, Filters, PageParams),
    responses(
        (status = 200, content(
            (Vec<ProviderStats> = "application/json"),
            (String = "text/csv"),
            (String = "application/x-ndjson"),
        )),
        Refusals,
    )
)]
pub(crate) async fn by_provider(ask: Ask) -> Result<Response, Problem> {
    ranking::answer::<Providers>(ask).await
}
