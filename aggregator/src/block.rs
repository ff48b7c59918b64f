//! One insert.

use bytes::Bytes;

/// A table that the aggregator writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Table {
    TraceEvents,
    Usage15m,
    Usage1m,
    Runs,
    IngestLedger,
}

impl Table {
    pub(crate) const ALL: [Self; 5] = [
        Self::TraceEvents,
        Self::Usage15m,
        Self::Usage1m,
        Self::Runs,
        Self::IngestLedger,
    ];

    /// In ClickHouse.
    pub fn name(self) -> &'static str {
        match self {
            Self::TraceEvents => "trace_events",
            Self::Usage15m => "usage_15m",
            Self::Usage1m => "usage_1m",
            Self::Runs => "runs",
            Self::IngestLedger => "ingest_ledger",
        }
    }
}

/// Rows of one table and one of its partitions (a month), in `RowBinary`.
#[derive(Debug, Clone)]
pub struct Block {
    pub table: Table,
    /// Of the rows, in their order.
    pub columns: &'static str,
    /// As `toYYYYMM` writes it.
    pub month: u32,
    pub rows: u64,
    pub bytes: Bytes,
}

impl Block {
    pub(crate) fn new(
        table: Table,
        columns: &'static str,
        month: u32,
        rows: u64,
        bytes: Vec<u8>,
    ) -> Self {
        Self {
            table,
            columns,
            month,
            rows,
            bytes: bytes.into(),
        }
    }
}
