//! The lines of `ingest_ledger`: what became of every record of a batch.

use std::collections::BTreeMap;

use schemas::row::month_of;
use schemas::row_binary::RowBinary as _;

use crate::admit::Verdict;
use crate::block::{Block, Table};
use crate::log::{Log, OffsetRange};

/// The columns of a line, in the order of `block`.
const COLUMNS: &str = "tenant_id, hour, topic, epoch, partition, offset_start, \
    offset_end, received, stored, duplicates, dead_lettered, erased";

/// What became of a tenant's records in one batch.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) stored: u64,
    pub(crate) duplicates: u64,
    pub(crate) dead_lettered: u64,
    /// Of `stored`: not in the table, because an operator had it erased.
    pub(crate) erased: u64,
}

impl Line {
    pub(crate) fn received(self) -> u64 {
        self.stored + self.duplicates + self.dead_lettered
    }

    pub(crate) fn count(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Stored => self.stored += 1,
            Verdict::Duplicate => self.duplicates += 1,
            Verdict::Erased => {
                self.stored += 1;
                self.erased += 1;
            }
        }
    }
}

/// One line per tenant; that of tenant '' is always there and marks the batch as complete.
pub(crate) fn block(
    log: &Log,
    range: OffsetRange,
    hour: u32,
    lines: &BTreeMap<String, Line>,
) -> Block {
    let unnamed = lines.get("").copied().unwrap_or_default();
    let named = lines.iter().filter(|(tenant_id, _)| !tenant_id.is_empty());
    let mut bytes = Vec::new();
    let mut rows = 0;
    for (tenant_id, line) in
        std::iter::once(("", unnamed)).chain(named.map(|(t, l)| (t.as_str(), *l)))
    {
        bytes.put_str(tenant_id);
        bytes.extend_from_slice(&hour.to_le_bytes());
        bytes.put_str(&log.topic);
        bytes.put_str(&log.epoch);
        bytes.extend_from_slice(&log.partition.to_le_bytes());
        for n in [
            range.start,
            range.end,
            line.received(),
            line.stored,
            line.duplicates,
            line.dead_lettered,
            line.erased,
        ] {
            bytes.extend_from_slice(&n.to_le_bytes());
        }
        rows += 1;
    }
    Block::new(
        Table::IngestLedger,
        COLUMNS,
        month_of(i64::from(hour) * 1_000_000),
        rows,
        bytes,
    )
}
