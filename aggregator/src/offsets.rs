//! The group's offset of one partition, and the bounds of its log: what Kafka knows.
//!
//! The methods block, as librdkafka does: they are called where blocking is allowed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::{Offset, TopicPartitionList};
use thiserror::Error;

use crate::consume::{Group, one};
use crate::log::Log;

/// How long the broker may take to answer a question of ours.
const ASK_MAX: Duration = Duration::from_secs(10);

/// How long the client waits before it sends a request again. Longer than any answer should
/// take: see [`sent_again_after`].
pub(crate) const RETRY_BACKOFF_MS: u32 = 1500;
/// The client shortens the wait by chance, by up to this.
const JITTER_PERCENT: u32 = 20;

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

/// librdkafka sends a commit again by itself when the answer does not come, in the same
/// generation, and no setting forbids it. The copy that was thought lost may then land after
/// later commits, and undo a plan. An answer that came sooner than this is that of the only
/// copy.
pub(crate) fn sent_again_after(client: &ClientConfig) -> Duration {
    // librdkafka's own defaults, should nobody have set them.
    let ms = |name, default| {
        let value = client.get(name).and_then(|value| value.parse().ok());
        value.unwrap_or(default)
    };
    let backoff: u32 = ms("retry.backoff.ms", 100) * (100 - JITTER_PERCENT) / 100;
    Duration::from_millis(backoff.min(ms("retry.backoff.max.ms", 1000)).into())
}

/// The real one: a member of the consumer group.
pub(crate) struct Membership {
    consumer: Arc<BaseConsumer<Group>>,
    log: Arc<Log>,
    sent_again_after: Duration,
}

impl Membership {
    pub(crate) fn new(
        consumer: Arc<BaseConsumer<Group>>,
        log: Arc<Log>,
        sent_again_after: Duration,
    ) -> Self {
        Self {
            consumer,
            log,
            sent_again_after,
        }
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
        let sent = Instant::now();
        let outcome = self.consumer.commit(&list, CommitMode::Sync);
        if sent.elapsed() >= self.sent_again_after {
            return Err(CommitError::Unknown(format!(
                "no answer for {:?}: the client may have sent it more than once",
                self.sent_again_after
            )));
        }
        let Err(error) = outcome else {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_sent_again_no_sooner_than_the_settings_say() {
        let after = |settings: &[(&str, &str)]| {
            let mut client = ClientConfig::new();
            for (name, value) in settings {
                client.set(*name, *value);
            }
            sent_again_after(&client)
        };
        assert_eq!(after(&[]), Duration::from_millis(80));
        assert_eq!(
            after(&[
                ("retry.backoff.ms", "1500"),
                ("retry.backoff.max.ms", "1500")
            ]),
            Duration::from_millis(1200)
        );
        let capped = after(&[("retry.backoff.ms", "5000")]);
        assert_eq!(capped, Duration::from_secs(1));
    }
}
