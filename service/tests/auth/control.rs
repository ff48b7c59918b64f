//! Keys on the control topic, over a real Kafka: two services, one decision.

use std::time::{Duration, Instant};

use engines::kafka::{Broker, Config};
use engines::testing::kafka;
use rdkafka::producer::{FutureProducer, FutureRecord};
use secrecy::{ExposeSecret, SecretString};
use service::auth::{Authenticator, KeyManager, Keyring, NewKey, Scopes};
use service::config::KafkaArgs;
use service::control::Control;
use service::health::Readiness;
use tokio_util::sync::CancellationToken;

use crate::world::ask;

/// CONTRACT: a revocation is effective everywhere.
const EVERYWHERE_WITHIN: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(60);

/// A service as far as keys go: a copy of the topic, a way to change it, a door.
struct Service {
    door: Authenticator,
    keys: KeyManager,
    readiness: Readiness,
    shutdown: CancellationToken,
}

impl Service {
    fn start(kafka: &KafkaArgs) -> Self {
        let door = Authenticator::required(Keyring::default());
        let shutdown = CancellationToken::new();
        let control = Control::start(kafka, door.tables(), &shutdown);
        let readiness = Readiness::default();
        control.register(&readiness, "test");
        let keys = KeyManager::new(door.keyring().clone(), control);
        Self {
            door,
            keys,
            readiness,
            shutdown,
        }
    }

    async fn ready(self) -> Self {
        let begun = Instant::now();
        while !self.readiness.report().await.ready {
            assert!(begun.elapsed() < PATIENCE, "never ready");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self
    }

    async fn make(&self, tenant: &str) -> (String, SecretString) {
        let wish = NewKey {
            name: Some("test".to_owned()),
            scopes: Scopes::ALL,
            expires_at: None,
        };
        let made = self
            .keys
            .operator_create("cli:test", Some(tenant), wish)
            .await;
        let (info, key) = made.unwrap();
        (info.id, key)
    }

    async fn status(&self, key: &SecretString) -> u16 {
        ask(&self.door, key.expose_secret()).await.0
    }

    /// Until the door answers so; how long that took.
    async fn until(&self, key: &SecretString, status: u16) -> Duration {
        let begun = Instant::now();
        while self.status(key).await != status {
            assert!(begun.elapsed() < PATIENCE, "never {status}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        begun.elapsed()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_works_at_once_and_ends_everywhere_within_two_seconds() {
    let kafka = KafkaArgs::at(&kafka().await.bootstrap).with_topic_prefix("keys-");
    let (one, other) = (Service::start(&kafka), Service::start(&kafka));
    let (one, other) = (one.ready().await, other.ready().await);
    let mut fastest = PATIENCE;
    for round in 0..5 {
        let (id, key) = one.make("acme").await;
        assert_eq!(one.status(&key).await, 200, "its maker knows it");
        other.until(&key, 200).await;
        other.keys.operator_revoke("cli:test", &id).await.unwrap();
        assert_eq!(other.status(&key).await, 401, "who ended it knows it");
        let took = one.until(&key, 401).await;
        println!("round {round}: revoked elsewhere after {took:?}");
        fastest = fastest.min(took);
    }
    assert!(fastest < EVERYWHERE_WITHIN, "{fastest:?}");

    // Who comes later reads it all: five that ended, and one that is valid.
    let (_, key) = other.make("globex").await;
    let later = Service::start(&kafka).ready().await;
    assert_eq!(later.status(&key).await, 200);
    let listed = later.keys.operator_list();
    assert_eq!(listed.len(), 6);
    assert_eq!(
        listed.iter().filter(|key| key.revoked_at.is_some()).count(),
        5
    );
    assert!(listed.iter().all(|key| key.created_by == "cli:test"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_ours_on_the_topic_stops_nobody() {
    let kafka = KafkaArgs::at(&kafka().await.bootstrap).with_topic_prefix("junk-");
    let one = Service::start(&kafka).ready().await;
    let (id, key) = one.make("acme").await;
    let (kept_id, kept) = one.make("acme").await;
    let producer: FutureProducer = kafka.client("test").create().unwrap();
    let send = async |key: &str, value: Option<&str>| {
        let mut record = FutureRecord::<str, str>::to(&kafka.control_topic);
        (record.key, record.payload) = (Some(key), value);
        producer.send(record, PATIENCE).await.unwrap();
    };
    // The broker takes no record without a key.
    send("no-kind", Some("{}")).await;
    send("future_kind/1", Some("{\"kind\":\"future_kind\"}")).await;
    send("api_key/", Some("")).await;
    // Not readable: the key is not trusted any more.
    send(&format!("api_key/{id}"), Some("{\"kind\":\"api_key\"}")).await;
    one.until(&key, 401).await;
    assert_eq!(one.status(&kept).await, 200);
    send(&format!("api_key/{kept_id}"), None).await;
    one.until(&kept, 401).await;
    assert!(one.keys.operator_list().is_empty());
    let later = Service::start(&kafka).ready().await;
    assert_eq!(later.status(&kept).await, 401);
}

/// Healthy, away, back. Before Kafka was there once, nobody is let in or sent away for good.
#[tokio::test(flavor = "multi_thread")]
async fn while_kafka_is_away_a_service_goes_by_what_it_has() {
    let directory = tempfile::tempdir().unwrap();
    let broker = Broker::start(Config::single(directory.path(), 0))
        .await
        .unwrap();
    broker.wait_ready(PATIENCE).await.unwrap();
    let port = broker.node().port;
    let kafka = KafkaArgs::at(broker.bootstrap());
    let one = Service::start(&kafka).ready().await;
    let (id, key) = one.make("acme").await;
    broker.kill().await;

    assert_eq!(one.status(&key).await, 200);
    assert!(one.readiness.report().await.ready);
    let newcomer = Service::start(&kafka);
    assert_eq!(newcomer.status(&key).await, 503);
    assert!(!newcomer.readiness.report().await.ready);
    let refused = one.keys.operator_revoke("cli:test", &id).await.unwrap_err();
    assert_eq!(
        (refused.status().as_u16(), refused.code()),
        (503, "broker_unavailable")
    );

    let broker = Broker::start(Config::single(directory.path(), port))
        .await
        .unwrap();
    broker.wait_ready(PATIENCE).await.unwrap();
    let newcomer = newcomer.ready().await;
    assert_eq!(newcomer.status(&key).await, 200);
    let begun = Instant::now();
    while newcomer
        .keys
        .operator_revoke("cli:test", &id)
        .await
        .is_err()
    {
        assert!(begun.elapsed() < PATIENCE, "cannot be revoked");
    }
    one.until(&key, 401).await;
    broker.stop().await;
}
