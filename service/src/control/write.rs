//! Writing to the topic.

use std::sync::PoisonError;
use std::time::Duration;

use chrono::Utc;
use rdkafka::error::KafkaError;
use rdkafka::producer::{FutureProducer, FutureRecord};
use schemas::control::{Envelope, record_key};
use serde::Serialize;

use super::{Control, Inner};

/// Until all in-sync replicas have a record.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(5);
/// Until our own copy has it, too.
const READ_BACK_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest value: more than any kind needs, less than any broker's limit.
const VALUE_BYTES_MAX: usize = 64 << 10;

/// Why a record is not stored for certain.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The brokers did not store it.
    #[error("Kafka: {0}")]
    Kafka(#[from] KafkaError),
    /// It cannot be written as JSON, or is too long.
    #[error("the record cannot be written: {0}")]
    Value(String),
}

impl Control {
    /// Writes a thing, in place of what it was. Returns when all in-sync replicas have it and
    /// this process goes by it.
    ///
    /// # Errors
    /// When it is not stored for certain: do it again.
    pub async fn put(
        &self,
        kind: &str,
        id: &str,
        by: &str,
        value: &impl Serialize,
    ) -> Result<(), WriteError> {
        let envelope = Envelope {
            kind: kind.to_owned(),
            id: id.to_owned(),
            at: Utc::now(),
            by: by.to_owned(),
            value,
        };
        let text =
            serde_json::to_vec(&envelope).map_err(|error| WriteError::Value(error.to_string()))?;
        if text.len() > VALUE_BYTES_MAX {
            let error = format!("{} bytes are more than {VALUE_BYTES_MAX}", text.len());
            return Err(WriteError::Value(error));
        }
        self.send(kind, id, Some(&text)).await
    }

    /// Removes a thing. Those who follow the topic with long interruptions may miss it.
    ///
    /// # Errors
    /// As [`Self::put`].
    pub async fn remove(&self, kind: &str, id: &str) -> Result<(), WriteError> {
        self.send(kind, id, None).await
    }

    async fn send(&self, kind: &str, id: &str, value: Option<&[u8]>) -> Result<(), WriteError> {
        let key = record_key(kind, id);
        let mut record = FutureRecord::to(&self.0.kafka.control_topic)
            .partition(0)
            .key(&key);
        record.payload = value;
        let producer = self.0.producer()?;
        match producer.send(record, DELIVERY_TIMEOUT).await {
            Ok(delivery) => {
                self.read_back(delivery.offset).await;
                Ok(())
            }
            Err((error, _)) => {
                // One that has met a fatal error never works again: the next write makes another.
                self.0.lock_producer().take();
                Err(error.into())
            }
        }
    }

    /// Waits until our own copy holds the record at `offset`.
    async fn read_back(&self, offset: i64) {
        let mut progress = self.0.progress.subscribe();
        let read = progress.wait_for(|progress| progress.next_offset > offset);
        if tokio::time::timeout(READ_BACK_TIMEOUT, read).await.is_err() {
            tracing::warn!(
                offset,
                "a record of the control topic is stored, but this process has not read it yet"
            );
        }
    }
}

impl Inner {
    fn producer(&self) -> Result<FutureProducer, KafkaError> {
        let mut current = self.lock_producer();
        if let Some(producer) = &*current {
            return Ok(producer.clone());
        }
        let mut config = self.kafka.client("control");
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("linger.ms", "0")
            .set(
                "message.timeout.ms",
                DELIVERY_TIMEOUT.as_millis().to_string(),
            )
            .set("allow.auto.create.topics", "false");
        self.kafka.overlay(&mut config);
        let producer: FutureProducer = config.create()?;
        *current = Some(producer.clone());
        Ok(producer)
    }

    fn lock_producer(&self) -> std::sync::MutexGuard<'_, Option<FutureProducer>> {
        self.producer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
