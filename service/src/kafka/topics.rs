//! Making the topics that are missing.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::error::RDKafkaErrorCode;
use tokio::runtime::Handle;

use super::{AdminClient, Error, REQUEST_TIMEOUT, blocking};
use crate::config::KafkaArgs;

/// Replicas of a new topic when the operator names no number and there are enough brokers.
const REPLICATION: i32 = 3;
/// Pause between looks at a topic that was just made.
const VISIBLE_PAUSE: Duration = Duration::from_millis(100);

/// What there is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Topics {
    /// Partitions of the events topic: as it is, whatever the settings say.
    pub events_partitions: u32,
}

/// Makes the topics that do not exist; an existing one is left as it is. Any number of
/// processes may do so at once. One attempt, up to a few [`REQUEST_TIMEOUT`]s.
///
/// # Errors
/// See [`Error::is_retryable`].
pub async fn ensure_topics(args: &KafkaArgs) -> Result<Topics, Error> {
    let args = args.clone();
    let runtime = Handle::current();
    blocking(move || {
        let admin: AdminClient = args.client("admin").create()?;
        let existing = partitions_by_topic(&admin)?;
        let missing: Vec<_> = wanted(&args)
            .into_iter()
            .filter(|topic| !existing.contains_key(topic.name))
            .collect();
        if !missing.is_empty() {
            runtime.block_on(create(&admin, &args, &missing))?;
        }
        let topics = Topics {
            events_partitions: await_visible(&admin, &args.events_topic)?,
        };
        // Nobody waits for a warning, nor for the client's end, which takes a tenth of a second.
        tokio::task::spawn_blocking(move || {
            if existing.contains_key(&args.events_topic) {
                runtime.block_on(warn_of_sender_times(&admin, &args.events_topic));
            }
        });
        Ok(topics)
    })
    .await
}

/// A topic of ours that a broker may not know yet.
struct Wanted<'a> {
    name: &'a str,
    partitions: i32,
    settings: Vec<(&'static str, String)>,
}

fn wanted(args: &KafkaArgs) -> Vec<Wanted<'_>> {
    let retention_ms = (u64::from(args.kafka_retention_hours) * 3_600_000).to_string();
    let kept = vec![
        ("cleanup.policy", "delete".to_owned()),
        ("retention.ms", retention_ms),
    ];
    // The duplicate window is counted in the log's time: the broker's clock, not a sender's.
    let log_time = ("message.timestamp.type", "LogAppendTime".to_owned());
    let events = [kept.clone(), vec![log_time]].concat();
    let compacted = vec![("cleanup.policy", "compact".to_owned())];
    let partitions = args.topic_partitions;
    vec![
        Wanted {
            name: &args.events_topic,
            partitions,
            settings: events,
        },
        Wanted {
            name: &args.dead_letter_topic,
            partitions,
            settings: kept,
        },
        Wanted {
            name: &args.control_topic,
            partitions: 1,
            settings: compacted,
        },
    ]
}

async fn create(
    admin: &AdminClient,
    args: &KafkaArgs,
    missing: &[Wanted<'_>],
) -> Result<(), Error> {
    let replication = match args.topic_replication {
        Some(replication) => replication,
        None => default_replication(admin)?,
    };
    // With three replicas a write survives the loss of one broker, and so does writing.
    let in_sync = if replication >= 3 { "2" } else { "1" };
    let topics: Vec<NewTopic<'_>> = missing
        .iter()
        .map(|wanted| {
            let fixed = TopicReplication::Fixed(replication);
            let topic = NewTopic::new(wanted.name, wanted.partitions, fixed)
                .set("min.insync.replicas", in_sync);
            wanted
                .settings
                .iter()
                .fold(topic, |topic, (name, value)| topic.set(name, value))
        })
        .collect();
    let options = AdminOptions::new()
        .request_timeout(Some(REQUEST_TIMEOUT))
        .operation_timeout(Some(REQUEST_TIMEOUT));
    for outcome in admin.create_topics(&topics, &options).await? {
        match outcome {
            Ok(topic) => tracing::info!(topic, replication, "made a Kafka topic"),
            Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, code)) => return Err(Error::Topic { topic, code }),
        }
    }
    Ok(())
}

fn default_replication(admin: &AdminClient) -> Result<i32, Error> {
    let metadata = admin.inner().fetch_metadata(None, REQUEST_TIMEOUT)?;
    let brokers = i32::try_from(metadata.brokers().len()).unwrap_or(i32::MAX);
    Ok(brokers.clamp(1, REPLICATION))
}

fn partitions_by_topic(admin: &AdminClient) -> Result<HashMap<String, u32>, Error> {
    // All topics: a question about one by name would make brokers create it their own way.
    let metadata = admin.inner().fetch_metadata(None, REQUEST_TIMEOUT)?;
    let count = |partitions: usize| u32::try_from(partitions).unwrap_or(u32::MAX);
    let topics = metadata.topics().iter();
    Ok(topics
        .map(|topic| (topic.name().to_owned(), count(topic.partitions().len())))
        .collect())
}

fn await_visible(admin: &AdminClient, topic: &str) -> Result<u32, Error> {
    let begun = Instant::now();
    loop {
        if let Some(partitions @ 1..) = partitions_by_topic(admin)?.remove(topic) {
            return Ok(partitions);
        }
        if begun.elapsed() > REQUEST_TIMEOUT {
            return Err(Error::NotVisible(topic.to_owned()));
        }
        std::thread::sleep(VISIBLE_PAUSE);
    }
}

/// A topic that someone else made may carry the senders' times. It works, but the
/// 24 hours of the duplicate window are then counted in them.
async fn warn_of_sender_times(admin: &AdminClient, topic: &str) {
    let options = AdminOptions::new().request_timeout(Some(REQUEST_TIMEOUT));
    let asked = [ResourceSpecifier::Topic(topic)];
    let Ok(answers) = admin.describe_configs(&asked, &options).await else {
        return;
    };
    let kind = answers
        .iter()
        .flatten()
        .find_map(|answer| answer.get("message.timestamp.type"));
    if kind.and_then(|entry| entry.value.as_deref()) == Some("CreateTime") {
        tracing::warn!(
            topic,
            "the topic keeps senders' times; set message.timestamp.type=LogAppendTime on it"
        );
    }
}
