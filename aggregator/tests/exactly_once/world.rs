//! The aggregator between a real broker and a real ClickHouse, with a topic, a group and a
//! database of the test's own.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aggregator::Config;
use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use schemas::pricing::{ClientCostPolicy, PriceBook};
use schemas::validate::{Context, validate};
use schemas::{RawEvent, Record};
use serde_json::Value;
use service::config::{ClickHouseArgs, KafkaArgs, MetricsArgs, RetentionArgs, TlsArgs};
use service::kafka::{Observer, watermarks};
use tokio_util::sync::CancellationToken;

pub(crate) const PARTITIONS: u32 = 2;

pub(crate) struct World {
    pub(crate) config: Config,
    pub(crate) clickhouse: clickhouse::Client,
    producer: FutureProducer,
    book: PriceBook,
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

pub(crate) fn now_us() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_micros()).unwrap()
}

impl World {
    pub(crate) async fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        drop(
            tracing_subscriber::fmt()
                .with_env_filter("aggregator=info,warn")
                .with_test_writer()
                .try_init(),
        );
        let kafka = engines::testing::kafka().await;
        let engine = engines::testing::clickhouse::clickhouse().await;
        let mut kafka = KafkaArgs::at(&kafka.bootstrap).with_topic_prefix(&format!("t{n}."));
        kafka.topic_partitions = i32::try_from(PARTITIONS).unwrap();
        service::kafka::ensure_topics(&kafka).await.unwrap();
        let mut clickhouse = ClickHouseArgs::at(&engine.url);
        clickhouse.clickhouse_database = engine.database("aggregator").await;
        let retention = RetentionArgs::new(400, 1200);
        service::migrate::run(&clickhouse, &retention)
            .await
            .unwrap();
        let producer = kafka.client("test").set("linger.ms", "1").create().unwrap();
        let client = clickhouse.client();
        let config = Config {
            kafka,
            clickhouse,
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
        Self {
            config,
            clickhouse: client,
            producer,
            book: PriceBook::bundled().unwrap(),
        }
    }

    pub(crate) fn start(&self) -> Running {
        self.start_with(|_| ())
    }

    pub(crate) fn start_with(&self, change: impl FnOnce(&mut Config)) -> Running {
        let mut config = self.config.clone();
        change(&mut config);
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(aggregator::run(config, shutdown.clone()));
        Running { shutdown, task }
    }

