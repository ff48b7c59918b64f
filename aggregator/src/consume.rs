//! Records from Kafka, and which partitions are ours.
//!
//! One thread polls the group consumer: it hands records to the workers of their
//! partitions, holds back partitions whose worker is behind, and serves rebalances.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, FromClientConfigAndContext as _};
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext, Rebalance};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::{Timestamp, TopicPartitionList};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tracing::{debug, info, warn};

/// How long the poll waits for a record; also how soon it notices a stop.
const POLL: Duration = Duration::from_millis(500);
/// Between two looks at whether a worker is behind.
const THROTTLE_EVERY: Duration = Duration::from_millis(100);
/// How long leaving the group may take; after that the broker finds out by itself.
const LEAVE_MAX: Duration = Duration::from_secs(15);
/// Between two looks at what has come of it.
const LEAVE_PAUSE: Duration = Duration::from_millis(10);
/// What the client gets to let go of its partitions, in threads of its own. One that is closed
/// before leaves without a word, and the next owner waits for its session to end.
const LET_GO: Duration = Duration::from_millis(200);

/// A record, detached from the client's memory.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) offset: u64,
    /// When the broker stored it, milliseconds since 1970.
    pub(crate) log_time_ms: i64,
    pub(crate) arrived: Instant,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Option<Vec<u8>>,
}

impl Message {
    fn detach(message: &BorrowedMessage<'_>) -> Self {
        let log_time_ms = match message.timestamp() {
            Timestamp::LogAppendTime(ms) | Timestamp::CreateTime(ms) => ms.max(0),
            Timestamp::NotAvailable => 0,
        };
        Self {
            offset: message.offset().cast_unsigned(),
            log_time_ms,
            arrived: Instant::now(),
            key: message.key().map(Into::into),
            value: message.payload().map(Into::into),
        }
    }

    /// What it holds in memory, about.
    pub(crate) fn bytes(&self) -> usize {
        let len = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or(0, Vec::len);
        size_of::<Self>() + len(&self.key) + len(&self.value)
    }
}

/// What a partition's worker receives.
#[derive(Debug)]
pub(crate) enum Item {
    Record(Message),
    /// Everything that the log held at this moment has been received.
    EndOfLog,
}

/// The poll thread's end of one partition.
pub(crate) struct Feed {
    items: mpsc::UnboundedSender<Item>,
    buffered_bytes: Arc<AtomicUsize>,
    flow: Flow,
}

impl Feed {
    /// Fails silently when the worker has ended: then a revocation is on its way.
    pub(crate) fn hand_over(&self, message: Message) {
        self.buffered_bytes
            .fetch_add(message.bytes(), Ordering::Relaxed);
        drop(self.items.send(Item::Record(message)));
    }

    pub(crate) fn end_of_log(&self) {
        drop(self.items.send(Item::EndOfLog));
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    /// The worker does not know yet where to begin.
    Closed,
    Open,
    /// Paused while the worker is behind.
    Held,
}

/// The worker's end: bounded, as the partition is held back while it is behind.
pub(crate) struct Inbox {
    items: mpsc::UnboundedReceiver<Item>,
    buffered_bytes: Arc<AtomicUsize>,
}

/// A partition's two ends.
pub(crate) fn feed() -> (Feed, Inbox) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let buffered_bytes = Arc::new(AtomicUsize::new(0));
    let feed = Feed {
        items: sender,
        buffered_bytes: Arc::clone(&buffered_bytes),
        flow: Flow::Closed,
    };
    (
        feed,
        Inbox {
            items: receiver,
            buffered_bytes,
        },
    )
}

impl Inbox {
    /// The next item; waits for it.
    pub(crate) async fn next(&mut self) -> Option<Item> {
        let item = self.items.recv().await;
        self.taken(item.as_ref());
        item
    }

    /// The next item if there is one.
    pub(crate) fn try_next(&mut self) -> Option<Item> {
        let item = self.items.try_recv().ok();
        self.taken(item.as_ref());
        item
    }

    fn taken(&self, item: Option<&Item>) {
        if let Some(Item::Record(message)) = item {
            self.buffered_bytes
                .fetch_sub(message.bytes(), Ordering::Relaxed);
        }
    }
}

/// Told of every change of the assignment, on the poll thread. `revoked` returns when
/// nothing of the partition is under way any more.
pub(crate) trait Assignments: Send + Sync + 'static {
    fn assigned(&self, partitions: &[u32]);
    fn revoked(&self, partitions: &[u32], lost: bool);
}

/// The consumer's context.
pub(crate) struct Group {
    topic: String,
    assignments: Mutex<Option<Arc<dyn Assignments>>>,
    feeds: Mutex<HashMap<u32, Feed>>,
}

impl ClientContext for Group {
    fn error(&self, error: KafkaError, reason: &str) {
        debug!("kafka: {error}: {reason}");
    }
}

