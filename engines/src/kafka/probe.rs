//! Asks the broker, as a client would, whether it serves.

use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaResult;
use tokio::net::TcpStream;

/// How long one question may take.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(1);

/// Whether the node `id` at `port` answers and counts itself among the live brokers.
pub(super) async fn answers(id: u16, port: u16) -> bool {
    // A bare connection first: librdkafka would wait and back off while nothing listens.
    if TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        return false;
    }
    let question = tokio::task::spawn_blocking(move || live_brokers(port));
    match question.await {
        Ok(Ok(brokers)) => brokers.contains(&i32::from(id)),
        _ => false,
    }
}

fn live_brokers(port: u16) -> KafkaResult<Vec<i32>> {
    let consumer: BaseConsumer<Silent> = ClientConfig::new()
        .set("bootstrap.servers", format!("127.0.0.1:{port}"))
        .create_with_context(Silent)?;
    let metadata = consumer.fetch_metadata(None, QUESTION_TIMEOUT);
    // Nobody waits for the client's end, which takes a tenth of a second.
    tokio::task::spawn_blocking(move || drop(consumer));
    let metadata = metadata?;
    let brokers = metadata.brokers().iter();
    Ok(brokers.map(|broker| broker.id()).collect())
}

/// A broker that is not up yet is expected here, so librdkafka's complaints are not passed on.
struct Silent;

impl ClientContext for Silent {
    fn log(&self, _level: RDKafkaLogLevel, _facility: &str, _message: &str) {}
    fn error(&self, _error: rdkafka::error::KafkaError, _reason: &str) {}
}

impl ConsumerContext for Silent {}
