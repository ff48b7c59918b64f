//! The tables as the aggregator sees them: send a block, ask whether it is there.

mod tables;

use std::sync::Arc;

use async_trait::async_trait;
use clickhouse::Row;
use futures::stream::BoxStream;
use schemas::wire::Status;
use serde::Deserialize;

use crate::block::Block;
use crate::log::{Log, OffsetRange};
use crate::rollup::Fact;
pub(crate) use tables::ClickHouse;

/// ClickHouse, or something that stands between it and the aggregator.
#[async_trait]
pub trait Store: Send + Sync {
    /// Returns when the block is stored, or was stored before under the same token.
    async fn insert(&self, block: &Block, token: &str) -> anyhow::Result<()>;

    /// Of each block, whether its table holds the batch's rows of its month.
    async fn holds(&self, extent: &Extent, blocks: &[&Block]) -> anyhow::Result<Vec<bool>>;

    /// The batch's rows as `trace_events` holds them.
    async fn rows_of(&self, extent: &Extent) -> anyhow::Result<Vec<StoredRow>>;

    /// The end of the batch that begins at `start`, where some of it is stored.
    async fn batch_from(&self, log: &Log, start: u64) -> anyhow::Result<Option<u64>>;

    /// The last batch that the ledger tells of.
    async fn last_batch(&self, log: &Log) -> anyhow::Result<Option<OffsetRange>>;

    /// The ids below `offset` that the duplicate window may still be asked for.
    async fn ids_below(
        &self,
        log: &Log,
        offset: u64,
    ) -> anyhow::Result<BoxStream<'static, anyhow::Result<StoredId>>>;

    /// What was erased of this log at the request of an operator.
    async fn erasures(&self, log: &Log) -> anyhow::Result<Vec<Erasure>>;
}

/// Where a batch lies in the log.
#[derive(Debug, Clone)]
pub struct Extent {
    pub log: Arc<Log>,
    pub range: OffsetRange,
    /// Milliseconds since 1970: no record of the batch was stored by the broker earlier.
    pub since_ms: i64,
}

impl Extent {
    /// What the batch leaves in each rollup.
    pub fn marker(&self) -> Marker {
        let Log {
            epoch, partition, ..
        } = &*self.log;
        Marker {
            name: format!("{epoch}/{partition}"),
            end: self.range.end,
        }
    }
}

/// What a rollup block leaves in its table, so that the batch's presence can be asked:
/// the highest offset that the table holds of a partition of the topic, month by month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// Epoch and partition.
    pub name: String,
    /// First offset behind the batch.
    pub end: u64,
}

/// A remembered id.
#[derive(Debug, Clone, Copy, Row, Deserialize)]
pub struct StoredId {
    pub id_hash: u128,
    /// Milliseconds since 1970.
    pub log_time_ms: i64,
}

/// Records that must not be stored again: the tenant's (and customer's) below an offset.
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct Erasure {
    pub tenant_id: String,
    /// BLAKE3-128 of tenant and customer; `None` = the whole tenant.
    pub customer_hash: Option<u128>,
    pub offset_end: u64,
}

/// What rollups need of a stored row; the aliases of `store/rows_of.sql`.
#[derive(Debug, Clone, Row, Deserialize)]
pub struct StoredRow {
    pub tenant_id: String,
    pub timestamp_us: i64,
    pub customer_id: String,
    pub run_id: String,
    pub section_path: String,
    pub provider: String,
    pub model: String,
    pub environment: String,
    pub is_call: u8,
    pub status: String,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cached_tokens: u64,
    pub cache_write_tokens: u64,
    pub reasoning_tokens: u64,
    /// `None` = unknown.
    pub cost_pico_usd: Option<i64>,
    pub latency_us: Option<i64>,
}

impl StoredRow {
    pub(crate) fn fact(&self) -> Fact<'_> {
        Fact {
            tenant_id: &self.tenant_id,
            timestamp_us: self.timestamp_us,
            customer_id: &self.customer_id,
            run_id: &self.run_id,
            section_path: &self.section_path,
            provider: &self.provider,
            model: &self.model,
            environment: &self.environment,
            is_call: self.is_call != 0,
            status: Status::from_name(&self.status).unwrap_or_default(),
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            cached_tokens: self.cached_tokens,
            cache_write_tokens: self.cache_write_tokens,
            reasoning_tokens: self.reasoning_tokens,
            cost_pico_usd: self.cost_pico_usd,
            latency_us: self.latency_us.map(i64::cast_unsigned),
        }
    }
}
