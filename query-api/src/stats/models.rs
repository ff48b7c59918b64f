//! `GET /stats/by-model`.

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

/// What the calls of one provider's model cost.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelStats {
    /// The provider's one name; null for spans without one that carry a cost.
    provider: Option<String>,
    /// As the events name it; null for calls without a model.
    model: Option<String>,
    /// Of the priced events.
    #[schema(value_type = Money)]
    total_cost: Amount,
    /// Events whose cost is unknown.
    unpriced_count: u64,
    /// Calls; not agent, tool and section spans.
    call_count: u64,
    /// All input tokens of the calls, cached ones included.
    input_tokens: u64,
    /// All output tokens of the calls, reasoning included.
    output_tokens: u64,
    /// Milliseconds, over the calls that reported a latency; null when none did.
    avg_latency_ms: Option<f64>,
    /// 0 to 100, of the whole filtered total.
    percentage: f64,
}

/// Events by provider and model.
pub(crate) enum Models {}

impl Noun for Models {
    type Item = ModelStats;
    const KEY_1: &'static str = "provider";
    const KEY_2: &'static str = "model";

    fn item(group: Group, money: MoneyFormat) -> ModelStats {
        ModelStats {
            total_cost: group.total_cost(money),
            unpriced_count: group.unpriced,
            call_count: group.calls,
            input_tokens: group.input,
            output_tokens: group.output,
            avg_latency_ms: group.avg_latency_ms(),
            percentage: group.percentage(),
            provider: or_missing(group.key_1),
            model: or_missing(group.key_2),
        }
    }
}

impl ListItem for ModelStats {
    const LIST: &'static str = "models";
    const COLUMNS: &'static [&'static str] = &[
        "provider",
        "model",
        "total_cost",
        "unpriced_count",
        "call_count",
        "input_tokens",
        "output_tokens",
        "avg_latency_ms",
        "percentage",
    ];

    fn cells(&self) -> Vec<Cell<'_>> {
        vec![
            Cell::text(self.provider.as_deref()),
            Cell::text(self.model.as_deref()),
            Cell::amount(self.total_cost),
            Cell::number(self.unpriced_count),
            Cell::number(self.call_count),
            Cell::number(self.input_tokens),
            Cell::number(self.output_tokens),
            Cell::number_or_empty(self.avg_latency_ms),
            Cell::number(self.percentage),
        ]
    }
}

/// Cost by provider and model, dearest first.
#[utoipa::path(
    get,
    path = "/stats/by-model",
    tag = "statistics",
    params(CommonParams, RangeParams, Filters, PageParams),
    responses(
        (status = 200, content(
            (Vec<ModelStats> = "application/json"),
            (String = "text/csv"),
            (String = "application/x-ndjson"),
        )),
        Refusals,
    )
)]
pub(crate) async fn by_model(ask: Ask) -> Result<Response, Problem> {
    ranking::answer::<Models>(ask).await
}
