//! Spans as a tree. Senders may name parents that never came, or that are their own children:
//! every span is shown once, whatever they say.

use std::collections::HashMap;

use clickhouse::Row;
use schemas::money::{Amount, MoneyFormat};
use schemas::row::section_of;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::summary::micros;
use crate::answer::{Money, amount};

/// Levels of the answer's tree. Deeper spans stand on the last level, beside their parents, so
/// that readers of JSON do not reach the bounds of theirs (often 128 levels).
const DEPTH_MAX: usize = 50;

/// A span and what it led to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Span {
    /// The event's id where the sender gave no span id.
    span_id: String,
    /// As sent; also when no such span is there.
    parent_span_id: Option<String>,
    /// The section, else the endpoint, the model or the provider.
    name: Option<String>,
    /// `llm`, `embedding`, `vector_db`, `api`, `other`, `agent`, `tool` or `section`.
    span_type: String,
    /// The provider's one name.
    provider: Option<String>,
    /// As the event names it.
    model: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    started_at: String,
    /// Milliseconds.
    latency_ms: Option<f64>,
    /// All input tokens, cached ones included.
    input_tokens: u64,
    /// All output tokens, reasoning included.
    output_tokens: u64,
    /// Of the input: what the provider had in its cache.
    cached_tokens: u64,
    /// Of the input: what was written into that cache.
    cache_write_tokens: u64,
    /// Of the output: what the model thought by itself.
    reasoning_tokens: u64,
    /// The span's own cost; null = unknown.
    #[schema(value_type = Option<Money>)]
    cost_usd: Option<Amount>,
    /// Of the span and all below it, of the priced ones.
    #[schema(value_type = Money)]
    total_cost: Amount,
    /// Spans of unknown cost among them.
    unpriced_count: u64,
    /// `ok`, `error`, `cancelled`, `timeout` or `rate_limited`.
    status: String,
    /// What the provider answered; null where the sender did not say.
    http_status: Option<u16>,
    /// The failure's kind, as the sender names it.
    error_type: Option<String>,
    /// Earliest first.
    #[schema(no_recursion)]
    children: Vec<Span>,
}

/// A row of `spans.sql`.
#[derive(Debug, Clone, Default, Row, Deserialize)]
pub(super) struct SpanRow {
    pub(super) id: String,
    /// Microseconds since 1970.
    pub(super) started_us: i64,
    pub(super) span_id: Option<String>,
    pub(super) parent_span_id: Option<String>,
    pub(super) section_path: Option<String>,
    pub(super) span_kind: String,
    pub(super) provider: String,
    pub(super) endpoint: Option<String>,
    pub(super) model: Option<String>,
    pub(super) input_tokens: u64,
    pub(super) output_tokens: u64,
    pub(super) cached_tokens: u64,
    pub(super) cache_write_tokens: u64,
    pub(super) reasoning_tokens: u64,
    /// Pico-dollars.
    pub(super) cost: Option<i64>,
    /// `Decimal(18, 3)` milliseconds.
    pub(super) latency_us: Option<i64>,
    pub(super) outcome: String,
    pub(super) http_status: Option<u16>,
    pub(super) error_type: Option<String>,
}

impl SpanRow {
    fn key(&self) -> &str {
        self.span_id.as_deref().unwrap_or(&self.id)
    }

    fn name(&self) -> Option<String> {
        let section = self.section_path.as_deref().map(section_of);
        let provider = Some(self.provider.as_str()).filter(|provider| !provider.is_empty());
        let name = section
            .or(self.endpoint.as_deref())
            .or(self.model.as_deref())
            .or(provider);
        name.map(str::to_owned)
    }
}

/// The rows, earliest first, as trees.
pub(super) fn tree(rows: Vec<SpanRow>, money: MoneyFormat) -> Vec<Span> {
    let parents = parents(&rows);
    let order = parents_first(&parents);
    let mut sums: Vec<(i128, u64)> = rows
        .iter()
        .map(|row| {
            (
                row.cost.unwrap_or_default().into(),
                u64::from(row.cost.is_none()),
            )
        })
        .collect();
    let mut shown_under = parents.clone();
    let mut depth = vec![0; rows.len()];
    for &span in &order {
        let Some(parent) = shown_under[span] else {
            continue;
        };
        let full = depth[parent] + 1 >= DEPTH_MAX;
        shown_under[span] = if full {
            shown_under[parent]
        } else {
            Some(parent)
        };
        depth[span] = if full {
            depth[parent]
        } else {
            depth[parent] + 1
        };
    }
    for &span in order.iter().rev() {
        if let Some(parent) = parents[span] {
            sums[parent] = (sums[parent].0 + sums[span].0, sums[parent].1 + sums[span].1);
        }
    }
    assemble(rows, &order, &shown_under, &sums, money)
}

