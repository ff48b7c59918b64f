//! The protocol with one rule left out. Each must make the tests fail: they are the tests
//! of the tests, here on real parts and in the aggregator's own simulation.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aggregator::{Block, CommitError, Extent, Log, Offsets, Store, StoredId};
use async_trait::async_trait;
use futures::stream::{BoxStream, StreamExt as _};

use super::between::{self, Between};

/// Which rule is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Mutant {
    /// Every insert has a token of its own.
    NoToken,
    /// Nobody learns what is being written.
    NoIntent,
    /// The offsets say "done" before anything is written.
    CommitFirst,
    /// Who rebuilds a batch decides otherwise about duplicates: the same range, other rows.
    OtherBatch,
    /// An acknowledged insert is believed after a recovery too.
    NoVerification,
    /// A commit whose answer is lost is sent again, in the same generation.
    RepeatCommit,
}

/// The tables as the mutant sees them.
pub(crate) fn store(mutant: Option<Mutant>, inner: Arc<dyn Store>) -> Arc<dyn Store> {
    match mutant {
        Some(Mutant::NoToken) => between::store(NoToken {
            inner,
            sent: AtomicU64::new(0),
        }),
        Some(Mutant::NoVerification) => between::store(NoVerification {
            inner,
            acknowledged: Mutex::default(),
        }),
        Some(Mutant::OtherBatch) => between::store(OtherBatch(inner)),
        _ => inner,
    }
}

/// The offsets as the mutant commits them.
pub(crate) fn offsets(mutant: Option<Mutant>, inner: Arc<dyn Offsets>) -> Arc<dyn Offsets> {
    match mutant {
        Some(mutant) => Arc::new(Commits { inner, mutant }),
        None => inner,
    }
}

const DONE: &str = "1 done";

/// Of a plan.
fn end_of(metadata: &str) -> Option<u64> {
    let (_, end) = metadata.split_once("end=")?;
    end.split(' ').next()?.parse().ok()
}

struct NoToken {
    inner: Arc<dyn Store>,
    sent: AtomicU64,
}

#[async_trait]
impl Between for NoToken {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    async fn insert(&self, block: &Block, token: &str) -> anyhow::Result<()> {
        let (process, n) = (
            std::process::id(),
            self.sent.fetch_add(1, Ordering::Relaxed),
        );
        let token = format!("{token}/{process}/{self:p}/{n}");
        self.inner.insert(block, &token).await
    }
}

struct NoVerification {
    inner: Arc<dyn Store>,
    acknowledged: Mutex<HashSet<String>>,
}

impl NoVerification {
    /// What a token would say, without the attempt.
    fn name(extent: &Extent, block: &Block) -> String {
        let Extent { log, range, .. } = extent;
        let (table, month) = (block.table.name(), block.month);
        format!(
            "{}/{}/{}-{}/{table}/{month}",
            log.epoch, log.partition, range.start, range.end
        )
    }
}

#[async_trait]
impl Between for NoVerification {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    async fn insert(&self, block: &Block, token: &str) -> anyhow::Result<()> {
        self.inner.insert(block, token).await?;
        if let Some((name, _attempt)) = token.rsplit_once('/') {
            let mut acknowledged = self
                .acknowledged
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            acknowledged.insert(name.to_owned());
        }
        Ok(())
    }

    async fn holds(&self, extent: &Extent, blocks: &[&Block]) -> anyhow::Result<Vec<bool>> {
        let held = self.inner.holds(extent, blocks).await?;
        let acknowledged = self
            .acknowledged
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let believed = |block| acknowledged.contains(&Self::name(extent, block));
        Ok(blocks
            .iter()
            .zip(held)
            .map(|(block, held)| held || believed(block))
            .collect())
    }
}

struct OtherBatch(Arc<dyn Store>);

#[async_trait]
impl Between for OtherBatch {
    fn inner(&self) -> &dyn Store {
        &*self.0
    }

    async fn ids_below(
        &self,
        _: &Log,
        _: u64,
    ) -> anyhow::Result<BoxStream<'static, anyhow::Result<StoredId>>> {
        Ok(futures::stream::empty().boxed())
    }
}

struct Commits {
    inner: Arc<dyn Offsets>,
    mutant: Mutant,
}

impl Offsets for Commits {
    fn commit(&self, offset: u64, metadata: &str) -> Result<(), CommitError> {
        let planned_end = end_of(metadata);
        match (self.mutant, planned_end) {
            (Mutant::NoIntent, Some(_)) => self.inner.commit(offset, DONE),
            (Mutant::CommitFirst, Some(end)) => self.inner.commit(end, DONE),
            (Mutant::RepeatCommit, _) => loop {
                match self.inner.commit(offset, metadata) {
                    Err(CommitError::Unknown(_)) => {}
                    outcome => return outcome,
                }
            },
            _ => self.inner.commit(offset, metadata),
        }
    }

    fn committed(&self) -> anyhow::Result<Option<(u64, String)>> {
        self.inner.committed()
    }

    fn bounds(&self) -> anyhow::Result<(u64, u64)> {
        self.inner.bounds()
    }

    fn begin_at(&self, offset: u64) -> anyhow::Result<()> {
        self.inner.begin_at(offset)
    }
}
