//! The real broker: what it keeps through restarts and kills, and how it refuses to start.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]
#![allow(clippy::disallowed_methods)] // `assign`: a test reads a topic from its beginning.

use std::path::Path;
use std::time::{Duration, Instant};

use engines::kafka::{Broker, Config, Node, StartError};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{ClientConfig, Message, Offset, Timestamp, TopicPartitionList};

const READY: Duration = Duration::from_secs(60);
const ANSWER: Duration = Duration::from_secs(30);

fn client(bootstrap: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap);
    config.set("group.id", "readers");
    config.set("auto.offset.reset", "earliest");
    config.set("enable.auto.commit", "false");
    config
}

async fn produce(bootstrap: &str, topic: &str, values: std::ops::Range<u32>) {
    let producer: FutureProducer = client(bootstrap)
        .set("acks", "all")
        .set("enable.idempotence", "true")
        .set("compression.codec", "zstd")
        .create()
        .unwrap();
    let sends = values.map(|value| {
        let producer = &producer;
        async move {
            let value = value.to_string();
            let record = FutureRecord::to(topic).key("k").payload(&value);
            producer.send(record, ANSWER).await.unwrap();
        }
    });
    futures::future::join_all(sends).await;
}

/// The values of `topic`, in order, each with the broker's own time.
fn consume(bootstrap: &str, topic: &str, count: usize) -> Vec<u32> {
    let consumer: BaseConsumer = client(bootstrap).create().unwrap();
    let mut start = TopicPartitionList::new();
    start
        .add_partition_offset(topic, 0, Offset::Beginning)
        .unwrap();
    consumer.assign(&start).unwrap();
    let mut values = Vec::new();
    while values.len() < count {
        let message = match consumer.poll(ANSWER).expect("a record") {
            // A killed broker is seen as an error that is no end: the client goes to another.
            Err(KafkaError::MessageConsumption(RDKafkaErrorCode::BrokerTransportFailure)) => {
                continue;
            }
            message => message.unwrap(),
        };
        assert!(matches!(message.timestamp(), Timestamp::LogAppendTime(_)));
        let value = std::str::from_utf8(message.payload().unwrap()).unwrap();
        values.push(value.parse().unwrap());
    }
    values
}

fn commit(bootstrap: &str, topic: &str, offset: i64, metadata: &str) {
    let consumer: BaseConsumer = client(bootstrap).create().unwrap();
    let mut offsets = TopicPartitionList::new();
    let mut partition = offsets.add_partition(topic, 0);
    partition.set_offset(Offset::Offset(offset)).unwrap();
    partition.set_metadata(metadata);
    consumer.commit(&offsets, CommitMode::Sync).unwrap();
}

fn committed(bootstrap: &str, topic: &str) -> (Offset, String) {
    let consumer: BaseConsumer = client(bootstrap).create().unwrap();
    let mut offsets = TopicPartitionList::new();
    offsets.add_partition(topic, 0);
    let answer = consumer.committed_offsets(offsets, ANSWER).unwrap();
    let partition = answer.find_partition(topic, 0).unwrap();
    (partition.offset(), partition.metadata().to_owned())
}

async fn create_topic(bootstrap: &str, topic: &str, replicas: i32) {
    use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
    let admin: AdminClient<_> = client(bootstrap).create().unwrap();
    let topic = NewTopic::new(topic, 1, TopicReplication::Fixed(replicas));
    let created = admin.create_topics([&topic], &AdminOptions::new()).await;
    created.unwrap().pop().unwrap().unwrap();
}

