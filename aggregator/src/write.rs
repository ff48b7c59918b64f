//! Rows into ClickHouse, each block exactly once.
//!
//! A block is one insert, one table partition, one part, under a token of its own.
//! ClickHouse drops a token it has seen, so sending again is safe; but a token is no
//! proof: a crash of ClickHouse can log it and lose the rows (a *ghost*). So whenever
//! an outcome was in doubt, what is stored is looked at before and after sending.

use std::slice;
use std::sync::Arc;
use std::time::Duration;

use service::retry::Policy;
use tracing::{error, warn};

use crate::batch::Batch;
use crate::block::Block;
use crate::commit::{Lease, Stop};
use crate::insist::insist;
use crate::intent::Intent;
use crate::metrics;
use crate::store::{Store, StoredRow};

/// How the inserts of one batch go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Nothing happened since the plan was acknowledged: a fresh token is enough.
    Acks,
    /// Soon after a recovery, a batch of which nothing is stored: send, then look, before
    /// anything else follows.
    Looks,
    /// A batch that was begun before, or an answer that did not come: look, send, look again.
    Nothing,
}

/// Writes the batches of one partition.
pub(crate) struct Writer {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) lease: Lease,
    /// After this long nothing that was sent earlier can still land.
    pub(crate) insert_lifetime: Duration,
}

impl Writer {
    /// Writes a planned batch: raw, the rollups, the ledger last.
    pub(crate) async fn write(&self, batch: &mut Batch, trust: Trust) -> Result<(), Stop> {
        let looks = trust == Trust::Looks;
        let mut trust = trust;
        let raw = batch.raw_blocks();
        for block in &raw {
            self.put(batch, block, &mut trust).await?;
        }
        // Raw says what the rollups follow, and to a successor, where the batch ends.
        if looks {
            self.look(batch, &raw, &mut trust).await?;
        }
        let rollups = match trust {
            // Another version of us may have written raw: rollups follow what it holds.
            Trust::Nothing => {
                let stored = self.read_back(batch).await?;
                batch.rollup_blocks(stored.iter().map(StoredRow::fact))
            }
            Trust::Acks | Trust::Looks => batch.rollup_blocks(batch.facts()),
        };
        self.put_all(batch, &rollups, &mut trust).await?;
        if looks {
            self.look(batch, &rollups, &mut trust).await?;
        }
        let ledger = batch.ledger_block();
        self.put(batch, &ledger, &mut trust).await?;
        if looks {
            self.look(batch, slice::from_ref(&ledger), &mut trust)
                .await?;
        }
        Ok(())
    }

    /// Looks at blocks that were acknowledged; what is absent is sent again.
    async fn look(
        &self,
        batch: &mut Batch,
        blocks: &[Block],
        trust: &mut Trust,
    ) -> Result<(), Stop> {
        let extent = batch.extent();
        let asked: Vec<&Block> = blocks.iter().collect();
        let mut waits = Policy::PATIENT.waits();
        // A batch that was begun is finished, also when the work should end: so no `insist`.
        let held = loop {
            match self.store.holds(&extent, &asked).await {
                Ok(held) => break held,
                Err(error) => warn!("cannot ask what is stored, will try again: {error:#}"),
            }
            self.lease.pause(&mut waits).await?;
        };
        for (block, held) in blocks.iter().zip(held) {
            if !held {
                self.burn(batch, block).await?;
                *trust = Trust::Nothing;
                self.put(batch, block, trust).await?;
            }
        }
        Ok(())
    }

    /// Sends blocks side by side; whatever went wrong with one is mended one by one.
    async fn put_all(
        &self,
        batch: &mut Batch,
        blocks: &[Block],
        trust: &mut Trust,
    ) -> Result<(), Stop> {
        self.lease.hold(batch.range, batch.intent()).await?;
        let sent: Vec<_> = blocks
            .iter()
            .map(|block| self.send(batch, block, *trust))
            .collect();
        let outcomes = futures::future::join_all(sent).await;
        for (block, outcome) in blocks.iter().zip(outcomes) {
            if let Ok(true) = outcome {
                continue;
            }
            if let Err(error) = outcome {
                self.in_doubt(block, &error);
            }
            *trust = Trust::Nothing;
            self.put(batch, block, trust).await?;
        }
        Ok(())
    }

    /// Sends one block until it is stored exactly once.
    async fn put(&self, batch: &mut Batch, block: &Block, trust: &mut Trust) -> Result<(), Stop> {
        let mut waits = Policy::PATIENT.waits();
        loop {
            self.lease.hold(batch.range, batch.intent()).await?;
            match self.send(batch, block, *trust).await {
                Ok(true) => return Ok(()),
                Ok(false) => self.burn(batch, block).await?,
                Err(error) => {
                    self.in_doubt(block, &error);
                    self.lease.pause(&mut waits).await?;
                }
            }
            *trust = Trust::Nothing;
        }
    }

    /// `Ok(false)`: acknowledged, yet the rows are not there.
    async fn send(&self, batch: &Batch, block: &Block, trust: Trust) -> anyhow::Result<bool> {
        if trust == Trust::Nothing && self.is_held(batch, block).await? {
            return Ok(true);
        }
        self.store.insert(block, &batch.token(block)).await?;
        Ok(trust != Trust::Nothing || self.is_held(batch, block).await?)
    }

    async fn is_held(&self, batch: &Batch, block: &Block) -> anyhow::Result<bool> {
        let held = self.store.holds(&batch.extent(), &[block]).await?;
        Ok(held == [true])
    }

    /// A ghost: the token is spent and the rows are gone. The next attempt is a plan of
    /// its own, made when nothing sent under the old one can land any more.
    async fn burn(&self, batch: &mut Batch, block: &Block) -> Result<(), Stop> {
        error!(table = block.table.name(), range = %batch.range,
            "ClickHouse acknowledged an insert whose rows are absent; sending it under a new token");
        metrics::ghost();
        self.lease.sleep(self.insert_lifetime).await?;
        batch.attempt += 1;
        self.lease.commit(batch.range.start, batch.intent()).await
    }

    async fn read_back(&self, batch: &Batch) -> Result<Vec<StoredRow>, Stop> {
        let extent = batch.extent();
        let ask = || self.store.rows_of(&extent);
        insist(self.lease.stop(), "read a batch back", ask)
            .await
            .ok_or(Stop::Revoked)
    }

    fn in_doubt(&self, block: &Block, error: &anyhow::Error) {
        warn!(
            table = block.table.name(),
            month = block.month,
            "insert not acknowledged: {error:#}"
        );
        metrics::insert_failed(block.table);
    }

    /// Commits the end of a batch, and with it, where the next one is at hand, its plan.
    pub(crate) async fn finish(&self, batch: &Batch, next: Option<&Batch>) -> Result<(), Stop> {
        let intent = next.map_or(Intent::Done, Batch::intent);
        self.lease.commit(batch.range.end, intent).await
    }
}
