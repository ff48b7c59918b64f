//! Kafka is away: calls go on, their events wait, and arrive once it is back.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use engines::kafka::{Broker, Config};
use engines::testing::read_all;
use rdkafka::Message;
use rdkafka::message::OwnedMessage;
use schemas::record::decode;
use schemas::wire::UsageEvent;
use service::auth::Authenticator;
use service::config::KafkaArgs;
use service::publish::KafkaPublisher;

use crate::client::{http1, post, send};
use crate::upstream::{Upstream, whole};
use crate::world::{Memory, World};

async fn calls(world: &World, count: usize) {
    let client = http1();
    for n in 0..count {
        let begun = Instant::now();
        let request = post(
            &world.url("/openai/v1/chat/completions"),
            &[],
            n.to_string(),
        );
        assert_eq!(send(&client, request).await.status, 200);
        assert!(
            begun.elapsed() < Duration::from_secs(5),
            "a call waited for its event"
        );
    }
}

fn ids(events: &[UsageEvent]) -> BTreeSet<&str> {
    events.iter().map(|event| event.id.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_wait_in_memory_without_a_directory() {
    let upstream = Upstream::start(|_| async { whole(200, "{}") }).await;
    let world = World::at(&upstream).await;
    world.memory.away.store(true, Ordering::SeqCst);
    calls(&world, 50).await;
    world.memory.away.store(false, Ordering::SeqCst);
    let events = world.end().await;
    assert_eq!((events.len(), ids(&events).len()), (50, 50));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_loses_events_and_no_calls() {
    let upstream = Upstream::start(|_| async { whole(200, "{}") }).await;
    let world = World::with(&upstream, |settings| {
        settings.report.proxy_queue_bytes_max = 1
    })
    .await;
    calls(&world, 20).await;
    assert_eq!(world.end().await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_wait_on_disk_and_the_next_process_sends_them() {
    let dir = tempfile::tempdir().unwrap();
    let upstream = Upstream::start(|_| async { whole(200, "{}") }).await;
    let spilling = |settings: &mut proxy::Settings| {
        settings.report.proxy_spill_dir = Some(dir.path().to_owned());
    };
    let world = World::with(&upstream, spilling).await;
    world.memory.away.store(true, Ordering::SeqCst);
    calls(&world, 50).await;
    assert_eq!(world.end().await.len(), 0);

    let next = World::with(&upstream, spilling).await;
    calls(&next, 1).await;
    let events = next.events(51).await;
    assert_eq!((events.len(), ids(&events).len()), (51, 51));
    next.end().await;
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_directory_is_no_reason_to_write_more() {
    let dir = tempfile::tempdir().unwrap();
    let upstream = Upstream::start(|_| async { whole(200, "{}") }).await;
    let world = World::with(&upstream, |settings| {
        settings.report.proxy_spill_dir = Some(dir.path().to_owned());
        settings.report.proxy_spill_bytes_max = 2_000;
    })
    .await;
    world.memory.away.store(true, Ordering::SeqCst);
    calls(&world, 50).await;
    let files = std::fs::read_dir(dir.path()).unwrap();
    let bytes: u64 = files
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum();
    assert!(bytes <= 2_000, "{bytes}");
    world.memory.away.store(false, Ordering::SeqCst);
    world.events(50).await;
    let events = world.end().await;
    assert_eq!((events.len(), ids(&events).len()), (50, 50));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_broker_goes_away_and_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config::single(dir.path().join("kafka"), 0);
    let broker = Broker::start(config.clone()).await.unwrap();
    broker.wait_ready(Duration::from_secs(120)).await.unwrap();
    let port = broker.node().port;
    let kafka = KafkaArgs::at(format!("127.0.0.1:{port}"));
    let mut report = proxy::Settings::default().report;
    report.proxy_delivery_timeout_ms = 1_000;
    let publisher = KafkaPublisher::start(&kafka, &report.producer()).unwrap();
    let upstream = Upstream::start(|_| async { whole(200, "{}") }).await;
    let base = format!("openai=http://{}", upstream.address);
    let spill = dir.path().join("spill");
    let world = World::publishing_to(
        Arc::new(publisher.clone()),
        Arc::new(Memory::default()),
        Authenticator::off(false),
        |settings| {
            settings.upstream.proxy_upstreams = proxy::List::parse(&base).unwrap();
            settings.report.proxy_spill_dir = Some(spill.clone());
        },
    )
    .await;
    calls(&world, 20).await;
    broker.stop().await;
    calls(&world, 20).await;
    let begun = Instant::now();
    while std::fs::read_dir(&spill).unwrap().count() == 0 {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "nothing was spilled"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let config = Config::single(dir.path().join("kafka"), port);
    let broker = Broker::start(config).await.unwrap();
    broker.wait_ready(Duration::from_secs(120)).await.unwrap();
    calls(&world, 20).await;
    let begun = Instant::now();
    while std::fs::read_dir(&spill).unwrap().count() > 0 {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "the spill is not sent"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    world.end().await;
    publisher.stop().await;
    let stored = tokio::task::spawn_blocking(move || {
        let (topic, partitions) = (&kafka.events_topic, kafka.topic_partitions);
        let records = read_all(&kafka.kafka_brokers, topic, partitions);
        let decode = |record: OwnedMessage| decode(record.key(), record.payload()).unwrap();
        records.into_iter().map(decode).collect::<Vec<UsageEvent>>()
    })
    .await
    .unwrap();
    // A record may be there twice when its ack was lost; none is missing.
    assert_eq!(ids(&stored).len(), 60);
    broker.stop().await;
}
