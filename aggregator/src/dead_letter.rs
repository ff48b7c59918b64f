//! Records that are not ours go to a topic of their own, and the batch goes on.

use std::time::Duration;

use async_trait::async_trait;
use rdkafka::config::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use schemas::record::Poison;
use service::retry::Policy;
use tokio::sync::OnceCell;
use tracing::warn;

use crate::batch::Batch;
use crate::commit::{Lease, Stop};
use crate::consume::Message;
use crate::log::Log;
use crate::metrics;

/// How long a letter may wait for room in the producer's queue.
const SEND_MAX: Duration = Duration::from_secs(30);

/// A record that is not ours, to be kept for a person to look at.
#[derive(Debug)]
pub(crate) struct DeadLetter {
    pub(crate) message: Message,
    pub(crate) reason: Poison,
}

/// Where dead letters are kept.
#[async_trait]
pub(crate) trait DeadLetters: Send + Sync {
    /// Returns when all in-sync replicas hold the letter.
    async fn keep(&self, log: &Log, letter: &DeadLetter) -> anyhow::Result<()>;
}

/// Returns when every dead letter of the batch is kept. A replay sends them again under
/// the same key (topic, partition, offset): readers know a copy.
pub(crate) async fn publish(
    kept: &dyn DeadLetters,
    batch: &Batch,
    lease: &Lease,
) -> Result<(), Stop> {
    for letter in &batch.dead_letters {
        let mut waits = Policy::PATIENT.waits();
        while let Err(error) = kept.keep(&batch.log, letter).await {
            warn!("cannot store a dead letter: {error:#}");
            lease.pause(&mut waits).await?;
        }
        metrics::dead_letter(letter.reason.code());
    }
    Ok(())
}

/// The real one: a topic of its own.
pub(crate) struct DeadLetterTopic {
    config: ClientConfig,
    topic: String,
    /// Made for the first letter: most aggregators never meet one.
    producer: OnceCell<FutureProducer>,
}

impl DeadLetterTopic {
    pub(crate) fn new(config: &ClientConfig, topic: String) -> Self {
        let mut config = config.clone();
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("compression.type", "lz4");
        Self {
            config,
            topic,
            producer: OnceCell::new(),
        }
    }
}

#[async_trait]
impl DeadLetters for DeadLetterTopic {
    async fn keep(&self, log: &Log, letter: &DeadLetter) -> anyhow::Result<()> {
        let message = &letter.message;
        let key = format!("{}/{}/{}", log.topic, log.partition, message.offset);
        let (reason, detail) = (letter.reason.code(), letter.reason.to_string());
        let log_time = message.log_time_ms.to_string();
        let headers = OwnedHeaders::new()
            .insert(Header {
                key: "reason",
                value: Some(reason),
            })
            .insert(Header {
                key: "detail",
                value: Some(&detail),
            })
            .insert(Header {
                key: "epoch",
                value: Some(&log.epoch),
            })
            .insert(Header {
                key: "log_time_ms",
                value: Some(&log_time),
            })
            .insert(Header {
                key: "original_key",
                value: message.key.as_deref(),
            });
        let mut record = FutureRecord::to(&self.topic).key(&key).headers(headers);
        if let Some(value) = &message.value {
            record = record.payload(value);
        }
        let made = async || self.config.create();
        let producer = self.producer.get_or_try_init(made).await?;
        let sent = producer.send(record, SEND_MAX).await;
        sent.map_err(|(error, _)| error)?;
        Ok(())
    }
}
