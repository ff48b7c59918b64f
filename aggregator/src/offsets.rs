//! The group's offset of one partition, and the bounds of its log: what Kafka knows.
//!
//! The methods block, as librdkafka does: they are called where blocking is allowed.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::{Offset, TopicPartitionList};
use thiserror::Error;

use crate::consume::{Group, one};
use crate::log::Log;

/// How long the broker may take to answer a question of ours.
const ASK_MAX: Duration = Duration::from_secs(10);

/// Kafka's coordinator, or something that stands between it and the aggregator.
pub trait Offsets: Send + Sync {
    /// Commits the offset with its metadata, and waits for the answer.
    ///
    /// # Errors
    /// Whether it may have been applied is what the error says.
    fn commit(&self, offset: u64, metadata: &str) -> Result<(), CommitError>;

    /// The committed offset and its metadata; `None` where there is none.
    fn committed(&self) -> anyhow::Result<Option<(u64, String)>>;

    /// The first offset that the log holds, and the one behind its last.
    fn bounds(&self) -> anyhow::Result<(u64, u64)>;

    /// Lets records flow, from this offset on. Until then the partition is paused.
    fn begin_at(&self, offset: u64) -> anyhow::Result<()>;
}

/// A commit that was not acknowledged.
#[derive(Debug, Error)]
pub enum CommitError {
    /// Certainly not applied.
    #[error("refused: {0}")]
    Refused(String),
    /// Applied, lost or still on its way.
    #[error("outcome unknown: {0}")]
    Unknown(String),
}

/// The real one: a member of the consumer group.
pub(crate) struct Membership {
    consumer: Arc<BaseConsumer<Group>>,
    log: Arc<Log>,
}

impl Membership {
    pub(crate) fn new(consumer: Arc<BaseConsumer<Group>>, log: Arc<Log>) -> Self {
        Self { consumer, log }
    }

    fn with_metadata(&self, offset: u64, metadata: &str) -> Result<TopicPartitionList, KafkaError> {
        let mut list = TopicPartitionList::new();
        let mut entry = list.add_partition(&self.log.topic, self.log.partition.cast_signed());
        entry.set_offset(Offset::Offset(offset.cast_signed()))?;
        entry.set_metadata(metadata);
        Ok(list)
    }
}

impl Offsets for Membership {
    fn commit(&self, offset: u64, metadata: &str) -> Result<(), CommitError> {
        let list = self
            .with_metadata(offset, metadata)
            .map_err(|error| CommitError::Refused(error.to_string()))?;
        let Err(error) = self.consumer.commit(&list, CommitMode::Sync) else {
            return Ok(());
        };
        match error.rdkafka_error_code() {
            Some(
                code @ (Code::IllegalGeneration
                | Code::UnknownMemberId
                | Code::RebalanceInProgress
                | Code::FencedInstanceId
                | Code::CoordinatorNotAvailable
                | Code::CoordinatorLoadInProgress
                | Code::NotCoordinator),
            ) => Err(CommitError::Refused(code.to_string())),
            _ => Err(CommitError::Unknown(error.to_string())),
        }
    }

    fn committed(&self) -> anyhow::Result<Option<(u64, String)>> {
        let list = one(&self.log.topic, self.log.partition);
        let committed = self.consumer.committed_offsets(list, ASK_MAX)?;
        let elements = committed.elements();
        let entry = elements.first().context("the broker named no partition")?;
        entry.error()?;
        Ok(match entry.offset() {
            Offset::Offset(offset) => Some((offset.cast_unsigned(), entry.metadata().to_owned())),
            _ => None,
        })
    }

    fn bounds(&self) -> anyhow::Result<(u64, u64)> {
        let partition = self.log.partition.cast_signed();
        let (low, high) = self
            .consumer
            .fetch_watermarks(&self.log.topic, partition, ASK_MAX)?;
        Ok((low.max(0).cast_unsigned(), high.max(0).cast_unsigned()))
    }

    fn begin_at(&self, offset: u64) -> anyhow::Result<()> {
        let Log {
            topic, partition, ..
        } = &*self.log;
        let offset = Offset::Offset(offset.cast_signed());
        self.consumer
            .seek(topic, partition.cast_signed(), offset, ASK_MAX)?;
        self.consumer.resume(&one(topic, *partition))?;
        self.consumer.client().context().flowing(*partition);
        Ok(())
    }
}
