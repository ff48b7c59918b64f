//! The seam to the broker, for every role that writes events: records go in, and come back as
//! stored or not.

mod acks;
mod broker;
mod kafka;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use schemas::Record;

use crate::Problem;

pub use kafka::KafkaPublisher;

/// Histogram: seconds from handing records to the producer to the last ack, by `role`.
const DURATION: &str = "llmobserve_produce_duration_seconds";

/// When to send again what was not stored.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// How a role's producer works.
#[derive(Debug, Clone)]
pub struct ProducerSettings {
    /// Names the role in the brokers' logs, in readiness and in metrics.
    pub role: &'static str,
    /// Time in which all in-sync replicas must have stored a record.
    pub delivery_timeout: Duration,
    /// Time that records wait for company before they are sent, in milliseconds.
    pub linger_ms: u64,
    /// Bytes of records that wait at most.
    pub queue_bytes_max: usize,
    /// Partitions that one tenant's events are spread over: the same for every role and for
    /// ever, because duplicates are known only on their own partition.
    pub tenant_spread: u32,
}

/// Resolves when every record is stored by all in-sync replicas, or one is not for certain.
pub type PublishFuture = Pin<Box<dyn Future<Output = Result<(), PublishError>> + Send>>;

/// Where records go.
pub trait Publisher: Send + Sync {
    /// Takes the records at once, without blocking; the future tells how it went.
    fn publish(&self, records: &[Record]) -> PublishFuture;
}

/// Why records are not stored for certain. Some may be: their ids make a retry harmless.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// The brokers were known to be away, or did not answer in time.
    #[error("Kafka does not answer")]
    Unavailable,
    /// The producer's queue is full.
    #[error("the queue to Kafka is full")]
    QueueFull,
    /// The brokers refused a record.
    #[error("Kafka refused: {0}")]
    Refused(String),
}

impl From<PublishError> for Problem {
    fn from(error: PublishError) -> Self {
        let detail = "the events could not be stored; send the same again";
        let code = match error {
            PublishError::Unavailable => "broker_unavailable",
            PublishError::QueueFull => "overloaded",
            PublishError::Refused(_) => "broker_refused",
        };
        Self::unavailable(code, detail, RETRY_AFTER)
    }
}
