//! The aggregator as it was before the last schema change: it does not know the ledger's
//! column `erased`, and signs its plans with another version.

use std::sync::Arc;

use aggregator::{Block, CommitError, Table};
use anyhow::Context as _;
use async_trait::async_trait;
use bytes::Buf as _;

use crate::between::Between;

const NEW_COLUMN: &str = ", erased";
const COLUMNS: &str = "tenant_id, hour, topic, epoch, partition, offset_start, \
    offset_end, received, stored, duplicates, dead_lettered";

/// Writes the ledger without its newest column.
pub(crate) struct Store(pub(crate) Arc<dyn aggregator::Store>);

#[async_trait]
impl Between for Store {
    fn inner(&self) -> &dyn aggregator::Store {
        &*self.0
    }

    async fn insert(&self, block: &Block, token: &str) -> anyhow::Result<()> {
        if block.table != Table::IngestLedger {
            return self.0.insert(block, token).await;
        }
        anyhow::ensure!(
            block.columns.strip_suffix(NEW_COLUMN) == Some(COLUMNS),
            "the ledger changed: this is no longer the version before"
        );
        let block = Block {
            columns: COLUMNS,
            bytes: without_last_number(&block.bytes).context("a ledger row")?,
            ..block.clone()
        };
        self.0.insert(&block, token).await
    }
}

/// Each row: tenant, hour, topic, epoch, partition, six numbers, and the one to leave out.
fn without_last_number(rows: &[u8]) -> Option<bytes::Bytes> {
    let mut rest = rows;
    let mut kept = Vec::with_capacity(rows.len());
    while rest.has_remaining() {
        let row = rest;
        skip_string(&mut rest)?;
        skip(&mut rest, 4)?;
        skip_string(&mut rest)?;
        skip_string(&mut rest)?;
        skip(&mut rest, 4 + 6 * 8)?;
        kept.extend_from_slice(&row[..row.len() - rest.len()]);
        skip(&mut rest, 8)?;
    }
    Some(kept.into())
}

fn skip(rest: &mut &[u8], bytes: usize) -> Option<()> {
    *rest = rest.get(bytes..)?;
    Some(())
}

fn skip_string(rest: &mut &[u8]) -> Option<()> {
    let (mut length, mut shift) = (0, 0);
    loop {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        length |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return skip(rest, length);
        }
        shift += 7;
    }
}

/// Signs with version 0.
pub(crate) struct Offsets(pub(crate) Arc<dyn aggregator::Offsets>);

impl aggregator::Offsets for Offsets {
    fn commit(&self, offset: u64, metadata: &str) -> Result<(), CommitError> {
        let text = metadata.split_once(' ').map_or(metadata, |(_, text)| text);
        self.0.commit(offset, &format!("0 {text}"))
    }

    fn committed(&self) -> anyhow::Result<Option<(u64, String)>> {
        self.0.committed()
    }

    fn bounds(&self) -> anyhow::Result<(u64, u64)> {
        self.0.bounds()
    }

    fn begin_at(&self, offset: u64) -> anyhow::Result<()> {
        self.0.begin_at(offset)
    }
}
