//! Nobody writes: no aggregator is in the group, and no batch is unfinished.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clickhouse::Row;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::{Offset, TopicPartitionList};
use serde::Deserialize;
use service::kafka::watermarks;
use tokio_util::sync::CancellationToken;

use super::{Site, step};

/// How long the aggregators may take to finish their batches and leave. One that died is
/// counted as a member until its session times out.
const LEAVE_MAX: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How long the broker may take to answer.
const ASK_MAX: Duration = Duration::from_secs(10);

/// That nobody writes, and where everyone stopped.
pub(crate) struct Quiet<'a> {
    site: &'a Site,
    ends: String,
}

/// What the broker knows of the aggregators.
struct Group {
    /// `client id (address)` of each member.
    members: Vec<String>,
    /// Partitions with a batch that was planned and not finished.
    planned: Vec<i32>,
}

#[derive(Row, Deserialize)]
struct Unfinished {
    partition: u32,
    raw_end: u64,
    ledger_end: u64,
}

impl<'a> Quiet<'a> {
    /// Waits until everyone has left.
    ///
    /// # Errors
    /// Names who is still there, or what is unfinished.
    pub(super) async fn begin(site: &'a Site, stop: &CancellationToken) -> anyhow::Result<Self> {
        let begun = Instant::now();
        loop {
            step(stop)?;
            let group = group(site).await?;
            if group.members.is_empty() {
                check_finished(site, &group).await?;
                let ends = ends(site).await?;
                tracing::info!("no aggregator writes (after {:?})", begun.elapsed());
                return Ok(Self { site, ends });
            }
            if begun.elapsed() > LEAVE_MAX {
                bail!(
                    "aggregators do not leave the consumer group {}: {}. Is their version one \
                     that knows holds, do they reach ClickHouse, and the same database?",
                    site.args.consumer_group,
                    group.members.join(", ")
                );
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// Whether nobody has written since. Else the tables hold what nobody looked at.
    ///
    /// # Errors
    /// When Kafka or ClickHouse does not answer.
    pub(crate) async fn lasts(&self) -> anyhow::Result<bool> {
        let members = group(self.site).await?.members;
        let unfinished = unfinished(self.site).await?;
        Ok(members.is_empty() && unfinished.is_empty() && ends(self.site).await? == self.ends)
    }
}

async fn check_finished(site: &Site, group: &Group) -> anyhow::Result<()> {
    let planned = group.planned.iter().map(|partition| {
        format!("partition {partition}: a batch is planned and its end not committed")
    });
    let unfinished = unfinished(site).await?;
    let stored = unfinished.iter().map(|found| {
        let Unfinished {
            partition,
            raw_end,
            ledger_end,
        } = found;
        format!("partition {partition}: rows go up to {raw_end}, the ledger up to {ledger_end}")
    });
    let reasons: Vec<String> = planned.chain(stored).collect();
    if reasons.is_empty() {
        return Ok(());
    }
    bail!(
        "an aggregator died in the middle of a batch, and another must finish it first. \
         Let one run for a minute, then try again. {}",
        reasons.join("; ")
    )
}

async fn unfinished(site: &Site) -> anyhow::Result<Vec<Unfinished>> {
    let query = site.query(include_str!("unfinished.sql"));
    let query = query
        .param("topic", &site.args.kafka.events_topic)
        .param("epoch", &site.epoch);
    Ok(query.fetch_all().await?)
}

async fn ends(site: &Site) -> anyhow::Result<String> {
    Ok(site.query(include_str!("ends.sql")).fetch_one().await?)
}

async fn group(site: &Site) -> anyhow::Result<Group> {
    let mut config = site.args.kafka.client("maintenance");
    config
        .set("group.id", &site.args.consumer_group)
        .set("enable.auto.commit", "false");
    let (name, topic) = (
        site.args.consumer_group.clone(),
        site.args.kafka.events_topic.clone(),
    );
    let asked = tokio::task::spawn_blocking(move || {
        let consumer: BaseConsumer = config.create()?;
        let groups = consumer.fetch_group_list(Some(&name), ASK_MAX)?;
        let members = groups.groups().iter().flat_map(|group| group.members());
        let members = members
            .map(|member| format!("{} ({})", member.client_id(), member.client_host()))
            .collect();
        Ok::<_, anyhow::Error>(Group {
            members,
            planned: planned(&consumer, &topic)?,
        })
    });
    asked
        .await?
        .context("Kafka does not tell about the consumer group")
}

/// The metadata of a committed offset says what an aggregator means to do next: `… plan …`
/// or `… done`.
fn planned(consumer: &BaseConsumer, topic: &str) -> anyhow::Result<Vec<i32>> {
    let mut list = TopicPartitionList::new();
    for partition in partitions(consumer, topic)? {
        list.add_partition(topic, partition);
    }
    let committed = consumer.committed_offsets(list, ASK_MAX)?;
    let mut planned = Vec::new();
    for entry in committed.elements() {
        entry.error()?;
        let is_plan = entry.metadata().split(' ').nth(1) == Some("plan");
        if matches!(entry.offset(), Offset::Offset(_)) && is_plan {
            planned.push(entry.partition());
        }
    }
    Ok(planned)
}

/// The partitions of the topic.
///
/// # Errors
/// When the broker does not answer or has no such topic.
pub(crate) fn partitions<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &str,
) -> anyhow::Result<Vec<i32>> {
    let metadata = consumer.fetch_metadata(Some(topic), ASK_MAX)?;
    let found = metadata
        .topics()
        .iter()
        .flat_map(|topic| topic.partitions());
    let found: Vec<i32> = found.map(|partition| partition.id()).collect();
    if found.is_empty() {
        bail!("the topic {topic} does not exist");
    }
    Ok(found)
}

/// The end of each partition's log: `(partition, first offset that no record has yet)`.
///
/// # Errors
/// When the broker does not answer.
pub(crate) async fn log_ends(site: &Site) -> anyhow::Result<Vec<(u32, u64)>> {
    let config = site.args.kafka.client("maintenance");
    let topic = site.args.kafka.events_topic.clone();
    let asked = tokio::task::spawn_blocking(move || {
        let consumer: BaseConsumer = config.create()?;
        let partitions = partitions(&consumer, &topic)?;
        let ends = partitions.into_iter().map(|partition| {
            let (_, high) = watermarks(&consumer, &topic, partition, ASK_MAX)?;
            Ok((partition.cast_unsigned(), high.max(0).cast_unsigned()))
        });
        ends.collect()
    });
    asked.await?
}
