//! An installation of a test's own, with an aggregator.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aggregator::Config;
use chrono::Utc;
use maintenance::hold::{Site, SiteArgs};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use schemas::pricing::{ClientCostPolicy, PriceBook};
use schemas::validate::{Context, validate};
use schemas::{RawEvent, Record};
use serde_json::{Value, json};
use service::config::{ClickHouseArgs, KafkaArgs, MetricsArgs, RetentionArgs, TlsArgs};
use tokio_util::sync::CancellationToken;

pub(crate) const PARTITIONS: u32 = 2;
const DAY_MS: i64 = 86_400_000;

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) config: Config,
    pub(crate) clickhouse: clickhouse::Client,
    producer: FutureProducer,
    book: Arc<PriceBook>,
    pub(crate) sent: Arc<AtomicU64>,
}

pub(crate) struct Running {
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<anyhow::Result<()>>,
}

impl Running {
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap().unwrap();
    }
}

/// Events that keep coming until it is stopped.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<()>,
}

impl Load {
    pub(crate) async fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.unwrap();
    }
}

fn pick(n: u64, names: &[&'static str]) -> &'static str {
    names[usize::try_from(n).unwrap() % names.len()]
}

/// The Nth event, spread over 20 days, two tenants, three customers and every kind of field.
pub(crate) fn event(n: u64) -> Value {
    let days_ago = i64::try_from(n % 20).unwrap();
    let hours_ago = i64::try_from(n % 7).unwrap();
    let ago_ms = days_ago * DAY_MS + hours_ago * 3_600_000;
    let mut event = json!({
        "id": format!("e{n}"),
        "timestamp": Utc::now().timestamp_millis() - ago_ms,
        "customer_id": format!("customer-{}", n % 3),
        "run_id": format!("run-{}-{}", n % 20, n % 4),
        "provider": pick(n, &["openai", "anthropic"]),
        "model": "gpt-4o",
        "section_path": pick(n, &["agent:a/tool:b", ""]),
        "input_tokens": 100 + n, "output_tokens": 7 * n, "cached_tokens": n % 50,
        "latency_ms": n * 37 % 5000,
        "status": pick(n, &["ok", "error", "timeout"]),
    });
    match n % 5 {
        0 => event["span_type"] = json!("agent"),
        1 => event["cost_usd"] = json!(format!("0.{:012}", n * 7919 + 1)),
        2 => event["model"] = json!("nobody-knows-its-price"),
        _ => {}
    }
    event
}

impl World {
    pub(crate) async fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let kafka = engines::testing::kafka().await;
        let mut kafka = KafkaArgs::at(&kafka.bootstrap).with_topic_prefix(&format!("t{n}."));
        kafka.topic_partitions = i32::try_from(PARTITIONS).unwrap();
        service::kafka::ensure_topics(&kafka).await.unwrap();
        let producer = kafka.client("test").set("linger.ms", "1").create().unwrap();
        let clickhouse = ClickHouseArgs::at("http://set-below");
        let config = Config {
            kafka,
            clickhouse: clickhouse.clone(),
            tls: TlsArgs::default(),
            metrics: MetricsArgs {
                metrics_port: None,
                metrics_host: [127, 0, 0, 1].into(),
            },
            consumer_group: format!("group{n}"),
            session_timeout_ms: 6000,
            batch_age_max_ms: 100,
            batch_rows_max: 500,
            batch_bytes_max: 1 << 20,
            buffer_bytes_max: 1 << 20,
            dedup_memory_bytes_max: 1 << 20,
            dedup_dir: std::env::temp_dir(),
            insert_timeout_seconds: 3,
            insert_lifetime_seconds: 2,
        };
        let mut world = Self {
            config,
            clickhouse: clickhouse.client(),
            producer,
            book: Arc::new(PriceBook::bundled().unwrap()),
            sent: Arc::default(),
        };
        world.new_database().await;
        world
    }

    /// Empty tables beside the old ones, and a consumer group that has read nothing.
    pub(crate) async fn new_database(&mut self) {
        let engine = engines::testing::clickhouse::clickhouse().await;
        let mut clickhouse = ClickHouseArgs::at(&engine.url);
        clickhouse.clickhouse_database = engine.database("maintenance").await;
        service::migrate::run(&clickhouse, &RetentionArgs::new(400, 1200))
            .await
            .unwrap();
        self.clickhouse = clickhouse.client();
        self.config.clickhouse = clickhouse;
        self.config.consumer_group.push('x');
    }

    pub(crate) async fn site(&self) -> Site {
        let args = SiteArgs {
            kafka: self.config.kafka.clone(),
            clickhouse: self.config.clickhouse.clone(),
            consumer_group: self.config.consumer_group.clone(),
        };
        Site::connect(args).await.unwrap()
    }

    pub(crate) fn start(&self) -> Running {
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(aggregator::run(self.config.clone(), shutdown.clone()));
        Running { shutdown, task }
    }

    /// Sends a few events of both tenants every few milliseconds.
    pub(crate) fn load(&self, first: u64) -> Load {
        let stop = Arc::new(AtomicBool::new(false));
        let (world, ended) = (self.clone(), stop.clone());
        let task = tokio::spawn(async move {
            let mut n = first;
            while !ended.load(Ordering::Relaxed) {
                let events: Vec<Value> = (n..n + 5).map(event).collect();
                world.send("acme", &events).await;
                world.send("beta", &events).await;
                n += 5;
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        Load { stop, task }
    }

    fn record(&self, tenant_id: &str, event: &Value) -> Record {
        let text = event.to_string();
        let raw = RawEvent::parse(&text).unwrap();
        let context = Context {
            tenant_id,
            received_us: Utc::now().timestamp_micros(),
            retention_us: 400 * DAY_MS * 1000,
            ingest_key_id: "key1",
        };
        let event = validate(&raw, &context, || panic!("events of tests have ids")).unwrap();
        event.price(&self.book, ClientCostPolicy::Trust)
    }

    pub(crate) async fn send(&self, tenant_id: &str, events: &[Value]) {
        let sent = events.iter().map(|event| async {
            let record = self.record(tenant_id, event);
            let (key, value) = (record.key().to_vec(), record.value());
            let message = FutureRecord::<[u8], [u8]>::to(&self.config.kafka.events_topic)
                .payload(&value)
                .key(&key)
                .partition(record.partition(PARTITIONS, 1).cast_signed());
            let patience = Duration::from_secs(30);
            self.producer.send(message, patience).await.unwrap();
        });
        futures::future::join_all(sent).await;
        let count = u64::try_from(events.len()).unwrap();
        self.sent.fetch_add(count, Ordering::Relaxed);
    }

    /// A record that is not ours.
    pub(crate) async fn poison(&self) {
        let record = FutureRecord::to(&self.config.kafka.events_topic)
            .key("x")
            .payload("no record");
        let sent = self.producer.send(record, Duration::from_secs(30)).await;
        sent.unwrap();
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    /// An event as a letter of an aggregator that could not decode it, at some offset.
    pub(crate) async fn dead_letter(
        &self,
        tenant_id: &str,
        event: &Value,
        offset: u64,
        log_time_ms: i64,
    ) {
        let record = self.record(tenant_id, event);
        let partition = record.partition(PARTITIONS, 1);
        let place = format!("{}/{partition}/{offset}", self.config.kafka.events_topic);
        let value = record.value();
        let headers = [
            ("reason", "not_ours".to_owned()),
            ("detail", "unknown".to_owned()),
            ("epoch", "e".to_owned()),
            ("log_time_ms", log_time_ms.to_string()),
            ("original_key", tenant_id.to_owned()),
        ];
        let headers = headers
            .iter()
            .fold(OwnedHeaders::new(), |headers, (key, value)| {
                headers.insert(Header {
                    key,
                    value: Some(value),
                })
            });
        let letter = FutureRecord::<str, [u8]>::to(&self.config.kafka.dead_letter_topic)
            .key(&place)
            .payload(&value)
            .headers(headers);
        self.producer
            .send(letter, Duration::from_secs(30))
            .await
            .unwrap();
    }

    /// Waits for so many records that others have sent.
    pub(crate) async fn came(&self, count: u64) {
        self.sent.fetch_add(count, Ordering::Relaxed);
        self.settled().await;
    }

    pub(crate) async fn run(&self, sql: &str) {
        let query = self.clickhouse.query(sql);
        query
            .with_setting("mutations_sync", "2")
            .execute()
            .await
            .unwrap();
    }

    pub(crate) async fn number(&self, sql: &str) -> u64 {
        self.clickhouse.query(sql).fetch_one().await.unwrap()
    }

    pub(crate) async fn text(&self, sql: &str) -> String {
        let mut cursor = self.clickhouse.query(sql).fetch_bytes("TSV").unwrap();
        String::from_utf8(cursor.collect().await.unwrap().to_vec()).unwrap()
    }

    /// Waits until the ledger has taken in everything that was sent.
    pub(crate) async fn settled(&self) {
        self.received(self.sent.load(Ordering::Relaxed)).await;
    }

    pub(crate) async fn received(&self, count: u64) {
        let deadline = Instant::now() + Duration::from_secs(90);
        loop {
            let received = self.number("SELECT sum(received) FROM ingest_ledger").await;
            if received >= count {
                assert_eq!(received, count, "records were taken in twice");
                return;
            }
            assert!(Instant::now() < deadline, "{received} of {count} records");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Every rollup equals raw in every measure of every key; the ledger tells of every row.
    pub(crate) async fn assert_consistent(&self) {
        for (what, sql) in [
            ("usage_15m", usage("usage_15m", 900, "toDateTime(0)")),
            (
                "usage_1m",
                usage("usage_1m", 60, "toStartOfDay(now('UTC') - INTERVAL 13 DAY)"),
            ),
            (
                "tenants' latencies",
                include_str!("../../../aggregator/tests/exactly_once/world/tenant_latencies.sql")
                    .to_owned(),
            ),
            (
                "runs",
                include_str!("../../../aggregator/tests/exactly_once/world/runs.sql").to_owned(),
            ),
            ("ledger", include_str!("world/ledger.sql").to_owned()),
        ] {
            assert_eq!(self.text(&sql).await, "", "{what} differs from raw");
        }
    }

    /// Every column of a tenant's rollups, merged or not.
    pub(crate) async fn statistics(&self, tenant_id: &str) -> String {
        let of = |table: &str, measures: &str| {
            format!(
                "SELECT {measures}, sum(cost_usd), sum(event_count), sum(input_tokens) FROM {table}
                 WHERE tenant_id = '{tenant_id}' GROUP BY ALL ORDER BY ALL"
            )
        };
        let usage = "bucket, customer_id, provider, model, section_path, status, sum(latency_us_sum), sumMap(latency_buckets)";
        let runs = "bucket, run_id, min(started_at), max(ended_at), sumMap(section_costs), arraySort(groupUniqArrayArray(customer_ids)), arraySort(groupUniqArrayArray(models))";
        let mut texts = Vec::new();
        for sql in [
            of("usage_15m", usage),
            of("usage_1m", usage),
            of("runs", runs),
        ] {
            texts.push(self.text(&sql).await);
        }
        texts.concat()
    }
}

/// As the aggregator's own tests compare them, with the sketch bucket by bucket.
fn usage(table: &str, seconds: u32, since: &str) -> String {
    include_str!("../../../aggregator/tests/exactly_once/world/usage.sql")
        .replace("{table}", table)
        .replace("{seconds}", &seconds.to_string())
        .replace("{since}", since)
}
