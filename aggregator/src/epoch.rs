//! Which incarnation of the topic we read: the Kafka topic id.
//!
//! A topic that is deleted and made again is another log, from offset 0. The client does
//! not always notice: it may go on asking the new topic for the old one's offsets, in
//! silence. So we look for ourselves.

use std::time::Duration;

use service::kafka::Observer;
use tokio_util::sync::CancellationToken;

use crate::insist::insist;

/// How soon a new incarnation is noticed.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The id, once the broker and the topic are there; `None` when we are shutting down.
pub(crate) async fn current(topic: &Observer, shutdown: &CancellationToken) -> Option<String> {
    insist(shutdown, "learn the topic's id", || async {
        Ok(topic.topic_id().await?)
    })
    .await
}

/// Returns when the topic is another one. While the broker does not answer, or the topic
/// does not exist, nothing is known.
pub(crate) async fn ends(topic: &Observer, epoch: &str) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if topic.topic_id().await.is_ok_and(|found| found != epoch) {
            return;
        }
    }
}
