//! `GET /stats/by-section`.

use axum::response::Response;
use schemas::money::{Amount, MoneyFormat};
use schemas::row::section_of;
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

/// What one section's own events cost, without the sections below it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SectionStats {
    /// The last part of the path; null for events outside of any section.
    #[schema(example = "tool:search")]
    section: Option<String>,
    /// The whole path.
    #[schema(example = "agent:support/tool:search")]
    section_path: Option<String>,
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

/// Events by section.
pub(crate) enum Sections {}

impl Noun for Sections {
    type Item = SectionStats;
    const KEY_1: &'static str = "section_path";
    /// A section that only holds others is a part of the picture, too.
    const KEEP: &'static str = "key_1 != ''";

    fn item(group: Group, money: MoneyFormat) -> SectionStats {
        let section_path = or_missing(group.key_1.clone());
        SectionStats {
            section: section_path.as_deref().map(section_of).map(str::to_owned),
            section_path,
            total_cost: group.total_cost(money),
            unpriced_count: group.unpriced,
            call_count: group.calls,
            avg_latency_ms: group.avg_latency_ms(),
            percentage: group.percentage(),
        }
    }
}

impl ListItem for SectionStats {
    const LIST: &'static str = "sections";
    const COLUMNS: &'static [&'static str] = &[
        "section",
        "section_path",
        "total_cost",
        "unpriced_count",
        "call_count",
        "avg_latency_ms",
        "percentage",
    ];

    fn cells(&self) -> Vec<Cell<'_>> {
        vec![
            Cell::text(self.section.as_deref()),
            Cell::text(self.section_path.as_deref()),
            Cell::amount(self.total_cost),
            Cell::number(self.unpriced_count),
            Cell::number(self.call_count),
            Cell::number_or_empty(self.avg_latency_ms),
            Cell::number(self.percentage),
        ]
    }
}

/// Cost by section, dearest first: each section's own, without its children.
#[utoipa::path(
    get,
    path = "/stats/by-section",
    tag = "statistics",
    params(CommonParams, RangeParams, Filters, PageParams),
    responses(
        (status = 200, content(
            (Vec<SectionStats> = "application/json"),
            (String = "text/csv"),
            (String = "application/x-ndjson"),
        )),
        Refusals,
    )
)]
pub(crate) async fn by_section(ask: Ask) -> Result<Response, Problem> {
    ranking::answer::<Sections>(ask).await
}
