//! The real tables.

use std::time::Duration;

use anyhow::ensure;
use async_trait::async_trait;
use clickhouse::Client;
use clickhouse::query::{Query, RowCursor};
use futures::stream::{BoxStream, StreamExt as _, try_unfold};

use super::{Erasure, Extent, Store, StoredId, StoredRow};
use crate::block::{Block, Table};
use crate::log::{Log, OffsetRange};

/// ClickHouse, with the settings that make an insert atomic and repeatable.
#[derive(Clone)]
pub(crate) struct ClickHouse {
    client: Client,
    timeout: Duration,
}

impl ClickHouse {
    /// `client`: one that reads what was acknowledged anywhere; `timeout` bounds an insert,
    /// on this side and (about) on the server's.
    pub(crate) fn new(client: Client, timeout: Duration) -> Self {
        let client = client
            .with_setting("async_insert", "0")
            .with_setting("insert_deduplicate", "1")
            // The rows of a block have different keys already.
            .with_setting("optimize_on_insert", "0")
            .with_setting("max_execution_time", timeout.as_secs().max(1).to_string());
        Self { client, timeout }
    }

    /// Cheapest question that needs an answer from the tables.
    pub(crate) async fn ping(&self) -> anyhow::Result<()> {
        self.query("SELECT count() FROM ingest_ledger WHERE 0")
            .fetch_one::<u64>()
            .await?;
        Ok(())
    }

    /// Whether an operator keeps writers away from the tables.
    pub(crate) async fn is_held(&self) -> anyhow::Result<bool> {
        let holds: u64 = self.query(include_str!("held.sql")).fetch_one().await?;
        Ok(holds > 0)
    }

    fn query(&self, sql: &str) -> Query {
        self.client.query(sql)
    }

    fn of_log(&self, sql: &str, log: &Log) -> Query {
        self.query(sql)
            .param("topic", &log.topic)
            .param("epoch", &log.epoch)
            .param("partition", log.partition)
    }

    fn of_batch(&self, sql: &str, extent: &Extent) -> Query {
        self.of_log(sql, &extent.log)
            .param("since_ms", extent.since_ms)
            .param("marker", extent.marker().name)
            .param("start", extent.range.start)
            .param("end", extent.range.end)
    }
}

/// Whether the table of the block with this number holds it.
fn question((n, block): (usize, &&Block)) -> String {
    let sql = match block.table {
        Table::TraceEvents => include_str!("holds_raw.sql"),
        Table::IngestLedger => include_str!("holds_ledger.sql"),
        Table::Usage15m => include_str!("marked_usage_15m.sql"),
        Table::Usage1m => include_str!("marked_usage_1m.sql"),
        Table::Runs => include_str!("marked_runs.sql"),
    };
    let sql = sql.replace("{{month}}", &block.month.to_string());
    format!("SELECT toUInt32({n}) AS n, is_held FROM ({sql})")
}

#[async_trait]
impl Store for ClickHouse {
    async fn insert(&self, block: &Block, token: &str) -> anyhow::Result<()> {
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

    async fn holds(&self, extent: &Extent, blocks: &[&Block]) -> anyhow::Result<Vec<bool>> {
        if blocks.is_empty() {
            return Ok(Vec::new()); // A batch of duplicates stores nothing but its line in the ledger.
        }
        let questions: Vec<String> = blocks.iter().enumerate().map(question).collect();
        let query = self.of_batch(&questions.join(" UNION ALL "), extent);
        let mut answers: Vec<(u32, u8)> = query.fetch_all().await?;
        // A union has no order of its own.
        answers.sort_unstable();
        ensure!(
            answers.iter().map(|(n, _)| *n as usize).eq(0..blocks.len()),
            "ClickHouse did not answer for every block"
        );
        Ok(answers.into_iter().map(|(_, held)| held != 0).collect())
    }

    async fn rows_of(&self, extent: &Extent) -> anyhow::Result<Vec<StoredRow>> {
        let query = self.of_batch(include_str!("rows_of.sql"), extent);
        Ok(query.fetch_all().await?)
    }

    async fn batch_from(&self, log: &Log, start: u64) -> anyhow::Result<Option<u64>> {
        let query = self.of_log(include_str!("batch_from.sql"), log);
        let end: u64 = query.param("start", start).fetch_one().await?;
        Ok((end > start).then_some(end))
    }

    async fn last_batch(&self, log: &Log) -> anyhow::Result<Option<OffsetRange>> {
        let query = self.of_log(include_str!("last_batch.sql"), log);
        let found: Option<(u64, u64)> = query.fetch_optional().await?;
        Ok(found.map(|(start, end)| OffsetRange { start, end }))
    }

    async fn ids_below(
        &self,
        log: &Log,
        offset: u64,
    ) -> anyhow::Result<BoxStream<'static, anyhow::Result<StoredId>>> {
        let query = self.of_log(include_str!("ids_below.sql"), log);
        let cursor = query
            .param("offset", offset)
            .with_setting("max_execution_time", "0")
            .fetch::<StoredId>()?;
        let next = |mut cursor: RowCursor<StoredId>| async move {
            let id = cursor.next().await?;
            Ok(id.map(|id| (id, cursor)))
        };
        Ok(try_unfold(cursor, next).boxed())
    }

    async fn erasures(&self, log: &Log) -> anyhow::Result<Vec<Erasure>> {
        let query = self.of_log(include_str!("erasures.sql"), log);
        Ok(query.fetch_all().await?)
    }
}
