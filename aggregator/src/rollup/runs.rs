//! `runs`: one row per run and hour.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;
use schemas::row_binary::RowBinary as _;

use super::{Fact, bucket, month_start};
use crate::block::{Block, Table};
use crate::store::Marker;

/// The columns of a row, in the order of `encode`.
const COLUMNS: &str = "tenant_id, bucket, run_id, marker, marker_end, started_at, \
    ended_at, cost_usd, unpriced_count, event_count, call_count, error_count, input_tokens, \
    output_tokens, section_costs, customer_ids, providers, models, environments, statuses";

#[derive(Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Clone, Copy)]
struct Key<'a> {
    tenant_id: &'a str,
    bucket: u32,
    run_id: &'a str,
}

#[derive(Debug, Default)]
struct Measures<'a> {
    started_us: Option<i64>,
    ended_us: i64,
    cost_pico_usd: i128,
    unpriced_count: u64,
    event_count: u64,
    call_count: u64,
    error_count: u64,
    input_tokens: u64,
    output_tokens: u64,
    section_costs: BTreeMap<&'a str, i128>,
    customer_ids: BTreeSet<&'a str>,
    providers: BTreeSet<&'a str>,
    models: BTreeSet<&'a str>,
    environments: BTreeSet<&'a str>,
    statuses: BTreeSet<&'a str>,
}

impl<'a> Measures<'a> {
    fn add(&mut self, fact: &Fact<'a>) {
        let latency_us = fact.latency_us.unwrap_or_default().cast_signed();
        let started_us = self.started_us.unwrap_or(fact.timestamp_us);
        self.started_us = Some(started_us.min(fact.timestamp_us));
        self.ended_us = self.ended_us.max(fact.timestamp_us + latency_us);
        let cost = i128::from(fact.cost_pico_usd.unwrap_or_default());
        self.cost_pico_usd += cost;
        self.unpriced_count += u64::from(fact.cost_pico_usd.is_none());
        self.event_count += 1;
        if fact.is_call {
            self.call_count += 1;
            self.error_count += u64::from(fact.status.is_error());
            self.input_tokens += fact.input_tokens;
            self.output_tokens += fact.output_tokens;
        }
        if !fact.section_path.is_empty() {
            *self.section_costs.entry(fact.section_path).or_default() += cost;
        }
        for (set, name) in [
            (&mut self.customer_ids, fact.customer_id),
            (&mut self.models, fact.model),
            (&mut self.environments, fact.environment),
            (&mut self.providers, fact.provider),
            (&mut self.statuses, fact.status.name()),
        ] {
            if !name.is_empty() {
                set.insert(name);
            }
        }
    }
}

/// The block of one month: a row per run and hour, sorted, and the batch's marker.
pub(crate) fn fold_runs<'a>(
    facts: impl Iterator<Item = Fact<'a>>,
    month: u32,
    marker: &Marker,
) -> Block {
    let mut groups: HashMap<Key<'a>, Measures<'a>> = HashMap::new();
    for fact in facts {
        let key = Key {
            tenant_id: fact.tenant_id,
            bucket: bucket(fact.timestamp_us, 3_600),
            run_id: fact.run_id,
        };
        groups.entry(key).or_default().add(&fact);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_unstable_by_key(|(key, _)| *key);

    let mut bytes = Vec::with_capacity(groups.len() * 250);
    let marked = Key {
        bucket: month_start(month),
        ..Key::default()
    };
    encode(&marked, &Measures::default(), Some(marker), &mut bytes);
    for (key, measures) in &groups {
        encode(key, measures, None, &mut bytes);
    }
    Block::new(Table::Runs, COLUMNS, month, groups.len() as u64 + 1, bytes)
}

fn encode(key: &Key<'_>, measures: &Measures<'_>, marker: Option<&Marker>, out: &mut Vec<u8>) {
    out.put_str(key.tenant_id);
    out.extend_from_slice(&key.bucket.to_le_bytes());
    out.put_str(key.run_id);
    out.put_str(marker.map_or("", |marker| &marker.name));
    out.extend_from_slice(&marker.map_or(0, |marker| marker.end).to_le_bytes());
    out.extend_from_slice(&measures.started_us.unwrap_or_default().to_le_bytes());
    out.extend_from_slice(&measures.ended_us.to_le_bytes());
    out.extend_from_slice(&measures.cost_pico_usd.to_le_bytes());
    for n in [
        measures.unpriced_count,
        measures.event_count,
        measures.call_count,
        measures.error_count,
        measures.input_tokens,
        measures.output_tokens,
    ] {
        out.extend_from_slice(&n.to_le_bytes());
    }
    out.put_varint(measures.section_costs.len() as u64);
    for (section_path, cost) in &measures.section_costs {
        out.put_str(section_path);
        out.extend_from_slice(&cost.to_le_bytes());
    }
    for set in [
        &measures.customer_ids,
        &measures.providers,
        &measures.models,
        &measures.environments,
        &measures.statuses,
    ] {
        out.put_varint(set.len() as u64);
        for name in set {
            out.put_str(name);
        }
    }
}