    pub(crate) fn record(&self, tenant_id: &str, event: &Value) -> Record {
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

    pub(crate) async fn send(&self, records: &[Record]) {
        self.send_at(records, None).await;
    }

    /// `log_time_ms`: for a topic that takes the sender's word for it.
    pub(crate) async fn send_at(&self, records: &[Record], log_time_ms: Option<i64>) {
        let sent = records.iter().map(|record| async {
            let (key, value) = (record.key().to_vec(), record.value());
            let partition = record.partition(PARTITIONS, 1).cast_signed();
            self.produce(partition, Some(&key), &value, log_time_ms)
                .await;
        });
        futures::future::join_all(sent).await;
    }

    pub(crate) async fn send_raw(&self, partition: i32, key: Option<&[u8]>, value: &[u8]) {
        self.produce(partition, key, value, None).await;
    }

    async fn produce(
        &self,
        partition: i32,
        key: Option<&[u8]>,
        value: &[u8],
        log_time_ms: Option<i64>,
    ) {
        let mut record =
            FutureRecord::<[u8], [u8]>::to(&self.config.kafka.events_topic).payload(value);
        record.key = key;
        record.partition = Some(partition);
        record.timestamp = log_time_ms;
        self.producer
            .send(record, Duration::from_secs(30))
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

    /// Waits until the ledger has taken in so many records.
    pub(crate) async fn received(&self, count: u64) {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let received = self.number("SELECT sum(received) FROM ingest_ledger").await;
            if received >= count {
                assert_eq!(received, count, "records were taken in twice");
                return;
            }
            assert!(
                Instant::now() < deadline,
                "{received} of {count} records after a minute"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Every rollup equals what raw adds up to, exactly; each id is there once.
    pub(crate) async fn assert_consistent(&self) {
        assert_eq!(
            self.number("SELECT toUInt64(count() - uniqExact(tenant_id, id)) FROM trace_events")
                .await,
            0
        );
        for (table, sql) in [
            (
                "usage_15m",
                include_str!("world/usage.sql")
                    .replace("{table}", "usage_15m")
                    .replace("{seconds}", "900")
                    .replace("{since}", "toDateTime(0)"),
            ),
            (
                "usage_1m",
                include_str!("world/usage.sql")
                    .replace("{table}", "usage_1m")
                    .replace("{seconds}", "60")
                    .replace("{since}", "toStartOfDay(now('UTC') - INTERVAL 14 DAY)"),
            ),
            (
                "usage_15m (tenants' latencies)",
                include_str!("world/tenant_latencies.sql").to_owned(),
            ),
            ("runs", include_str!("world/runs.sql").to_owned()),
            ("ingest_ledger", include_str!("world/ledger.sql").to_owned()),
        ] {
            assert_eq!(self.text(&sql).await, "", "{table} differs from raw");
        }
    }

    /// What another tool does to the group's offsets: no metadata.
    pub(crate) fn reset_offsets(&self, offset: i64) {
        let consumer = self.outsider();
        let mut list = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            list.add_partition_offset(
                &self.config.kafka.events_topic,
                partition.cast_signed(),
                Offset::Offset(offset),
            )
            .unwrap();
        }
        // Refused as long as the coordinator counts a member.
        let deadline = Instant::now() + Duration::from_secs(20);
        while let Err(error) = consumer.commit(&list, CommitMode::Sync) {
            assert!(Instant::now() < deadline, "{error}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Of the group, as the broker sees it.
    pub(crate) fn members(&self) -> usize {
        let (group, outsider) = (&self.config.consumer_group, self.outsider());
        let groups = outsider.fetch_group_list(Some(group), Duration::from_secs(10));
        let groups = groups.unwrap();
        groups
            .groups()
            .iter()
            .map(|group| group.members().len())
            .sum()
    }

    fn outsider(&self) -> BaseConsumer {
        ClientConfig::new()
            .set("bootstrap.servers", &self.config.kafka.kafka_brokers)
            .set("group.id", &self.config.consumer_group)
            .create()
            .unwrap()
    }

    /// From now on log time is what the sender says: a broker's clock, for the test to set.
    pub(crate) async fn set_log_times(&self) {
        let (admin, options) = self.admin();
        let topic = ResourceSpecifier::Topic(&self.config.kafka.events_topic);
        let change = AlterConfig::new(topic)
            .set("message.timestamp.type", "CreateTime")
            .set("message.timestamp.after.max.ms", "86400000");
        let results = admin.alter_configs([&change], &options).await.unwrap();
        assert!(results.iter().all(Result::is_ok), "{results:?}");
    }

    /// The topic's incarnation.
    pub(crate) async fn epoch(&self) -> String {
        let kafka = &self.config.kafka;
        let observer = Observer::new(&kafka.client("test"), &kafka.events_topic);
        observer.unwrap().topic_id().await.unwrap()
    }

    /// By partition, where the log ends and where the aggregator's own question says that
    /// the ledger ends.
    pub(crate) async fn ends(&self) -> Vec<(u64, u64)> {
        let kafka = &self.config.kafka;
        let epoch = self.epoch().await;
        let mut ends = Vec::new();
        for partition in 0..PARTITIONS {
            let (outsider, wait) = (self.outsider(), Duration::from_secs(10));
            let asked = watermarks(
                &outsider,
                &kafka.events_topic,
                partition.cast_signed(),
                wait,
            );
            let (_, high) = asked.unwrap();
            let sql = include_str!("../../src/store/last_batch.sql");
            let query = self.clickhouse.query(sql);
            let query = query
                .param("topic", &kafka.events_topic)
                .param("epoch", &epoch)
                .param("partition", partition);
            let (_, ledger_end): (u64, u64) = query.fetch_one().await.unwrap();
            ends.push((high.cast_unsigned(), ledger_end));
        }
        ends
    }

    /// Records of the partition below the offset.
    pub(crate) async fn retention_removes(&self, partition: i32, offset: i64) {
        let (admin, options) = self.admin();
        let mut list = TopicPartitionList::new();
        let topic = &self.config.kafka.events_topic;
        list.add_partition_offset(topic, partition, Offset::Offset(offset))
            .unwrap();
        let removed = admin.delete_records(&list, &options).await.unwrap();
        for element in removed.elements() {
            element.error().unwrap();
        }
    }

    fn admin(&self) -> (AdminClient<DefaultClientContext>, AdminOptions) {
        let admin = self.config.kafka.client("test").create().unwrap();
        (admin, AdminOptions::new())
    }

    pub(crate) async fn make_topics_again(&self) {
        let (admin, options) = self.admin();
        let topic = self.config.kafka.events_topic.as_str();
        let results = admin.delete_topics(&[topic], &options).await.unwrap();
        assert!(results.iter().all(Result::is_ok), "{results:?}");
        let deadline = Instant::now() + Duration::from_secs(30);
        while let Err(error) = service::kafka::ensure_topics(&self.config.kafka).await {
            assert!(Instant::now() < deadline, "{error}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    pub(crate) async fn delete_offsets(&self) {
        let (admin, options) = self.admin();
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let results = admin
                .delete_groups(&[&self.config.consumer_group], &options)
                .await
                .unwrap();
            if results.iter().all(Result::is_ok) {
                return;
            }
            // The member that has just ended may not have left yet.
            let busy = matches!(
                results[..],
                [Err((_, rdkafka::error::RDKafkaErrorCode::NonEmptyGroup))]
            );
            assert!(busy && Instant::now() < deadline, "{results:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}
