//! A real aggregator between a real broker and a real ClickHouse, with a topic, a group and a
//! database of the test's own.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aggregator::Config;
use chrono::Utc;
use clap::{Args as _, FromArgMatches as _};
use clickhouse::error::Result;
use futures::future::join_all;
use maintenance::audit::{Auditor, Conservation, Hours, Scope};
use rdkafka::producer::{FutureProducer, FutureRecord};
use schemas::money::MoneyFormat;
use schemas::pricing::{ClientCostPolicy, PriceBook};
use schemas::validate::{Context, validate};
use schemas::{RawEvent, Record};
use serde_json::{Value, json};
use service::config::{ClickHouseArgs, KafkaArgs, RetentionArgs};
use tokio_util::sync::CancellationToken;

const PARTITIONS: u32 = 2;
/// Hours of every audit; the events lie in the newest three.
pub const HOURS: u32 = 5;
const HOUR_US: i64 = 3_600_000_000;

pub struct World {
    pub config: Config,
    client: clickhouse::Client,
    producer: FutureProducer,
    book: PriceBook,
}

pub struct Running {
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<anyhow::Result<()>>,
}

impl Running {
    pub async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap().unwrap();
    }
}

pub fn now_us() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_micros()).unwrap()
}

/// The aggregator's defaults, with small batches.
fn settings() -> Config {
    let command = Config::augment_args(clap::Command::new("aggregator").no_binary_name(true));
    let flags = [
        "--batch-age-max-ms=50",
        "--batch-rows-max=20",
        "--insert-timeout-seconds=3",
        "--insert-lifetime-seconds=2",
        "--session-timeout-ms=6000",
    ];
    Config::from_arg_matches(&command.get_matches_from(flags)).unwrap()
}

