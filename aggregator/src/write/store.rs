//! The tables as the aggregator sees them: send a block, ask whether it is there.

use std::time::Duration;

use clickhouse::{Client, Row};
use schemas::wire::Status;
use serde::Deserialize;

use crate::batch::Batch;
use crate::block::{Block, Table};
use crate::log::Log;
use crate::rollup::Fact;

/// ClickHouse, with the settings that make an insert atomic and repeatable.
#[derive(Clone)]
pub(crate) struct ClickHouse {
    client: Client,
    timeout: Duration,
}

impl ClickHouse {
    /// `timeout` bounds an insert, on this side and (about) on the server's.
    pub(crate) fn new(client: Client, timeout: Duration, replicated: bool) -> Self {
        let mut client = client
            .with_setting("async_insert", "0")
            .with_setting("insert_deduplicate", "1")
            // The rows of a block have different keys already.
            .with_setting("optimize_on_insert", "0")
            .with_setting("max_execution_time", timeout.as_secs().max(1).to_string());
        if replicated {
            // What is acknowledged is on a majority, and reads that decide see it.
            client = client
                .with_setting("insert_quorum", "auto")
                .with_setting("select_sequential_consistency", "1");
        }
        Self { client, timeout }
    }

    /// Returns when the block is stored, or was stored before under the same token.
    pub(crate) async fn insert(&self, block: &Block, token: &str) -> anyhow::Result<()> {
        let (table, columns) = (block.table.name(), block.columns);
        let sql = format!("INSERT INTO {table} ({columns}) FORMAT RowBinary");
        let mut insert = self
            .client
            .insert_formatted_with(sql)
            .with_setting("insert_deduplication_token", token)
            // One block, one part: never split.
            .with_setting(
                "max_insert_block_size",
                (block.rows + 1).max(1_048_576).to_string(),
            )
            .with_setting("min_insert_block_size_rows", (block.rows + 1).to_string())
            .with_setting("min_insert_block_size_bytes", "0")
            .with_timeouts(Some(self.timeout), Some(self.timeout));
        insert.send(block.bytes.clone()).await?;
        insert.end().await?;
        Ok(())
    }

    /// Whether the table holds this batch's rows of the block's month.
    pub(crate) async fn holds(&self, batch: &Batch, block: &Block) -> anyhow::Result<bool> {
        let Log {
            topic,
            epoch,
            partition,
        } = &*batch.log;
        let query = match block.table {
            Table::TraceEvents => self
                .query(include_str!("store/holds_raw.sql"))
                .param("epoch", epoch)
                .param("partition", partition)
                .param("month", block.month)
                .param("since_ms", batch.since_ms()),
            Table::IngestLedger => self
                .query(include_str!("store/holds_ledger.sql"))
                .param("topic", topic)
                .param("epoch", epoch)
                .param("partition", partition),
            Table::Usage15m => {
                self.marked(include_str!("store/marked_usage_15m.sql"), batch, block)
            }
            Table::Usage1m => self.marked(include_str!("store/marked_usage_1m.sql"), batch, block),
            Table::Runs => self.marked(include_str!("store/marked_runs.sql"), batch, block),
        };
        let held: u8 = query
            .param("start", batch.range.start)
            .param("end", batch.range.end)
            .fetch_one()
            .await?;
        Ok(held != 0)
    }

    fn marked(&self, sql: &str, batch: &Batch, block: &Block) -> clickhouse::query::Query {
        self.query(sql)
            .param("marker", batch.marker().name)
            .param("month", block.month)
    }

    /// The batch's rows as `trace_events` holds them.
    pub(crate) async fn rows_of(&self, batch: &Batch) -> anyhow::Result<Vec<StoredRow>> {
        let rows = self
            .query(include_str!("store/rows_of.sql"))
            .param("since_ms", batch.since_ms())
            .param("epoch", &batch.log.epoch)
            .param("partition", batch.log.partition)
            .param("start", batch.range.start)
            .param("end", batch.range.end)
            .fetch_all()
            .await?;
        Ok(rows)
    }

    /// The end of the batch that begins at `start`, where some of it is stored.
    pub(crate) async fn batch_from(&self, log: &Log, start: u64) -> anyhow::Result<Option<u64>> {
        let end: u64 = self
            .query(include_str!("store/batch_from.sql"))
            .param("topic", &log.topic)
            .param("epoch", &log.epoch)
            .param("partition", log.partition)
            .param("start", start)
            .fetch_one()
            .await?;
        Ok((end > start).then_some(end))
    }

    /// Up to where the ledger says that everything is stored.
    pub(crate) async fn ledger_end(&self, log: &Log) -> anyhow::Result<Option<u64>> {
        let end = self
            .query(include_str!("store/ledger_end.sql"))
            .param("topic", &log.topic)
            .param("epoch", &log.epoch)
            .param("partition", log.partition)
            .fetch_optional()
            .await?;
        Ok(end)
    }

    /// The ids below `offset` that the duplicate window may still be asked for.
    pub(crate) fn ids_below(
        &self,
        log: &Log,
        offset: u64,
    ) -> clickhouse::error::Result<clickhouse::query::RowCursor<StoredId>> {
        self.query(include_str!("store/ids_below.sql"))
            .param("epoch", &log.epoch)
            .param("partition", log.partition)
            .param("offset", offset)
            .with_setting("max_execution_time", "0")
            .fetch()
    }

    /// Cheapest question that needs an answer from the tables.
    pub(crate) async fn ping(&self) -> anyhow::Result<()> {
        self.query("SELECT count() FROM ingest_ledger WHERE 0")
            .fetch_one::<u64>()
            .await?;
        Ok(())
    }

    fn query(&self, sql: &str) -> clickhouse::query::Query {
        self.client.query(sql)
    }
}

/// A remembered id.
#[derive(Debug, Row, Deserialize)]
pub(crate) struct StoredId {
    pub(crate) id_hash: u128,
    pub(crate) log_time_ms: i64,
}

/// What rollups need of a stored row; the aliases of `store/rows_of.sql`.
#[derive(Debug, Row, Deserialize)]
pub(crate) struct StoredRow {
    tenant_id: String,
    timestamp_us: i64,
    customer_id: String,
    run_id: String,
    section_path: String,
    provider: String,
    model: String,
    environment: String,
    is_call: u8,
    status: String,
    input_tokens: u64,
    output_tokens: u64,
    cached_tokens: u64,
    cache_write_tokens: u64,
    reasoning_tokens: u64,
    cost_pico_usd: Option<i64>,
    latency_us: Option<i64>,
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
