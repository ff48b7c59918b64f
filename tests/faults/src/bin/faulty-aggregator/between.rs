//! What stands between the aggregator and its tables, and passes everything on that it
//! does not say otherwise about.

use std::sync::Arc;

use aggregator::{Block, Erasure, Extent, Log, OffsetRange, Store, StoredId, StoredRow};
use async_trait::async_trait;
use futures::stream::BoxStream;

/// The methods that something in between may change.
#[async_trait]
pub(crate) trait Between: Send + Sync {
    fn inner(&self) -> &dyn Store;

    async fn insert(&self, block: &Block, token: &str) -> anyhow::Result<()> {
        self.inner().insert(block, token).await
    }

    async fn holds(&self, extent: &Extent, blocks: &[&Block]) -> anyhow::Result<Vec<bool>> {
        self.inner().holds(extent, blocks).await
    }

    async fn ids_below(
        &self,
        log: &Log,
        offset: u64,
    ) -> anyhow::Result<BoxStream<'static, anyhow::Result<StoredId>>> {
        self.inner().ids_below(log, offset).await
    }
}

/// As a store.
pub(crate) fn store(between: impl Between + 'static) -> Arc<dyn Store> {
    Arc::new(Wrapped(between))
}

struct Wrapped<B>(B);

#[async_trait]
impl<B: Between> Store for Wrapped<B> {
    async fn insert(&self, block: &Block, token: &str) -> anyhow::Result<()> {
        self.0.insert(block, token).await
    }

    async fn holds(&self, extent: &Extent, blocks: &[&Block]) -> anyhow::Result<Vec<bool>> {
        self.0.holds(extent, blocks).await
    }

    async fn rows_of(&self, extent: &Extent) -> anyhow::Result<Vec<StoredRow>> {
        self.0.inner().rows_of(extent).await
    }

    async fn batch_from(&self, log: &Log, start: u64) -> anyhow::Result<Option<u64>> {
        self.0.inner().batch_from(log, start).await
    }

    async fn last_batch(&self, log: &Log) -> anyhow::Result<Option<OffsetRange>> {
        self.0.inner().last_batch(log).await
    }

    async fn ids_below(
        &self,
        log: &Log,
        offset: u64,
    ) -> anyhow::Result<BoxStream<'static, anyhow::Result<StoredId>>> {
        self.0.ids_below(log, offset).await
    }

    async fn erasures(&self, log: &Log) -> anyhow::Result<Vec<Erasure>> {
        self.0.inner().erasures(log).await
    }
}