impl World {
    pub async fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let broker = engines::testing::kafka().await;
        let engine = engines::testing::clickhouse::clickhouse().await;
        let mut kafka = KafkaArgs::at(&broker.bootstrap).with_topic_prefix(&format!("audit{n}."));
        kafka.topic_partitions = PARTITIONS.cast_signed();
        service::kafka::ensure_topics(&kafka).await.unwrap();
        let mut clickhouse = ClickHouseArgs::at(&engine.url);
        clickhouse.clickhouse_database = engine.database("audit").await;
        let retention = RetentionArgs::new(400, 1200);
        let migrated = service::migrate::run(&clickhouse, &retention).await;
        migrated.unwrap();
        let producer = kafka.client("test").set("linger.ms", "1").create().unwrap();
        Self {
            client: clickhouse.client(),
            config: Config {
                kafka,
                clickhouse,
                consumer_group: format!("audit{n}"),
                ..settings()
            },
            producer,
            book: PriceBook::bundled().unwrap(),
        }
    }

    /// With 62 records that a real aggregator has written: see [`Self::send_hours`].
    pub async fn written() -> Self {
        stay_within_an_hour().await;
        let world = Self::new().await;
        let running = world.start();
        world.send_hours().await;
        world.received(62).await;
        running.stop().await;
        world
    }

    pub fn start(&self) -> Running {
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(aggregator::run(self.config.clone(), shutdown.clone()));
        Running { shutdown, task }
    }

    /// Sixty events of two tenants in three hours (a third of them without a price), one of
    /// them twice, and a record that is no event.
    pub async fn send_hours(&self) {
        for ago in 0..3 {
            let events = (0..20).map(|i| {
                let tenant = if i % 3 == 2 { "b" } else { "a" };
                let timestamp_ms = (hour_start_us() - ago * HOUR_US) / 1000 + i;
                let mut event = json!({
                    "id": format!("{tenant}-{ago}-{i}"), "provider": "openai",
                    "run_id": format!("run-{}", i % 4), "timestamp": timestamp_ms,
                });
                match i % 3 {
                    0 => event["model"] = json!("never-heard-of"),
                    _ => event["cost_usd"] = json!("0.000001"),
                }
                (tenant, event)
            });
            self.send(events).await;
        }
        let twice = json!({ "id": "a-0-0", "provider": "openai", "cost_usd": 5 });
        self.send([("a", twice)]).await;
        self.send_raw(0, None, b"no event").await;
    }

    /// Events of now and of an hour ago.
    pub async fn send_some(&self, first: u64, count: u64) {
        let events = (first..first + count).map(|i| {
            let tenant = ["a", "b", "c"][usize::try_from(i % 3).unwrap()];
            let timestamp_ms = (now_us() - i64::from(i % 2 == 0) * HOUR_US) / 1000;
            let event = json!({
                "id": format!("e{i}"), "provider": "openai", "run_id": format!("run-{}", i / 7),
                "timestamp": timestamp_ms, "cost_usd": "0.000000000001",
                "customer_id": format!("customer-{}", i % 5),
            });
            (tenant, event)
        });
        self.send(events).await;
    }

    async fn send(&self, events: impl IntoIterator<Item = (&'static str, Value)>) {
        let sent = events.into_iter().map(|(tenant, event)| async move {
            let record = self.record(tenant, &event);
            let (key, value) = (record.key().to_vec(), record.value());
            let partition = record.partition(PARTITIONS, 1).cast_signed();
            self.send_raw(partition, Some(&key), &value).await;
        });
        join_all(sent).await;
    }

    fn record(&self, tenant_id: &str, event: &Value) -> Record {
        let text = event.to_string();
        let raw = RawEvent::parse(&text).unwrap();
        let context = Context {
            tenant_id,
            received_us: now_us(),
            retention_us: 400 * 86_400_000_000,
            ingest_key_id: "key1",
        };
        let event = validate(&raw, &context, || panic!("events of tests have ids")).unwrap();
        event.price(&self.book, ClientCostPolicy::Trust)
    }

    async fn send_raw(&self, partition: i32, key: Option<&[u8]>, value: &[u8]) {
        let topic = &self.config.kafka.events_topic;
        let mut record = FutureRecord::<[u8], [u8]>::to(topic).payload(value);
        record.key = key;
        record.partition = Some(partition);
        let sent = self.producer.send(record, Duration::from_secs(30)).await;
        sent.unwrap();
    }

    /// Waits until the ledger has taken in so many records.
    pub async fn received(&self, count: u64) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while self.number("SELECT sum(received) FROM ingest_ledger").await < count {
            assert!(Instant::now() < deadline, "not {count} records in a minute");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub fn auditor(&self) -> Auditor {
        let Config {
            clickhouse,
            kafka,
            consumer_group,
            ..
        } = &self.config;
        Auditor::new(clickhouse, kafka.clone(), consumer_group)
    }

    /// The last hours, as the tables and Kafka tell them.
    pub async fn audit(&self, scope: &Scope) -> Conservation {
        self.ask(&self.auditor(), scope).await.unwrap()
    }

    pub async fn ask(&self, auditor: &Auditor, scope: &Scope) -> Result<Conservation> {
        let hours = Hours::last(HOURS, Utc::now()).unwrap();
        auditor.audit(scope, hours, MoneyFormat::Number).await
    }

    pub async fn execute(&self, sql: &str) {
        self.client.query(sql).execute().await.unwrap();
    }

    pub async fn alter(&self, table: &str, change: &str) {
        let sql = format!("ALTER TABLE {table} {change} SETTINGS mutations_sync = 1");
        self.execute(&sql).await;
    }

    pub async fn number(&self, sql: &str) -> u64 {
        self.client.query(sql).fetch_one().await.unwrap()
    }
}

/// Tests name hours by their distance from now, so that none may end while they run.
async fn stay_within_an_hour() {
    const TEST_LASTS_US: i64 = 30_000_000;
    let left = HOUR_US - now_us() % HOUR_US;
    if left < TEST_LASTS_US {
        tokio::time::sleep(Duration::from_micros(left.unsigned_abs())).await;
    }
}

/// Of the current hour.
fn hour_start_us() -> i64 {
    now_us() / HOUR_US * HOUR_US
}
