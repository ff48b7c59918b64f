//! `usage_15m` and `usage_1m`: the same at two resolutions, but that the former also has a row for
//! each tenant, bucket and environment with the sketch of all its latencies. Statistics of
//! everything read that one, and not those of every key.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use schemas::row_binary::RowBinary as _;

use super::latency::Sketch;
use super::{Fact, bucket, month_start};
use crate::block::{Block, Table};
use crate::store::Marker;

/// The columns of a row, in the order of [`Rows::put`].
macro_rules! columns {
    ($($more:literal)?) => {
        concat!(
            "tenant_id, bucket, customer_id, provider, model, section_path, environment, status, \
             marker, marker_end, cost_usd, unpriced_count, event_count, call_count, error_count, \
             input_tokens, output_tokens, cached_tokens, cache_write_tokens, reasoning_tokens, \
             latency_us_sum, latency_count, latency_buckets"
            $(, $more)?
        )
    };
}

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resolution {
    Minute,
    Quarter,
}

impl Resolution {
    fn seconds(self) -> i64 {
        match self {
            Self::Minute => 60,
            Self::Quarter => 900,
        }
    }

    fn table(self) -> Table {
        match self {
            Self::Minute => Table::Usage1m,
            Self::Quarter => Table::Usage15m,
        }
    }

    fn columns(self) -> &'static str {
        match self {
            Self::Minute => columns!(),
            Self::Quarter => columns!(", tenant_latency_buckets"),
        }
    }
}

#[derive(Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Clone, Copy)]
struct Key<'a> {
    tenant_id: &'a str,
    bucket: u32,
    customer_id: &'a str,
    provider: &'a str,
    model: &'a str,
    section_path: &'a str,
    environment: &'a str,
    status: &'a str,
}

impl<'a> Key<'a> {
    fn tenant_and_bucket(&self) -> (&'a str, u32) {
        (self.tenant_id, self.bucket)
    }
}

#[derive(Debug, Default)]
struct Measures {
    cost_pico_usd: i128,
    unpriced_count: u64,
    event_count: u64,
    call_count: u64,
    error_count: u64,
    input_tokens: u64,
    output_tokens: u64,
    cached_tokens: u64,
    cache_write_tokens: u64,
    reasoning_tokens: u64,
    latency_us_sum: u64,
    latency_count: u64,
    latencies: Sketch,
}

impl Measures {
    fn add(&mut self, fact: &Fact<'_>) {
        self.cost_pico_usd += i128::from(fact.cost_pico_usd.unwrap_or_default());
        self.unpriced_count += u64::from(fact.cost_pico_usd.is_none());
        self.event_count += 1;
        if !fact.is_call {
            return; // an agent's span repeats its children's tokens and time
        }
        self.call_count += 1;
        self.error_count += u64::from(fact.status.is_error());
        self.input_tokens += fact.input_tokens;
        self.output_tokens += fact.output_tokens;
        self.cached_tokens += fact.cached_tokens;
        self.cache_write_tokens += fact.cache_write_tokens;
        self.reasoning_tokens += fact.reasoning_tokens;
        if let Some(latency_us) = fact.latency_us {
            self.latency_us_sum += latency_us;
            self.latency_count += 1;
            self.latencies.add(latency_us);
        }
    }
}

/// The block of one month: a row per key, sorted, and the batch's marker.
pub(crate) fn fold_usage<'a>(
    facts: impl Iterator<Item = Fact<'a>>,
    resolution: Resolution,
    month: u32,
    marker: &Marker,
) -> Block {
    let mut groups: HashMap<Key<'a>, Measures> = HashMap::new();
    for fact in facts {
        let key = Key {
            tenant_id: fact.tenant_id,
            bucket: bucket(fact.timestamp_us, resolution.seconds()),
            customer_id: fact.customer_id,
            provider: fact.provider,
            model: fact.model,
            section_path: fact.section_path,
            environment: fact.environment,
            status: fact.status.name(),
        };
        groups.entry(key).or_default().add(&fact);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_unstable_by_key(|(key, _)| *key);

    let mut rows = Rows::new(resolution, groups.len());
    rows.put_marker(month, marker);
    for of_bucket in
        groups.chunk_by(|(a, _), (b, _)| a.tenant_and_bucket() == b.tenant_and_bucket())
    {
        rows.put_tenant(of_bucket);
        for (key, measures) in of_bucket {
            rows.put(key, measures, None, &Sketch::default());
        }
    }
    Block::new(
        resolution.table(),
        resolution.columns(),
        month,
        rows.count,
        rows.bytes,
    )
}

/// Rows in the making.
struct Rows {
    resolution: Resolution,
    count: u64,
    bytes: Vec<u8>,
}

impl Rows {
    fn new(resolution: Resolution, groups: usize) -> Self {
        Self {
            resolution,
            count: 0,
            bytes: Vec::with_capacity(groups * 200),
        }
    }

    fn put_marker(&mut self, month: u32, marker: &Marker) {
        let key = Key {
            bucket: month_start(month),
            ..Key::default()
        };
        self.put(&key, &Measures::default(), Some(marker), &Sketch::default());
    }

    /// The sketches of one tenant's bucket, in rows that name nothing else but the environment,
    /// not even a status.
    fn put_tenant(&mut self, groups: &[(Key<'_>, Measures)]) {
        let (Resolution::Quarter, Some((first, _))) = (self.resolution, groups.first()) else {
            return;
        };
        let mut sketches: BTreeMap<&str, Sketch> = BTreeMap::new();
        for (key, measures) in groups {
            if !measures.latencies.is_empty() {
                let sketch = sketches.entry(key.environment).or_default();
                sketch.merge(&measures.latencies);
            }
        }
        for (environment, sketch) in &sketches {
            let key = Key {
                tenant_id: first.tenant_id,
                bucket: first.bucket,
                environment,
                ..Key::default()
            };
            self.put(&key, &Measures::default(), None, sketch);
        }
    }

    fn put(
        &mut self,
        key: &Key<'_>,
        measures: &Measures,
        marker: Option<&Marker>,
        of_tenant: &Sketch,
    ) {
        let out = &mut self.bytes;
        self.count += 1;
        out.put_str(key.tenant_id);
        out.extend_from_slice(&key.bucket.to_le_bytes());
        for text in [
            key.customer_id,
            key.provider,
            key.model,
            key.section_path,
            key.environment,
            key.status,
            marker.map_or("", |marker| &marker.name),
        ] {
            out.put_str(text);
        }
        out.extend_from_slice(&marker.map_or(0, |marker| marker.end).to_le_bytes());
        out.extend_from_slice(&measures.cost_pico_usd.to_le_bytes());
        for n in [
            measures.unpriced_count,
            measures.event_count,
            measures.call_count,
            measures.error_count,
            measures.input_tokens,
            measures.output_tokens,
            measures.cached_tokens,
            measures.cache_write_tokens,
            measures.reasoning_tokens,
            measures.latency_us_sum,
            measures.latency_count,
        ] {
            out.extend_from_slice(&n.to_le_bytes());
        }
        measures.latencies.encode(out);
        if self.resolution == Resolution::Quarter {
            of_tenant.encode(out);
        }
    }
}
