//! The routes over a real broker: what a 202 promises is on the topic.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::otlp;
use crate::otlp_proto::encode;
use crate::support::{Answer, event, fixtures, gzip, post_to, raw_to, retention};
use axum::Router;
use engines::kafka::{Broker, Config};
use engines::testing::{kafka, read_all};
use ingest::{Ingest, IngestArgs};
use rdkafka::Message;
use rdkafka::message::OwnedMessage;
use schemas::partition::partition_of;
use schemas::record::decode;
use schemas::wire::UsageEvent;
use serde_json::{Value, json};
use service::auth::Authenticator;
use service::config::KafkaArgs;
use service::health::Readiness;
use service::publish::KafkaPublisher;

struct Live {
    router: Router,
    publisher: KafkaPublisher,
    readiness: Readiness,
    kafka: KafkaArgs,
}

impl Live {
    fn start(kafka: KafkaArgs, args: IngestArgs) -> Self {
        let publisher = KafkaPublisher::start(&kafka, &args.producer()).unwrap();
        let readiness = Readiness::default();
        publisher.register(&readiness);
        let dyn_publisher = Arc::new(publisher.clone());
        let off = Authenticator::off(false);
        let ingest = Ingest::new(args, retention(), off, dyn_publisher).unwrap();
        Self {
            router: ingest::router(ingest),
            publisher,
            readiness,
            kafka,
        }
    }

