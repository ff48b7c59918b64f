use std::collections::HashMap;

use chrono::{DateTime, SecondsFormat};
use clickhouse::Row;
use schemas::money::{Amount, MoneyFormat};
use schemas::row::section_of;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::answer::{Cell, ListItem, Money, amount};

/// One run: a piece of work with its calls.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunSummary {
    /// As the events name it; unique within its tenant.
    run_id: String,
    /// Whose run it is.
    tenant_id: String,
    /// Start of the first event.
    #[schema(value_type = String, format = DateTime)]
    started_at: String,
    /// End of the last event: its start and its latency.
    #[schema(value_type = String, format = DateTime)]
    ended_at: String,
    /// Of the priced events.
    #[schema(value_type = Money)]
    total_cost: Amount,
    /// Events whose cost is unknown.
    unpriced_count: u64,
    /// Calls; not agent, tool and section spans.
    call_count: u64,
    /// Calls that ended in `error`, `timeout` or `rate_limited`.
    error_count: u64,
    /// Names of the sections that the run went through, dearest first.
    sections: Vec<String>,
    /// The dearest of them; null when there are none.
    top_section: Option<String>,
}

/// A run's sums, from the rollup or from its spans.
#[derive(Debug, Clone, Row, Deserialize)]
pub(super) struct Run {
    pub(super) tenant_id: String,
    pub(super) run_id: String,
    /// Microseconds since 1970.
    pub(super) started_us: i64,
    /// Microseconds since 1970.
    pub(super) ended_us: i64,
    /// Pico-dollars.
    pub(super) total_cost: i128,
    pub(super) unpriced: u64,
    pub(super) calls: u64,
    pub(super) errors: u64,
    /// Pico-dollars by section path.
    pub(super) sections: Vec<(String, i128)>,
}

impl Run {
    /// As answers show it.
    pub(super) fn summary(self, money: MoneyFormat) -> RunSummary {
        let sections = dearest_first(&self.sections);
        RunSummary {
            run_id: self.run_id,
            tenant_id: self.tenant_id,
            started_at: micros(self.started_us),
            ended_at: micros(self.ended_us),
            total_cost: amount(self.total_cost, money),
            unpriced_count: self.unpriced,
            call_count: self.calls,
            error_count: self.errors,
            top_section: sections.first().cloned(),
            sections,
        }
    }
}

/// Names of sections, dearest first, equal ones by name. One name may stand on several paths.
fn dearest_first(costs: &[(String, i128)]) -> Vec<String> {
    let mut by_name: HashMap<&str, i128> = HashMap::new();
    for (path, cost) in costs {
        *by_name.entry(section_of(path)).or_default() += cost;
    }
    let mut names: Vec<(&str, i128)> = by_name.into_iter().collect();
    names.sort_unstable_by(|(a, cost_a), (b, cost_b)| cost_b.cmp(cost_a).then(a.cmp(b)));
    names.into_iter().map(|(name, _)| name.to_owned()).collect()
}

/// RFC 3339, UTC, with microseconds.
pub(super) fn micros(us: i64) -> String {
    let at = DateTime::from_timestamp_micros(us).unwrap_or_default();
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

impl ListItem for RunSummary {
    const LIST: &'static str = "runs";
    const COLUMNS: &'static [&'static str] = &[
        "run_id",
        "tenant_id",
        "started_at",
        "ended_at",
        "total_cost",
        "unpriced_count",
        "call_count",
        "error_count",
        "top_section",
    ];

    fn cells(&self) -> Vec<Cell<'_>> {
        vec![
            Cell::Text(&self.run_id),
            Cell::Text(&self.tenant_id),
            Cell::Plain(self.started_at.clone()),
            Cell::Plain(self.ended_at.clone()),
            Cell::amount(self.total_cost),
            Cell::number(self.unpriced_count),
            Cell::number(self.call_count),
            Cell::number(self.error_count),
            Cell::text(self.top_section.as_deref()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_told_dearest_first_and_once() {
        let cost = |path: &str, cost| (path.to_owned(), cost);
        let costs = [
            cost("a/x", 2),
            cost("b/x", 2),
            cost("b", 3),
            cost("c", 0),
            cost("a", 0),
        ];
        assert_eq!(dearest_first(&costs), ["x", "b", "a", "c"]);
        assert!(dearest_first(&[]).is_empty());
    }
}
