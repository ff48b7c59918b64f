//! Topics on a real broker.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use engines::testing::kafka;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use service::config::{KafkaArgs, Properties};
use service::kafka::{Error, Observer, ensure_topics};

async fn args(prefix: &str) -> KafkaArgs {
    KafkaArgs::at(&kafka().await.bootstrap).with_topic_prefix(prefix)
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_are_made_once_whoever_asks() {
    let mut args = args("once-").await;
    args.topic_partitions = 3;
    let made = futures::future::join_all((0..4).map(|_| ensure_topics(&args))).await;
    for topics in made {
        assert_eq!(topics.unwrap().events_partitions, 3);
    }
    args.topic_partitions = 7;
    let again = ensure_topics(&args).await.unwrap();
    assert_eq!(
        again.events_partitions, 3,
        "an existing topic is left as it is"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_have_the_settings_that_later_steps_rely_on() {
    let args = args("settings-").await;
    ensure_topics(&args).await.unwrap();
    let admin: AdminClient<DefaultClientContext> = args.client("test").create().unwrap();
    let asked = [
        ResourceSpecifier::Topic(&args.events_topic),
        ResourceSpecifier::Topic(&args.control_topic),
    ];
    let answers = admin
        .describe_configs(&asked, &AdminOptions::new())
        .await
        .unwrap();
    let setting = |topic: usize, name: &str| {
        answers[topic]
            .as_ref()
            .unwrap()
            .get(name)
            .unwrap()
            .value
            .clone()
            .unwrap()
    };
    assert_eq!(setting(0, "message.timestamp.type"), "LogAppendTime");
    assert_eq!(setting(0, "retention.ms"), "604800000");
    assert_eq!(setting(0, "min.insync.replicas"), "1");
    assert_eq!(setting(1, "cleanup.policy"), "compact");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_made_again_has_another_id() {
    let args = args("again-").await;
    ensure_topics(&args).await.unwrap();
    let config = args.client("test");
    let first = topic_id(&config, &args.events_topic).await.unwrap();
    assert_eq!(first.len(), 22, "{first}");
    assert_eq!(topic_id(&config, &args.events_topic).await.unwrap(), first);
    assert_ne!(topic_id(&config, &args.control_topic).await.unwrap(), first);

    let admin: AdminClient<DefaultClientContext> = config.create().unwrap();
    admin
        .delete_topics(&[&args.events_topic], &AdminOptions::new())
        .await
        .unwrap();
    let gone = async || {
        matches!(
            topic_id(&config, &args.events_topic).await,
            Err(Error::Topic { .. })
        )
    };
    while !gone().await {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    ensure_topics(&args).await.unwrap();
    assert_ne!(topic_id(&config, &args.events_topic).await.unwrap(), first);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_no_cluster_can_meet_are_not_retried() {
    let mut args = args("impossible-").await;
    args.topic_replication = Some(3);
    let error = ensure_topics(&args).await.unwrap_err();
    assert!(!error.is_retryable(), "{error}");
    args.kafka_config = vec![Properties::parse("no.such.property=1").unwrap()];
    let error = ensure_topics(&args).await.unwrap_err();
    assert!(
        !error.is_retryable() && error.to_string().contains("no.such.property"),
        "{error}"
    );
}

async fn topic_id(config: &ClientConfig, topic: &str) -> Result<String, Error> {
    Observer::new(config, topic)?.topic_id().await
}