async fn start(dir: &Path) -> Broker {
    let begin = Instant::now();
    let broker = Broker::start(Config::single(dir, 0)).await.unwrap();
    broker.wait_ready(READY).await.unwrap();
    println!("ready after {:?}", begin.elapsed());
    broker
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_records_offsets_and_metadata_through_stop_and_kill() {
    let dir = tempfile::tempdir().unwrap();
    let broker = start(dir.path()).await;
    create_topic(&broker.bootstrap(), "t", 1).await;
    produce(&broker.bootstrap(), "t", 0..500).await;
    commit(&broker.bootstrap(), "t", 200, "end=300 v1");
    broker.stop().await;

    let broker = start(dir.path()).await;
    let kept = committed(&broker.bootstrap(), "t");
    assert_eq!(kept, (Offset::Offset(200), "end=300 v1".to_owned()));
    produce(&broker.bootstrap(), "t", 500..1000).await;
    commit(&broker.bootstrap(), "t", 700, "end=900 v1");
    broker.kill().await;

    let broker = start(dir.path()).await;
    let values = consume(&broker.bootstrap(), "t", 1000);
    assert!(values.into_iter().eq(0..1000));
    let kept = committed(&broker.bootstrap(), "t");
    assert_eq!(kept, (Offset::Offset(700), "end=900 v1".to_owned()));
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_in_the_terminal_does_not_reach_the_broker() {
    let dir = tempfile::tempdir().unwrap();
    let broker = start(dir.path()).await;
    let pid = rustix::process::Pid::from_raw(broker.pid() as i32).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    broker.wait_ready(READY).await.unwrap();
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn says_that_the_port_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = Broker::start(Config::single(dir.path(), port))
        .await
        .unwrap_err();
    assert!(matches!(error, StartError::PortTaken { port: p } if p == port));
    assert!(error.to_string().contains("LLMOBSERVE_KAFKA_PORT"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_instance_per_data_directory() {
    let dir = tempfile::tempdir().unwrap();
    let first = Broker::start(Config::single(dir.path(), 0)).await.unwrap();
    let second = Broker::start(Config::single(dir.path(), 0)).await;
    assert!(matches!(second, Err(StartError::DataDirInUse { .. })));
    first.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn says_that_the_data_directory_cannot_be_used() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = Broker::start(Config::single(file.join("data"), 0))
        .await
        .unwrap_err();
    assert!(matches!(error, StartError::DataDir { .. }));
    assert!(error.to_string().contains("LLMOBSERVE_DATA_DIR"));
}

#[tokio::test(flavor = "multi_thread")]
async fn says_what_is_missing_and_both_ways_out() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::single(dir.path(), 0);
    config.java = Some("/nowhere/java".into());
    let first = Broker::start(config.clone()).await.unwrap_err();
    // One that has run before does not ask Java for its version.
    let data = dir.path().join("data");
    std::fs::create_dir_all(&data).unwrap();
    std::fs::write(data.join("meta.properties"), "").unwrap();
    let broker = Broker::start(config).await.unwrap();
    let later = broker.wait_ready(READY).await.unwrap_err();
    for error in [first.to_string(), later.to_string()] {
        for part in [
            "/nowhere/java",
            "Java 17",
            "Maven",
            "make",
            "docker compose up",
        ] {
            assert!(error.contains(part), "{error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_early_end_is_seen_with_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::single(dir.path(), 0);
    config.properties = vec![("num.io.threads".to_owned(), "none".to_owned())];
    let error = match Broker::start(config).await {
        Ok(broker) => broker.wait_ready(READY).await.unwrap_err(),
        Err(error) => error,
    };
    assert!(matches!(error, StartError::Exited { .. }));
    assert!(error.to_string().contains("num.io.threads"), "{error}");
}

fn free_ports(count: usize) -> Vec<u16> {
    let held = (0..count).map(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    let held: Vec<_> = held.collect();
    let port = |listener: &std::net::TcpListener| listener.local_addr().unwrap().port();
    held.iter().map(port).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_make_a_cluster_that_survives_one() {
    let dirs = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let ports = free_ports(6);
    let voters: Vec<_> = [0_u16, 1, 2]
        .map(|index| Node {
            id: index + 1,
            port: ports[usize::from(index)],
            controller_port: ports[usize::from(index) + 3],
        })
        .into();
    let mut brokers = Vec::new();
    for (node, dir) in voters.iter().zip(&dirs) {
        let mut config = Config::single(dir.path(), 0);
        config.node = *node;
        config.voters = voters.clone();
        config.cluster_id = Some("4L6g3nShT-eMCtK--X86sw".to_owned());
        brokers.push(Broker::start(config).await.unwrap());
    }
    for broker in &brokers {
        broker.wait_ready(READY).await.unwrap();
    }
    let all: Vec<_> = brokers.iter().map(Broker::bootstrap).collect();
    let all = all.join(",");
    create_topic(&all, "t", 3).await;
    produce(&all, "t", 0..100).await;
    brokers.remove(0).kill().await;
    produce(&all, "t", 100..200).await;
    assert!(consume(&all, "t", 200).into_iter().eq(0..200));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tests_own_broker_gives_each_test_a_topic() {
    let kafka = engines::testing::kafka().await;
    let topic = kafka.topic("mine", 1).await;
    assert_ne!(topic, kafka.topic("mine", 1).await);
    produce(&kafka.bootstrap, &topic, 0..10).await;
    assert!(consume(&kafka.bootstrap, &topic, 10).into_iter().eq(0..10));
}