    async fn ready(self) -> Self {
        let begun = Instant::now();
        while !self.readiness.report().await.ready {
            assert!(begun.elapsed() < Duration::from_secs(60), "never ready");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self
    }

    async fn post(&self, body: impl Into<axum::body::Body>) -> Answer {
        post_to(&self.router, "/events", body, &[]).await
    }

    async fn stored(&self) -> Vec<(i32, UsageEvent)> {
        let kafka = self.kafka.clone();
        tokio::task::spawn_blocking(move || stored(&kafka))
            .await
            .unwrap()
    }
}

/// Everything on the topic, by partition; each record is one of ours.
pub(crate) fn stored(kafka: &KafkaArgs) -> Vec<(i32, UsageEvent)> {
    let (topic, partitions) = (&kafka.events_topic, kafka.topic_partitions);
    let records = read_all(&kafka.kafka_brokers, topic, partitions);
    let decode = |record: &OwnedMessage| decode(record.key(), record.payload()).unwrap();
    records
        .iter()
        .map(|record| (record.partition(), decode(record)))
        .collect()
}

pub(crate) fn count_by_id(stored: &[(i32, UsageEvent)]) -> BTreeMap<String, usize> {
    stored
        .iter()
        .fold(BTreeMap::new(), |mut counts, (_, event)| {
            *counts.entry(event.id.clone()).or_default() += 1;
            counts
        })
}

async fn live(prefix: &str) -> Live {
    let kafka = KafkaArgs::at(&kafka().await.bootstrap).with_topic_prefix(prefix);
    Live::start(kafka, IngestArgs::default()).ready().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_accepted_is_on_its_partition_once() {
    let live = live("accepted-").await;
    let batches = (0..20).map(|batch| {
        let events: Vec<Value> = (0..100)
            .map(|i| json!({"id": format!("{batch}-{i}"), "provider": "openai", "tenant_id": format!("tenant-{}", i % 37)}))
            .collect();
        live.post(json!(events).to_string())
    });
    for answer in futures::future::join_all(batches).await {
        assert_eq!(
            (answer.status, &answer.body["accepted"]),
            (202, &json!(100))
        );
    }
    let stored = live.stored().await;
    let counts = count_by_id(&stored);
    assert_eq!(counts.len(), 2000);
    assert!(counts.values().all(|count| *count == 1));
    for (partition, event) in stored {
        let expected = partition_of(&event.tenant_id, &event.id, 4, 1);
        assert_eq!(partition, expected.cast_signed());
    }
    live.publisher.stop().await;
}

/// Bad requests and bad events between good ones: the good ones are there, nothing else is.
#[tokio::test(flavor = "multi_thread")]
async fn bad_input_costs_no_other_event() {
    let live = live("bad-").await;
    let (good, bad) = fixtures();
    let mut accepted = 0;
    let mut marks = 0;
    let mut mark = async || {
        marks += 1;
        let answer = live.post(event(&format!("mark-{marks}")).to_string()).await;
        assert_eq!(answer.status, 202);
    };
    for (text, code) in &bad {
        let answer = live.post(format!("[{text},{}]", good[0])).await;
        accepted += 1;
        assert_eq!(answer.rejections(), [(0, code.clone())], "{text}");
        mark().await;
    }
    let bomb = gzip(&vec![b' '; 100 << 20]);
    let many = format!("[{}]", vec![good[0].as_str(); 10_001].join(","));
    let whole: Vec<(Vec<u8>, Option<&str>, u16)> = vec![
        ("not json".into(), None, 400),
        (b"{\"provider\":\"\xff\"}".to_vec(), None, 400),
        (many.into(), None, 413),
        (bomb, Some("gzip"), 413),
        (b"\x1f\x8bnot gzip".to_vec(), Some("gzip"), 400),
        ("[{}]".into(), None, 422),
        ("[]".into(), None, 202),
    ];
    for (body, encoding, status) in whole {
        let headers: Vec<_> = encoding
            .map(|name| ("content-encoding", name))
            .into_iter()
            .collect();
        assert_eq!(
            post_to(&live.router, "/events", body, &headers)
                .await
                .status,
            status
        );
        mark().await;
    }
    assert_eq!(live.stored().await.len(), accepted + marks);
    live.publisher.stop().await;
}

/// Every convention, in both encodings: what was answered with 200 is on the topic, with the
/// same ids the second time, so that it counts once.
#[tokio::test(flavor = "multi_thread")]
async fn spans_that_were_answered_200_are_on_the_topic() {
    let live = live("otlp-").await;
    let mut expected: BTreeMap<String, usize> = BTreeMap::new();
    for (name, fixture) in otlp::fixtures() {
        let protobuf = encode(&fixture["request"]);
        let json = fixture["request"].to_string().into_bytes();
        for (media, body) in [("x-protobuf", protobuf), ("json", json)] {
            let media = format!("application/{media}");
            let headers = [("content-type", media.as_str())];
            let answer = raw_to(&live.router, "/v1/traces", body.into(), &headers).await;
            assert_eq!(answer.status, 200, "{name}");
        }
        for event in fixture["expect"].as_array().unwrap() {
            let id = event["id"].as_str().unwrap();
            *expected.entry(id.to_owned()).or_default() += 2;
        }
    }
    assert_eq!(count_by_id(&live.stored().await), expected);
    live.publisher.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_events_in_one_request() {
    let live = live("many-").await;
    let events: Vec<Value> = (0..10_000).map(|i| event(&format!("e{i}"))).collect();
    let answer = live.post(json!(events).to_string()).await;
    assert_eq!(
        (answer.status, &answer.body["accepted"]),
        (202, &json!(10_000))
    );
    assert_eq!(count_by_id(&live.stored().await).len(), 10_000);
    live.publisher.stop().await;
}

/// Healthy, away, back: what was accepted is there, and what was not was refused in time.
#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_dies_and_comes_back_loses_nothing_accepted() {
    let directory = tempfile::tempdir().unwrap();
    let broker = Broker::start(Config::single(directory.path(), 0))
        .await
        .unwrap();
    broker.wait_ready(Duration::from_secs(60)).await.unwrap();
    let port = broker.node().port;
    let args = IngestArgs {
        ingest_delivery_timeout_ms: 3_000,
        ..IngestArgs::default()
    };
    let live = Live::start(KafkaArgs::at(broker.bootstrap()), args)
        .ready()
        .await;

    let mut accepted = Vec::new();
    for i in 0..50 {
        let id = format!("before-{i}");
        assert_eq!(live.post(event(&id).to_string()).await.status, 202);
        accepted.push(id);
    }

    broker.kill().await;
    let begun = Instant::now();
    let first = live.post(event("during").to_string()).await;
    assert_eq!((first.status, first.code()), (503, "broker_unavailable"));
    assert!(first.header("retry-after").parse::<u32>().unwrap() > 0);
    assert!(
        begun.elapsed() < Duration::from_secs(7),
        "refused after {:?}",
        begun.elapsed()
    );
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert!(!live.readiness.report().await.ready);
    let begun = Instant::now();
    assert_eq!(live.post(event("during").to_string()).await.status, 503);
    assert!(
        begun.elapsed() < Duration::from_millis(500),
        "a known outage needs no waiting"
    );

    let broker = Broker::start(Config::single(directory.path(), port))
        .await
        .unwrap();
    broker.wait_ready(Duration::from_secs(60)).await.unwrap();
    let begun = Instant::now();
    while live.post(event("during").to_string()).await.status != 202 {
        assert!(begun.elapsed() < Duration::from_secs(30), "did not recover");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    accepted.push("during".to_owned());
    for i in 0..50 {
        let id = format!("after-{i}");
        assert_eq!(live.post(event(&id).to_string()).await.status, 202);
        accepted.push(id);
    }
    let counts = count_by_id(&live.stored().await);
    for id in accepted {
        assert!(counts.contains_key(&id), "{id} was accepted and is gone");
    }
    live.publisher.stop().await;
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_comes_later_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let live = Live::start(
        KafkaArgs::at(format!("127.0.0.1:{port}")),
        IngestArgs::default(),
    );
    let begun = Instant::now();
    let answer = live.post(event("early").to_string()).await;
    assert_eq!((answer.status, answer.code()), (503, "broker_unavailable"));
    assert!(begun.elapsed() < Duration::from_secs(1));
    assert!(!live.readiness.report().await.ready);
    let broker = Broker::start(Config::single(directory.path(), port))
        .await
        .unwrap();
    let live = live.ready().await;
    assert_eq!(live.post(event("late").to_string()).await.status, 202);
    assert_eq!(live.stored().await.len(), 1);
    live.publisher.stop().await;
    broker.stop().await;
}
