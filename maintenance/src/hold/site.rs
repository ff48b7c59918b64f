use std::time::Duration;

use anyhow::Context as _;
use clickhouse::Client;
use clickhouse::query::Query;
use schemas::topics;
use service::config::{ClickHouseArgs, KafkaArgs};
use service::kafka::Observer;

/// Longest time for one statement of an operator's work.
const STATEMENT_MAX: Duration = Duration::from_secs(3_600);
/// Memory of a `GROUP BY`; beyond it ClickHouse uses its disk.
const GROUP_BY_BYTES_MAX: u64 = 256 << 20;

/// Where an operator works: one installation's log and tables.
#[derive(clap::Args, Debug, Clone)]
pub struct SiteArgs {
    /// The log.
    #[command(flatten)]
    pub kafka: KafkaArgs,
    /// The tables.
    #[command(flatten)]
    pub clickhouse: ClickHouseArgs,

    /// The aggregators' Kafka consumer group.
    #[arg(
        long,
        env = "LLMOBSERVE_CONSUMER_GROUP",
        default_value = topics::AGGREGATOR_GROUP
    )]
    pub consumer_group: String,
}

/// The same, connected.
#[derive(Clone)]
pub struct Site {
    pub(crate) args: SiteArgs,
    /// The topic's incarnation.
    pub(crate) epoch: String,
    client: Client,
}

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Site")
            .field("args", &self.args)
            .finish_non_exhaustive()
    }
}

impl Site {
    /// # Errors
    /// When Kafka does not answer or has no such topic.
    pub async fn connect(args: SiteArgs) -> anyhow::Result<Self> {
        let kafka = args.kafka.client("maintenance");
        let epoch = Observer::new(&kafka, &args.kafka.events_topic)?
            .topic_id()
            .await
            .context("cannot learn the events topic's id")?;
        let client = args
            .clickhouse
            .exact_client()
            // A statement returns when it is done, on every replica.
            .with_setting("mutations_sync", "2")
            // What is inserted was deleted just before; the same rows again are no repeat.
            .with_setting("insert_deduplicate", "0")
            .with_setting("max_partitions_per_insert_block", "0")
            .with_setting(
                "max_bytes_before_external_group_by",
                GROUP_BY_BYTES_MAX.to_string(),
            );
        Ok(Self {
            args,
            epoch,
            client,
        })
    }

    pub(crate) fn query(&self, sql: &str) -> Query {
        self.client.query(sql)
    }

    /// # Errors
    /// When ClickHouse refuses, or is not done within an hour.
    pub(crate) async fn execute(&self, query: Query) -> anyhow::Result<()> {
        let done = tokio::time::timeout(STATEMENT_MAX, query.execute()).await;
        done.context("ClickHouse did not finish a statement within an hour")??;
        Ok(())
    }
}
