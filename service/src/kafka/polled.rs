//! Readers that ask for the end of a partition.

use rdkafka::ClientContext;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError;

/// The context of a consumer whose every `poll` is looked at: what it gives, the end of a
/// partition among it, is not logged as an error beside.
#[derive(Debug, Clone, Copy)]
pub struct Polled;

impl ClientContext for Polled {
    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!("librdkafka: {error}: {reason}");
    }
}

impl ConsumerContext for Polled {}
