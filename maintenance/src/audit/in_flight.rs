//! What waits in Kafka: needs nothing but Kafka, so that it can be seen while ClickHouse is
//! away.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde::Serialize;
use service::kafka::watermarks;
use utoipa::ToSchema;

/// How long all questions to the brokers together may take.
const ASK_MAX: Duration = Duration::from_secs(5);

/// Records of the events topic that are not finished: not yet read, or of a batch under way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct InFlight {
    /// All of them.
    pub total: u64,
    /// By partition.
    pub partitions: Vec<PartitionInFlight>,
}

/// A partition of the events topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct PartitionInFlight {
    /// Its number.
    pub partition: u32,
    /// First offset that no record has yet.
    pub log_end: u64,
    /// Everything below is in ClickHouse: the start of the first unfinished batch, which the
    /// consumer group has committed; before its first commit the start of the log.
    pub finished: u64,
    /// `log_end - finished`.
    pub in_flight: u64,
}

/// Asks for the group's offsets, then for the ends of the log, so that nothing is negative.
/// Blocks.
pub(super) fn ask(mut config: ClientConfig, topic: &str) -> anyhow::Result<InFlight> {
    let deadline = Instant::now() + ASK_MAX;
    let left = || deadline.saturating_duration_since(Instant::now());
    config.set("enable.auto.commit", "false");
    let consumer: BaseConsumer<Quiet> = config.create_with_context(Quiet)?;
    let metadata = consumer
        .fetch_metadata(Some(topic), left())
        .context("Kafka does not answer")?;
    let mut list = TopicPartitionList::new();
    for partition in metadata
        .topics()
        .iter()
        .flat_map(|topic| topic.partitions())
    {
        list.add_partition(topic, partition.id());
    }
    if list.count() == 0 {
        bail!("the topic {topic} does not exist");
    }
    let committed = consumer
        .committed_offsets(list, left())
        .context("Kafka does not tell the consumer group's offsets")?;
    let mut partitions = Vec::with_capacity(committed.count());
    for entry in committed.elements() {
        entry.error()?;
        let (low, high) = watermarks(&consumer, topic, entry.partition(), left())
            .context("Kafka does not tell where the log ends")?;
        let finished = match entry.offset() {
            Offset::Offset(offset) => offset,
            _ => low,
        };
        partitions.push(partition(entry.partition(), high, finished));
    }
    partitions.sort_unstable_by_key(|partition| partition.partition);
    Ok(InFlight {
        total: partitions.iter().map(|partition| partition.in_flight).sum(),
        partitions,
    })
}

fn partition(partition: i32, high: i64, finished: i64) -> PartitionInFlight {
    let (log_end, finished) = (high.max(0).cast_unsigned(), finished.max(0).cast_unsigned());
    PartitionInFlight {
        partition: partition.cast_unsigned(),
        log_end,
        finished,
        in_flight: log_end.saturating_sub(finished),
    }
}

/// A broker that is away is told in the answer, not in the log as well.
struct Quiet;

impl ClientContext for Quiet {
    fn log(&self, _: RDKafkaLogLevel, _: &str, message: &str) {
        tracing::debug!("librdkafka: {message}");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!("librdkafka: {error}: {reason}");
    }
}

impl ConsumerContext for Quiet {}