/// Each span's parent; `None` for roots. Of spans with one id the first is the parent. A ring
/// is opened at its earliest span.
fn parents(rows: &[SpanRow]) -> Vec<Option<usize>> {
    let mut by_key: HashMap<&str, usize> = HashMap::new();
    for (i, row) in rows.iter().enumerate() {
        by_key.entry(row.key()).or_insert(i);
    }
    let parent = |row: &SpanRow| by_key.get(row.parent_span_id.as_deref()?).copied();
    let mut parents: Vec<Option<usize>> = rows.iter().map(parent).collect();
    // Walks up from each span; whoever meets its own walk again stands in a ring.
    const UNSEEN: usize = usize::MAX;
    let mut walk = vec![UNSEEN; rows.len()];
    for start in 0..rows.len() {
        let mut at = start;
        while walk[at] == UNSEEN {
            walk[at] = start;
            match parents[at] {
                Some(parent) if walk[parent] == start => {
                    let earliest = ring(&parents, parent).into_iter().min().unwrap_or(parent);
                    parents[earliest] = None;
                    break;
                }
                Some(parent) => at = parent,
                None => break,
            }
        }
    }
    parents
}

/// The spans of the ring that `start` stands in.
fn ring(parents: &[Option<usize>], start: usize) -> Vec<usize> {
    let mut ring = vec![start];
    let mut at = parents[start];
    while let Some(span) = at.filter(|span| *span != start) {
        ring.push(span);
        at = parents[span];
    }
    ring
}

/// Every span, none before its parent, siblings in the order of the rows.
fn parents_first(parents: &[Option<usize>]) -> Vec<usize> {
    let mut children = vec![Vec::new(); parents.len()];
    let mut order = Vec::with_capacity(parents.len());
    for (span, parent) in parents.iter().enumerate() {
        match parent {
            Some(parent) => children[*parent].push(span),
            None => order.push(span),
        }
    }
    let mut next = 0;
    while let Some(&span) = order.get(next) {
        order.append(&mut children[span]);
        next += 1;
    }
    order
}

/// Builds the trees from the leaves up.
fn assemble(
    rows: Vec<SpanRow>,
    order: &[usize],
    shown_under: &[Option<usize>],
    sums: &[(i128, u64)],
    money: MoneyFormat,
) -> Vec<Span> {
    let mut children: Vec<Vec<(usize, Span)>> = rows.iter().map(|_| Vec::new()).collect();
    let mut rows: Vec<Option<SpanRow>> = rows.into_iter().map(Some).collect();
    let mut roots = Vec::new();
    for &index in order.iter().rev() {
        let Some(row) = rows[index].take() else {
            continue;
        };
        let mut below = std::mem::take(&mut children[index]);
        below.sort_unstable_by_key(|(index, _)| *index);
        let below = below.into_iter().map(|(_, span)| span).collect();
        let span = span(row, sums[index], below, money);
        match shown_under[index] {
            Some(parent) => children[parent].push((index, span)),
            None => roots.push((index, span)),
        }
    }
    roots.sort_unstable_by_key(|(index, _)| *index);
    roots.into_iter().map(|(_, span)| span).collect()
}

fn span(
    row: SpanRow,
    (cost, unpriced): (i128, u64),
    children: Vec<Span>,
    money: MoneyFormat,
) -> Span {
    #[allow(clippy::cast_precision_loss)] // latencies are below 2^53 microseconds
    let latency_ms = row.latency_us.map(|us| us as f64 / 1000.0);
    Span {
        name: row.name(),
        span_id: row.span_id.unwrap_or(row.id),
        parent_span_id: row.parent_span_id,
        span_type: row.span_kind,
        provider: Some(row.provider).filter(|provider| !provider.is_empty()),
        model: row.model,
        started_at: micros(row.started_us),
        latency_ms,
        input_tokens: row.input_tokens,
        output_tokens: row.output_tokens,
        cached_tokens: row.cached_tokens,
        cache_write_tokens: row.cache_write_tokens,
        reasoning_tokens: row.reasoning_tokens,
        cost_usd: row.cost.map(|cost| amount(cost.into(), money)),
        total_cost: amount(cost, money),
        unpriced_count: unpriced,
        status: row.outcome,
        http_status: row.http_status,
        error_type: row.error_type,
        children,
    }
}

#[cfg(test)]
mod tests;
