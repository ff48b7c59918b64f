use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::OwnedMessage;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use tokio::sync::{OnceCell, oneshot};

use crate::kafka::{Broker, Config};

/// Generous: on a busy build machine several test processes start brokers at once.
const READY_TIMEOUT: Duration = Duration::from_secs(60);

/// For a broker that has the records already.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
const ASK_AGAIN: Duration = Duration::from_millis(50);

static KAFKA: OnceCell<Kafka> = OnceCell::const_new();

/// This test process's own broker, started by the first caller and gone with the process.
///
/// # Panics
/// When it cannot be started: a missing service fails a test, it never skips it.
#[allow(clippy::panic, reason = "for tests only")]
pub async fn kafka() -> &'static Kafka {
    let started = KAFKA.get_or_try_init(start).await;
    started.unwrap_or_else(|error| panic!("no Kafka for the tests: {error:#}"))
}

/// A running broker for tests.
#[derive(Debug)]
pub struct Kafka {
    /// For clients' `bootstrap.servers`.
    pub bootstrap: String,
}

impl Kafka {
    /// Creates a topic of its own for a test, with a name that begins with `prefix`. As on
    /// our real topics, the broker stamps the records (`LogAppendTime`).
    ///
    /// # Panics
    /// When the broker refuses.
    #[allow(clippy::panic, reason = "for tests only")]
    pub async fn topic(&self, prefix: &str, partitions: i32) -> String {
        let name = format!("{prefix}-{}", uuid::Uuid::now_v7());
        if let Err(error) = self.create(&name, partitions).await {
            panic!("cannot create topic {name}: {error:#}");
        }
        name
    }

    async fn create(&self, name: &str, partitions: i32) -> anyhow::Result<()> {
        let admin: AdminClient<DefaultClientContext> = ClientConfig::new()
            .set("bootstrap.servers", &self.bootstrap)
            .create()?;
        let topic = NewTopic::new(name, partitions, TopicReplication::Fixed(1))
            .set("message.timestamp.type", "LogAppendTime");
        let options = AdminOptions::new().operation_timeout(Some(Duration::from_secs(30)));
        let results = admin.create_topics([&topic], &options).await?;
        for result in results {
            result.map_err(|(topic, code)| anyhow::anyhow!("{topic}: {code}"))?;
        }
        Ok(())
    }
}

/// Everything that is on a topic now, partition by partition in its order. Blocks.
///
/// # Panics
/// When the broker does not give it within a few seconds.
pub fn read_all(bootstrap: &str, topic: &str, partitions: i32) -> Vec<OwnedMessage> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("group.id", "test")
        .set("enable.auto.commit", "false")
        .create()
        .unwrap();
    let mut list = TopicPartitionList::new();
    let mut left = 0;
    for partition in 0..partitions {
        left += end_of(&consumer, topic, partition);
        let added = list.add_partition_offset(topic, partition, Offset::Beginning);
        added.unwrap();
    }
    #[allow(
        clippy::disallowed_methods,
        reason = "reads a whole topic and commits nothing"
    )]
    consumer.assign(&list).unwrap();
    let read = |_| consumer.poll(READ_TIMEOUT).expect("a record in time");
    (0..left).map(|n| read(n).unwrap().detach()).collect()
}

/// Where a partition ends. A broker that has just made the topic may say for a moment that it
/// does not lead it; librdkafka hands that on instead of asking again.
fn end_of(consumer: &BaseConsumer, topic: &str, partition: i32) -> i64 {
    let begun = Instant::now();
    loop {
        match consumer.fetch_watermarks(topic, partition, READ_TIMEOUT) {
            Ok((_, end)) => return end,
            Err(error) => assert!(
                begun.elapsed() < READ_TIMEOUT,
                "{topic}-{partition}: {error}"
            ),
        }
        std::thread::sleep(ASK_AGAIN);
    }
}

/// Runs the broker from a thread that stays, since a test's runtime ends with the test.
async fn start() -> anyhow::Result<Kafka> {
    let (tell, told) = oneshot::channel();
    std::thread::Builder::new()
        .name("test-kafka".to_owned())
        .spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let runtime = match runtime {
                Ok(runtime) => runtime,
                Err(error) => return drop(tell.send(Err(error.into()))),
            };
            runtime.block_on(async {
                let broker = match start_broker().await {
                    Ok(broker) => broker,
                    Err(error) => return drop(tell.send(Err(error))),
                };
                let bootstrap = broker.bootstrap();
                drop(tell.send(Ok(Kafka { bootstrap })));
                let end = broker.exited().await;
                tracing::error!("{end}");
            });
        })?;
    told.await.context("the broker's thread ended")?
}

async fn start_broker() -> anyhow::Result<Broker> {
    let home = std::env::temp_dir().join("llmobserve-test-kafka");
    remove_abandoned(&home);
    let broker =
        Broker::start(Config::single(home.join(std::process::id().to_string()), 0)).await?;
    broker.wait_ready(READY_TIMEOUT).await?;
    Ok(broker)
}

/// Nothing runs at the end of a test process, so each one clears away what earlier ones
/// have left: the directories whose lock no one holds any more.
fn remove_abandoned(home: &Path) {
    let entries = fs::read_dir(home).into_iter().flatten().flatten();
    for directory in entries.map(|entry| entry.path()) {
        if is_abandoned(&directory) {
            drop(fs::remove_dir_all(&directory));
        }
    }
}

fn is_abandoned(directory: &Path) -> bool {
    let Ok(lock) = File::open(directory.join("lock")) else {
        return false;
    };
    // One that was made just now may not be locked yet.
    let made = lock.metadata().and_then(|metadata| metadata.modified());
    let age = made.map(|made| made.elapsed().unwrap_or_default());
    age.is_ok_and(|age| age > READY_TIMEOUT) && lock.try_lock().is_ok()
}