impl ConsumerContext for Group {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Revoke(list) = rebalance {
            let partitions = partitions(list);
            let lost = consumer.assignment_lost();
            info!(?partitions, lost, "partitions revoked");
            if let Some(assignments) = self.assignments() {
                assignments.revoked(&partitions, lost);
            }
            self.feeds()
                .retain(|partition, _| !partitions.contains(partition));
        }
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Assign(list) = rebalance {
            let partitions = partitions(list);
            info!(?partitions, "partitions assigned");
            // Nothing flows before the worker knows where to begin.
            if let Err(error) = consumer.pause(list) {
                warn!("cannot pause new partitions: {error}");
            }
            if let Some(assignments) = self.assignments() {
                assignments.assigned(&partitions);
            }
        }
    }
}

impl Group {
    fn assignments(&self) -> Option<Arc<dyn Assignments>> {
        self.assignments
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn feeds(&self) -> std::sync::MutexGuard<'_, HashMap<u32, Feed>> {
        self.feeds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records of the partition go to this feed from now on.
    pub(crate) fn open(&self, partition: u32, feed: Feed) {
        self.feeds().insert(partition, feed);
    }

    /// The partition has been resumed by its worker.
    pub(crate) fn flowing(&self, partition: u32) {
        if let Some(feed) = self.feeds().get_mut(&partition) {
            feed.flow = Flow::Open;
        }
    }
}

/// A member of the consumer group.
pub(crate) fn join(
    config: &ClientConfig,
    topic: &str,
) -> Result<Arc<BaseConsumer<Group>>, KafkaError> {
    let group = Group {
        topic: topic.to_owned(),
        assignments: Mutex::new(None),
        feeds: Mutex::new(HashMap::new()),
    };
    Ok(Arc::new(BaseConsumer::from_config_and_context(
        config, group,
    )?))
}

/// Polls until `stop`, then leaves the group. Blocks: runs on a thread of its own.
pub(crate) fn poll(
    consumer: &Arc<BaseConsumer<Group>>,
    assignments: Arc<dyn Assignments>,
    buffer_bytes_max: usize,
    stop: &tokio_util::sync::CancellationToken,
) -> Result<(), KafkaError> {
    let group = consumer.client().context();
    *group
        .assignments
        .lock()
        .unwrap_or_else(PoisonError::into_inner) = Some(assignments);
    consumer.subscribe(&[&group.topic])?;
    let (mut checked, mut wait) = (Instant::now(), POLL);
    while !stop.is_cancelled() {
        match consumer.poll(wait) {
            Some(Ok(message)) => deliver(group, &message),
            Some(Err(KafkaError::PartitionEOF(partition))) => end_of_log(group, partition),
            Some(Err(error)) => warn!("kafka: {error}"),
            None => {}
        }
        if checked.elapsed() >= THROTTLE_EVERY {
            checked = Instant::now();
            let held = throttle(consumer, group, buffer_bytes_max);
            wait = if held { THROTTLE_EVERY } else { POLL };
        }
    }
    consumer.unsubscribe();
    // The revocation that follows stops the workers; serve it. The client's own waits go by the
    // wall clock, and where nothing comes any more, one that is set back makes them long.
    let deadline = Instant::now() + LEAVE_MAX;
    while !group.feeds().is_empty() && Instant::now() < deadline {
        drop(consumer.poll(Duration::ZERO));
        thread::sleep(LEAVE_PAUSE);
    }
    thread::sleep(LET_GO);
    drop(consumer.poll(Duration::ZERO));
    *group
        .assignments
        .lock()
        .unwrap_or_else(PoisonError::into_inner) = None;
    Ok(())
}

fn deliver(group: &Group, message: &BorrowedMessage<'_>) {
    let partition = message.partition().cast_unsigned();
    if let Some(feed) = group.feeds().get(&partition) {
        feed.hand_over(Message::detach(message));
    }
}

fn end_of_log(group: &Group, partition: i32) {
    if let Some(feed) = group.feeds().get(&partition.cast_unsigned()) {
        feed.end_of_log();
    }
}

/// Holds partitions back whose worker is behind, lets them go on when it has caught up. Whether
/// one is held.
fn throttle(consumer: &BaseConsumer<Group>, group: &Group, buffer_bytes_max: usize) -> bool {
    let mut feeds = group.feeds();
    let share = buffer_bytes_max / feeds.len().max(1);
    for (partition, feed) in feeds.iter_mut() {
        let buffered = feed.buffered_bytes.load(Ordering::Relaxed);
        let list = one(&group.topic, *partition);
        if feed.flow == Flow::Open && buffered > share && consumer.pause(&list).is_ok() {
            feed.flow = Flow::Held;
        } else if feed.flow == Flow::Held && buffered <= share / 2 && consumer.resume(&list).is_ok()
        {
            feed.flow = Flow::Open;
        }
    }
    feeds.values().any(|feed| feed.flow == Flow::Held)
}

pub(crate) fn one(topic: &str, partition: u32) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    list.add_partition(topic, partition.cast_signed());
    list
}

fn partitions(list: &TopicPartitionList) -> Vec<u32> {
    list.elements()
        .iter()
        .map(|entry| entry.partition().cast_unsigned())
        .collect()
}
