use std::cmp::Reverse;
use std::collections::HashMap;

use schemas::money::MoneyFormat;
use schemas::wire::{SpanType, Status};
use serde::Serialize;
use utoipa::ToSchema;

use super::summary::Run;
use super::tree::SpanRow;
use crate::stats::group::{Group, Noun};
use crate::stats::models::{ModelStats, Models};
use crate::stats::providers::{ProviderStats, Providers};
use crate::stats::sections::{SectionStats, Sections};

/// Where a run's money went; dearest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Breakdown {
    by_section: Vec<SectionStats>,
    by_provider: Vec<ProviderStats>,
    by_model: Vec<ModelStats>,
}

impl Breakdown {
    /// Of these spans.
    pub(super) fn of(rows: &[SpanRow], money: MoneyFormat) -> Self {
        let section = |row: &SpanRow| (row.section_path.clone().unwrap_or_default(), String::new());
        let provider = |row: &SpanRow| (row.provider.clone(), String::new());
        let model = |row: &SpanRow| (row.provider.clone(), row.model.clone().unwrap_or_default());
        Self {
            by_section: items::<Sections>(rows, section, money, |group| !group.key_1.is_empty()),
            by_provider: items::<Providers>(rows, provider, money, |_| false),
            by_model: items::<Models>(rows, model, money, |_| false),
        }
    }
}

fn items<N: Noun>(
    rows: &[SpanRow],
    key: impl Fn(&SpanRow) -> (String, String),
    money: MoneyFormat,
    keep: impl Fn(&Group) -> bool,
) -> Vec<N::Item> {
    let mut groups: HashMap<(String, String), Group> = HashMap::new();
    for row in rows {
        add(groups.entry(key(row)).or_default(), row);
    }
    let all_cost = groups.values().map(|group| group.cost).sum();
    let mut groups: Vec<Group> = groups
        .into_iter()
        .map(|((key_1, key_2), group)| Group {
            key_1,
            key_2,
            all_cost,
            ..group
        })
        .filter(|group| group.counts() || keep(group))
        .collect();
    groups.sort_unstable_by(|a, b| {
        let cost = Reverse(a.cost).cmp(&Reverse(b.cost));
        cost.then_with(|| (&a.key_1, &a.key_2).cmp(&(&b.key_1, &b.key_2)))
    });
    groups
        .into_iter()
        .map(|group| N::item(group, money))
        .collect()
}

/// Counts a span as the rollups do.
fn add(group: &mut Group, row: &SpanRow) {
    group.cost += i128::from(row.cost.unwrap_or_default());
    group.unpriced += u64::from(row.cost.is_none());
    if is_call(row) {
        group.calls += 1;
        group.input += row.input_tokens;
        group.output += row.output_tokens;
        if let Some(us) = row.latency_us {
            group.latency_us += us.unsigned_abs();
            group.latencies += 1;
        }
    }
}

fn is_call(row: &SpanRow) -> bool {
    SpanType::from_name(&row.span_kind).is_call()
}

/// The run's sums, from the same spans as its breakdown; `None` without spans.
pub(super) fn run_of(tenant_id: &str, run_id: &str, rows: &[SpanRow]) -> Option<Run> {
    let mut sections: HashMap<&str, i128> = HashMap::new();
    for row in rows {
        if let Some(path) = &row.section_path {
            *sections.entry(path).or_default() += i128::from(row.cost.unwrap_or_default());
        }
    }
    let failed = |row: &&SpanRow| {
        is_call(row) && Status::from_name(&row.outcome).is_some_and(Status::is_error)
    };
    Some(Run {
        tenant_id: tenant_id.to_owned(),
        run_id: run_id.to_owned(),
        started_us: rows.iter().map(|row| row.started_us).min()?,
        ended_us: rows
            .iter()
            .map(|row| row.started_us + row.latency_us.unwrap_or_default())
            .max()?,
        total_cost: rows
            .iter()
            .map(|row| i128::from(row.cost.unwrap_or_default()))
            .sum(),
        unpriced: rows.iter().filter(|row| row.cost.is_none()).count() as u64,
        calls: rows.iter().filter(|row| is_call(row)).count() as u64,
        errors: rows.iter().filter(failed).count() as u64,
        sections: sections
            .into_iter()
            .map(|(path, cost)| (path.to_owned(), cost))
            .collect(),
    })
}
