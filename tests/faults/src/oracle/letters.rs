//! Every poison record is a dead letter with its reason. A replayed batch may send a letter
//! twice; its key (topic, partition, offset) tells.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use rdkafka::Message as _;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::Headers as _;
use schemas::topics::DEAD_LETTERS;

use super::violation;
use crate::world::cluster::Cluster;

const READ_MAX: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(200);
const REASON: &str = "not_ours";

pub(super) async fn check(cluster: &Cluster, poison: u64) -> anyhow::Result<()> {
    let ends = cluster.watermarks(DEAD_LETTERS).await?;
    let due: u64 = ends.iter().map(|(low, high)| high - low).sum();
    let mut config = cluster.client();
    config
        .set("group.id", format!("faults-{}", fastrand::u64(..)))
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false");
    let letters = tokio::task::spawn_blocking(move || read(&config.create()?, due)).await??;
    let other = letters.iter().find(|(_, reason)| *reason != REASON);
    if letters.len() as u64 != poison || other.is_some() {
        return violation(format!(
            "{} dead letters of {poison} poison records, with another reason: {other:?}",
            letters.len()
        ));
    }
    Ok(())
}

/// A letter's key and the incarnation of its topic.
type Key = (String, Option<String>);

/// Reasons by key.
fn read(consumer: &BaseConsumer, due: u64) -> anyhow::Result<HashMap<Key, String>> {
    consumer.subscribe(&[DEAD_LETTERS])?;
    let deadline = Instant::now() + READ_MAX;
    let mut letters = HashMap::new();
    let mut read = 0;
    while read < due {
        anyhow::ensure!(
            Instant::now() < deadline,
            "{read} of {due} dead letters were read"
        );
        let message = match consumer.poll(POLL) {
            None => continue,
            Some(Err(KafkaError::PartitionEOF(_))) => continue,
            Some(message) => message?,
        };
        read += 1;
        let text =
            |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
        let header = |name| {
            let found = message
                .headers()?
                .iter()
                .find(|header| header.key == name)?;
            Some(text(found.value))
        };
        // A topic that was made again has the same offsets anew.
        let key = (text(message.key()), header("epoch"));
        letters.insert(key, header("reason").unwrap_or_default());
    }
    Ok(letters)
}
