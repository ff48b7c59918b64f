//! Records that are not ours go to a topic of their own, and the batch goes on.

use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use service::retry::Policy;
use tracing::warn;

use crate::batch::{Batch, DeadLetter};
use crate::commit::{Lease, Stop};
use crate::metrics;

/// The producer of dead letters.
#[derive(Clone)]
pub(crate) struct DeadLetters {
    producer: FutureProducer,
    topic: String,
}

impl DeadLetters {
    pub(crate) fn new(config: &ClientConfig, topic: String) -> Result<Self, KafkaError> {
        let mut config = config.clone();
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("compression.type", "lz4");
        Ok(Self {
            producer: config.create()?,
            topic,
        })
    }

    /// Returns when all in-sync replicas hold every dead letter of the batch. A replay
    /// sends them again under the same key (topic, partition, offset): readers know a copy.
    pub(crate) async fn publish(&self, batch: &Batch, lease: &Lease) -> Result<(), Stop> {
        for letter in &batch.dead_letters {
            let mut waits = Policy::PATIENT.waits();
            while let Err(error) = self.send(batch, letter).await {
                warn!("cannot store a dead letter: {error}");
                lease.pause(&mut waits).await?;
            }
            metrics::dead_letter(letter.reason.code());
        }
        Ok(())
    }

    async fn send(&self, batch: &Batch, letter: &DeadLetter) -> Result<(), KafkaError> {
        let message = &letter.message;
        let key = format!(
            "{}/{}/{}",
            batch.log.topic, batch.log.partition, message.offset
        );
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
                value: Some(&batch.log.epoch),
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
        self.producer
            .send(record, Duration::from_secs(30))
            .await
            .map(drop)
            .map_err(|(e, _)| e)
    }
}
