//! What every role needs of Kafka beyond a producer or a consumer.

mod error;
mod observer;
mod polled;
mod topic_id;
mod topics;
mod watermarks;

use std::time::Duration;

use rdkafka::client::{Client, DefaultClientContext};

pub use error::Error;
pub use observer::Observer;
pub use polled::Polled;
pub use topic_id::topic_id;
pub use topics::{Topics, ensure_topics};
pub use watermarks::watermarks;

/// How long one question to the brokers may take.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a readiness check waits for an answer.
const PING_TIMEOUT: Duration = Duration::from_secs(2);

/// Whether the brokers answer: for readiness. Blocks up to 2 s, so call it on a thread that may.
///
/// # Errors
/// In words for operators.
pub fn ping<C: rdkafka::ClientContext>(client: &Client<C>, topic: &str) -> Result<(), String> {
    let metadata = client.fetch_metadata(Some(topic), PING_TIMEOUT);
    let metadata = metadata.map_err(|error| format!("Kafka does not answer: {error}"))?;
    let partitions = metadata
        .topics()
        .first()
        .map_or(&[][..], |topic| topic.partitions());
    if partitions.is_empty() {
        return Err(format!("the topic {topic} does not exist"));
    }
    let led = partitions
        .iter()
        .filter(|partition| partition.leader() >= 0)
        .count();
    if led < partitions.len() {
        let all = partitions.len();
        return Err(format!(
            "only {led} of {all} partitions of {topic} have a leader"
        ));
    }
    Ok(())
}

/// Runs `work`, which blocks on librdkafka, where blocking is allowed.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Error::Interrupted)?
}

type AdminClient = rdkafka::admin::AdminClient<DefaultClientContext>;
