//! Reading the dead-letter topic from its beginning to where it ends now.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::{Context as _, bail};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::{Message as _, Offset, TopicPartitionList};
use service::config::KafkaArgs;
use service::kafka::{Polled, watermarks};
use tokio_util::sync::CancellationToken;

use super::letter::{Found, Identity, Letter, State};
use crate::hold::partitions;

/// How long the broker may take to answer, or to send more of what it has.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// How soon a stop is noticed.
const POLL: Duration = Duration::from_millis(200);

/// Gives every letter to `visit`, partition by partition in the order in which they were
/// kept, each once although a replayed batch may have kept it twice.
///
/// # Errors
/// When Kafka does not answer or has no such topic, those of `visit`, and at `shutdown`.
pub async fn list(
    kafka: &KafkaArgs,
    shutdown: &CancellationToken,
    visit: impl FnMut(Letter) -> anyhow::Result<()> + Send + 'static,
) -> anyhow::Result<()> {
    let (kafka, shutdown) = (kafka.clone(), shutdown.clone());
    tokio::task::spawn_blocking(move || letters(&kafka, &shutdown, visit)).await?
}

/// [`list`], blocking.
pub(super) fn letters(
    kafka: &KafkaArgs,
    stop: &CancellationToken,
    mut visit: impl FnMut(Letter) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    // A mark lies behind its letter, so two passes: no letter is held back in memory.
    let mut marked = HashSet::<Identity>::new();
    each(kafka, stop, |found| {
        if let Found::Mark(identity) = found {
            marked.insert(identity);
        }
        Ok(())
    })?;
    let mut seen = HashSet::<Identity>::new();
    each(kafka, stop, |found| {
        let Found::Letter(mut letter) = found else {
            return Ok(());
        };
        if !seen.insert(letter.identity()) {
            return Ok(());
        }
        if marked.contains(&letter.identity()) {
            letter.state = State::Replayed;
        }
        visit(letter)
    })
}

fn each(
    kafka: &KafkaArgs,
    stop: &CancellationToken,
    mut visit: impl FnMut(Found) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut config = kafka.client("dead-letters");
    config
        // The client wants a name to be assigned partitions; nobody joins or commits by it.
        .set("group.id", "llmobserve.dead-letters")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .set("isolation.level", "read_committed");
    let consumer: BaseConsumer<Polled> = config.create_with_context(Polled)?;
    let topic = &kafka.dead_letter_topic;
    let partitions = partitions(&consumer, topic).context("Kafka does not tell of its topics")?;
    for partition in partitions {
        let (low, high) = watermarks(&consumer, topic, partition, SILENCE_MAX)?;
        if low < high {
            let range = (partition, low, high);
            read(&consumer, topic, range, stop, &mut visit)?;
        }
    }
    Ok(())
}

/// One partition, from its first offset to the one before `high`.
fn read(
    consumer: &BaseConsumer<Polled>,
    topic: &str,
    (partition, low, high): (i32, i64, i64),
    stop: &CancellationToken,
    visit: &mut impl FnMut(Found) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, partition, Offset::Offset(low))?;
    #[allow(
        clippy::disallowed_methods,
        reason = "the letters are read from the beginning and nothing is committed"
    )]
    consumer.assign(&list)?;
    let (mut next, mut silent) = (low, Duration::ZERO);
    while next < high {
        if stop.is_cancelled() {
            bail!("stopped before the end; run the same again");
        }
        match consumer.poll(POLL) {
            Some(Ok(message)) => {
                (next, silent) = (message.offset() + 1, Duration::ZERO);
                if message.offset() < high
                    && let Some(found) = Found::read(&message)
                {
                    visit(found)?;
                }
            }
            // What retention removed meanwhile, or holes at the end.
            Some(Err(KafkaError::PartitionEOF(_))) => return Ok(()),
            Some(Err(error)) => tracing::warn!("Kafka: {error}"),
            None => silent += POLL,
        }
        if silent > SILENCE_MAX {
            bail!("Kafka sends nothing more of {topic}/{partition} at {next} of {high}");
        }
    }
    Ok(())
}
