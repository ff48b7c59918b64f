//! ClickHouse's tables in memory: parts under tokens, and what can be asked of them.

use std::collections::{BTreeMap, HashSet};

use schemas::row::month_of;

use super::cells::{Cells, Types};
use crate::block::{Block, Table};
use crate::log::OffsetRange;
use crate::store::{Extent, StoredId, StoredRow};

/// Every table, and the tokens that each has seen.
#[derive(Debug)]
pub(super) struct Tables {
    types: BTreeMap<&'static str, Types>,
    rows: BTreeMap<&'static str, Vec<Cells>>,
    tokens: HashSet<String>,
    /// Tokens whose rows a crash of the server took.
    pub(super) ghosts: u32,
}

impl Tables {
    pub(super) fn new() -> Self {
        let sql = |table| match table {
            Table::TraceEvents => include_str!("../../../schemas/clickhouse/0001_trace_events.sql"),
            Table::Usage15m => concat!(
                include_str!("../../../schemas/clickhouse/0002_usage_15m.sql"),
                include_str!("../../../schemas/clickhouse/0008_tenant_latencies.sql")
            ),
            Table::Usage1m => include_str!("../../../schemas/clickhouse/0003_usage_1m.sql"),
            Table::Runs => include_str!("../../../schemas/clickhouse/0004_runs.sql"),
            Table::IngestLedger => concat!(
                include_str!("../../../schemas/clickhouse/0005_ingest_ledger.sql"),
                include_str!("../../../schemas/clickhouse/0006_maintenance.sql")
            ),
        };
        let types = Table::ALL.map(|table| (table.name(), Types::declared(sql(table))));
        Self {
            types: types.into(),
            rows: BTreeMap::new(),
            tokens: HashSet::new(),
            ghosts: 0,
        }
    }

    /// An insert as ClickHouse does it: nothing when the token is known.
    pub(super) fn apply(&mut self, block: &Block, token: &str) {
        if self.tokens.insert(token.to_owned()) {
            let table = block.table.name();
            let rows = self.types[table].rows(block.columns, &block.bytes);
            assert_eq!(rows.len() as u64, block.rows, "{table} says how many rows");
            self.rows.entry(table).or_default().extend(rows);
        }
    }

    /// A crash between the deduplication log and the part.
    pub(super) fn lose(&mut self, token: &str) {
        if self.tokens.insert(token.to_owned()) {
            self.ghosts += 1;
        }
    }

    pub(super) fn rows(&self, table: Table) -> &[Cells] {
        self.rows.get(table.name()).map_or(&[], Vec::as_slice)
    }

    fn raw_of<'a>(&'a self, extent: &'a Extent) -> impl Iterator<Item = &'a Cells> {
        let in_batch = |row: &&Cells| {
            (i128::from(extent.range.start)..i128::from(extent.range.end))
                .contains(&row.int("_offset"))
                && row.int("_log_time") >= i128::from(extent.since_ms)
        };
        self.rows(Table::TraceEvents).iter().filter(in_batch)
    }

    pub(super) fn holds(&self, extent: &Extent, block: &Block) -> bool {
        let range = extent.range;
        match block.table {
            Table::TraceEvents => self
                .raw_of(extent)
                .any(|row| month_of(row.int("timestamp") as i64) == block.month),
            Table::IngestLedger => self.rows(block.table).iter().any(|line| {
                line.text("tenant_id").is_empty()
                    && line.int("offset_start") == i128::from(range.start)
                    && line.int("offset_end") == i128::from(range.end)
            }),
            Table::Usage15m | Table::Usage1m | Table::Runs => {
                let marker = extent.marker();
                self.rows(block.table).iter().any(|row| {
                    row.text("tenant_id").is_empty()
                        && month_of(row.int("bucket") as i64 * 1_000_000) == block.month
                        && row.text("marker") == marker.name
                        && row.int("marker_end") >= i128::from(marker.end)
                })
            }
        }
    }

    pub(super) fn rows_of(&self, extent: &Extent) -> Vec<StoredRow> {
        self.raw_of(extent).map(stored).collect()
    }

    pub(super) fn batch_from(&self, start: u64) -> Option<u64> {
        let start = i128::from(start);
        let complete = self
            .rows(Table::IngestLedger)
            .iter()
            .filter(|line| line.text("tenant_id").is_empty() && line.int("offset_start") == start);
        let begun = self
            .rows(Table::TraceEvents)
            .iter()
            .filter(|row| row.int("_offset") >= start);
        let end = complete.map(|line| line.int("offset_end")).max();
        let end = end.or_else(|| begun.map(|row| row.int("_batch_end")).min());
        end.filter(|end| *end > start).map(|end| end as u64)
    }

    pub(super) fn last_batch(&self) -> Option<OffsetRange> {
        let lines = self.rows(Table::IngestLedger).iter();
        let last = lines.max_by_key(|line| line.int("offset_end"))?;
        let offset = |column| last.int(column) as u64;
        Some(OffsetRange {
            start: offset("offset_start"),
            end: offset("offset_end"),
        })
    }

    pub(super) fn ids_below(&self, offset: u64) -> Vec<StoredId> {
        self.rows(Table::TraceEvents)
            .iter()
            .filter(|row| row.int("_offset") < i128::from(offset))
            .map(|row| StoredId {
                id_hash: row.int("_id_hash") as u128,
                log_time_ms: row.int("_log_time") as i64,
            })
            .collect()
    }
}

/// As `store/rows_of.sql` selects it.
fn stored(row: &Cells) -> StoredRow {
    const STATUSES: [&str; 5] = ["ok", "error", "cancelled", "timeout", "rate_limited"];
    let number = |column| row.int(column) as u64;
    StoredRow {
        tenant_id: row.text("tenant_id"),
        timestamp_us: row.int("timestamp") as i64,
        customer_id: row.text("customer_id"),
        run_id: row.text("run_id"),
        section_path: row.text("section_path"),
        provider: row.text("provider"),
        model: row.text("model"),
        environment: row.text("environment"),
        is_call: u8::from(row.int("span_type") < 6),
        status: STATUSES[row.int("status") as usize - 1].to_owned(),
        input_tokens: number("input_tokens"),
        output_tokens: number("output_tokens"),
        cached_tokens: number("cached_tokens"),
        cache_write_tokens: number("cache_write_tokens"),
        reasoning_tokens: number("reasoning_tokens"),
        cost_pico_usd: row.maybe_int("cost_usd").map(|cost| cost as i64),
        latency_us: row.maybe_int("latency_ms").map(|latency| latency as i64),
    }
}
