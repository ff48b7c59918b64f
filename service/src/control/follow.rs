//! Reading the topic into the tables.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::{Message, Offset, TopicPartitionList};
use schemas::control::{Envelope, read_key};
use serde_json::value::RawValue;

use super::{Change, Inner};
use crate::kafka::{Polled, ensure_topics};
use crate::retry::{Failure, Policy, retry};

/// Only librdkafka asks for it: nothing is committed and no group is joined.
const GROUP: &str = "llmobserve.control";
/// Longest wait for a record, and so for the end of the process.
const POLL: Duration = Duration::from_millis(500);
/// Of a question for records that brings none, at most: a record ends it at once. Every process
/// of an idle installation asks that often.
const FETCH_WAIT_MS: &str = "5000";
/// For the broker to say where the topic ends.
const ASK_MAX: Duration = Duration::from_secs(1);
/// Before it is asked again.
const ASK_PAUSE: Duration = Duration::from_millis(100);
/// Records that are applied at once while the copy is filled.
const BATCH_RECORDS_MAX: usize = 100_000;
/// Until the broker is found. It may come up a moment after we do.
const FIND: Policy = Policy {
    initial: Duration::from_millis(100),
    max: Duration::from_secs(2),
    elapsed_max: None,
};

/// Runs until the process ends.
pub(super) async fn follow(inner: Arc<Inner>) {
    let found = retry("find the control topic", &FIND, &inner.shutdown, || async {
        ensure_topics(&inner.kafka).await.map_err(|error| {
            inner.progress.send_modify(|progress| {
                progress.reason = Some(error.to_string());
            });
            Failure::Transient(error)
        })
    });
    if found.await.is_err() {
        return;
    }
    let reading = tokio::task::spawn_blocking(move || read(&inner));
    match reading.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!("the control topic is no longer followed: {error}"),
        Err(error) => tracing::error!("the control topic is no longer followed: {error}"),
    }
}

/// Blocks until shutdown.
fn read(inner: &Inner) -> KafkaResult<()> {
    let consumer = consumer(inner)?;
    // Shows sooner so than by a question for records that brings none; and before the first of
    // those, behind which the broker would answer it too late.
    let Some(end) = end_of(&consumer, inner) else {
        return Ok(());
    };
    begin(&consumer, &inner.kafka.control_topic)?;
    let mut reader = Reader {
        inner,
        batch: Vec::new(),
        next_offset: 0,
        end: Some(end),
    };
    while !inner.shutdown.is_cancelled() {
        reader.settle();
        match consumer.poll(POLL) {
            None => reader.apply(),
            Some(Ok(message)) => reader.take(&message),
            Some(Err(KafkaError::PartitionEOF(_))) => reader.end = Some(reader.next_offset),
            // librdkafka tries again by itself; until then we go on with what we have.
            Some(Err(error)) => tracing::warn!("the control topic cannot be read now: {error}"),
        }
    }
    Ok(())
}

fn consumer(inner: &Inner) -> KafkaResult<BaseConsumer<Polled>> {
    let mut config = inner.kafka.client("control");
    config
        .set("group.id", GROUP)
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("enable.partition.eof", "true")
        // A topic that was cut or made again is read anew.
        .set("auto.offset.reset", "earliest")
        .set("allow.auto.create.topics", "false")
        .set("fetch.wait.max.ms", FETCH_WAIT_MS);
    inner.kafka.overlay(&mut config);
    config.create_with_context(Polled)
}

/// Begins to ask for records.
fn begin(consumer: &BaseConsumer<Polled>, topic: &str) -> KafkaResult<()> {
    let mut partitions = TopicPartitionList::new();
    // Compaction leaves the beginning where it is; librdkafka asks for it twice a second only.
    partitions.add_partition_offset(topic, 0, Offset::Offset(0))?;
    #[allow(
        clippy::disallowed_methods,
        reason = "every process reads the whole topic and commits nothing: there is no offset \
                  for a generation to fence"
    )]
    consumer.assign(&partitions)
}

/// The offset behind the last record. A topic just made may have no leader to tell it yet. `None`
/// when the process ends.
fn end_of(consumer: &BaseConsumer<Polled>, inner: &Inner) -> Option<i64> {
    while !inner.shutdown.is_cancelled() {
        match consumer.fetch_watermarks(&inner.kafka.control_topic, 0, ASK_MAX) {
            Ok((_, high)) => return Some(high),
            Err(error) => tracing::debug!("the control topic's end is not known yet: {error}"),
        }
        while consumer.poll(ASK_PAUSE).is_some() {}
    }
    None
}

struct Reader<'a> {
    inner: &'a Inner,
    /// Kind and change of what is not applied yet.
    batch: Vec<(String, Change)>,
    next_offset: i64,
    /// Where the copy is whole.
    end: Option<i64>,
}

impl Reader<'_> {
    fn take(&mut self, message: &impl Message) {
        self.next_offset = message.offset() + 1;
        match change(message) {
            Some(change) => self.batch.push(change),
            None => tracing::warn!(
                offset = message.offset(),
                "a record of the control topic is none of ours: skipped"
            ),
        }
        if self.batch.len() >= BATCH_RECORDS_MAX {
            self.apply();
        }
    }

    /// The copy is whole once everything up to the end has been taken.
    fn settle(&mut self) {
        if self.end.is_none_or(|end| self.next_offset < end) {
            return;
        }
        self.end = None;
        self.apply();
        if self.inner.progress.borrow().caught_up {
            return;
        }
        for table in &self.inner.tables {
            table.caught_up();
        }
        self.inner.progress.send_modify(|progress| {
            progress.caught_up = true;
            progress.reason = None;
        });
        tracing::info!(
            next_offset = self.next_offset,
            "the control topic is in memory"
        );
    }

    fn apply(&mut self) {
        if self.inner.progress.borrow().next_offset == self.next_offset {
            return;
        }
        let mut by_kind: HashMap<String, Vec<Change>> = HashMap::new();
        for (kind, change) in self.batch.drain(..) {
            by_kind.entry(kind).or_default().push(change);
        }
        for table in &self.inner.tables {
            if let Some(changes) = by_kind.remove(table.kind()) {
                table.apply(changes);
            }
        }
        let next_offset = self.next_offset;
        self.inner.progress.send_modify(|progress| {
            progress.next_offset = next_offset;
        });
    }
}

/// Kind, id and value. A value that is no envelope is passed on as a null, which no table
/// can read: what it replaces must not live on.
fn change(message: &impl Message) -> Option<(String, Change)> {
    let (kind, id) = read_key(message.key()?)?;
    let value = message.payload().map(|text| {
        let envelope = serde_json::from_slice::<Envelope<Box<RawValue>>>(text);
        envelope.map_or_else(|_| RawValue::NULL.to_owned(), |envelope| envelope.value)
    });
    let id = id.to_owned();
    Some((kind.to_owned(), Change { id, value }))
}
