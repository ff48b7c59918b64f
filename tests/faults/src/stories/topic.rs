//! Another tool works on Kafka: the topic, the group's offsets.

use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::{Offset, TopicPartitionList};
use schemas::topics::{AGGREGATOR_GROUP, EVENTS};
use tokio::time::sleep;

use super::between;
use crate::story::{Outcome, Rng};
use crate::world::World;

const ASK_MAX: Duration = Duration::from_secs(10);
/// How long Kafka may take to forget a topic, or a group its killed members.
const GONE_MAX: Duration = Duration::from_secs(20);
const LOOK_PAUSE: Duration = Duration::from_millis(300);

/// Deleted when everything in it is stored (what it still held would be the operator's
/// loss), and made again at once. The new one begins at 0, and is another one.
pub(super) async fn made_again(world: &mut World, _: &mut Rng) -> anyhow::Result<Outcome> {
    world.load.pause().await?;
    world
        .oracle
        .check(&world.cluster, world.sql, &world.load)
        .await?;
    let admin: AdminClient<DefaultClientContext> = world.cluster.client().create()?;
    for deleted in admin.delete_topics(&[EVENTS], &options()).await? {
        deleted.map_err(|(topic, code)| anyhow::anyhow!("{topic}: {code}"))?;
    }
    let deadline = Instant::now() + GONE_MAX;
    while let Err(error) = world.make_topics().await {
        anyhow::ensure!(
            Instant::now() < deadline,
            "the topic cannot be made: {error:#}"
        );
        sleep(LOOK_PAUSE).await;
    }
    // Ids are known per log: a copy of an old event would be a new event.
    world.load.forget_settled();
    world.load.resume();
    sleep(Duration::from_secs(3)).await;
    Outcome::done()
}

/// The group is deleted while no aggregator runs; Kafka refuses it otherwise.
pub(super) async fn offsets_deleted(world: &mut World, rng: &mut Rng) -> anyhow::Result<Outcome> {
    stop_aggregators(world, rng).await?;
    let admin: AdminClient<DefaultClientContext> = world.cluster.client().create()?;
    let deadline = Instant::now() + GONE_MAX;
    loop {
        let deleted = admin.delete_groups(&[AGGREGATOR_GROUP], &options()).await?;
        match deleted.into_iter().next() {
            Some(Ok(_)) => break,
            other if Instant::now() > deadline => {
                anyhow::bail!("the group cannot be deleted: {other:?}")
            }
            _ => sleep(LOOK_PAUSE).await,
        }
    }
    start_aggregators(world).await
}

/// Another tool commits offsets, without our metadata, anywhere in the log.
pub(super) async fn offsets_reset(world: &mut World, rng: &mut Rng) -> anyhow::Result<Outcome> {
    stop_aggregators(world, rng).await?;
    let mut offsets = TopicPartitionList::new();
    for (partition, (low, high)) in (0..).zip(world.cluster.watermarks(EVENTS).await?) {
        let offset = Offset::Offset(rng.u64(low..=high).cast_signed());
        offsets.add_partition_offset(EVENTS, partition, offset)?;
    }
    let mut client = world.cluster.client();
    client.set("group.id", AGGREGATOR_GROUP);
    let deadline = Instant::now() + GONE_MAX;
    loop {
        let (client, offsets) = (client.clone(), offsets.clone());
        let committed = tokio::task::spawn_blocking(move || {
            let consumer: BaseConsumer = client.create()?;
            consumer.commit(&offsets, CommitMode::Sync)
        });
        match committed.await? {
            Ok(()) => break,
            Err(error) if Instant::now() > deadline => return Err(error.into()),
            Err(_) => sleep(LOOK_PAUSE).await,
        }
    }
    start_aggregators(world).await
}

fn options() -> AdminOptions {
    AdminOptions::new()
        .request_timeout(Some(ASK_MAX))
        .operation_timeout(Some(ASK_MAX))
}

/// In order, or in the middle of their batches.
async fn stop_aggregators(world: &mut World, rng: &mut Rng) -> anyhow::Result<()> {
    let killed = rng.bool();
    for aggregator in &mut world.aggregators[..2] {
        if killed {
            aggregator.kill().await?;
        } else {
            aggregator.terminate().await?;
        }
    }
    sleep(between(rng, 0.0, 1.0)).await;
    Ok(())
}

async fn start_aggregators(world: &mut World) -> anyhow::Result<Outcome> {
    for aggregator in &mut world.aggregators[..2] {
        aggregator.start()?;
    }
    for aggregator in &world.aggregators[..2] {
        aggregator.wait_ready().await?;
    }
    Outcome::done()
}
