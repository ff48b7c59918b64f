//! SIGKILL, and started again; SIGSTOP for brokers.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::between;
use crate::oracle::violation;
use crate::story::{Outcome, Rng};
use crate::world::World;

/// Within this ingest must say 503 when it cannot store.
const REFUSAL_MAX: Duration = Duration::from_secs(20);

pub(super) async fn ingest(world: &mut World, rng: &mut Rng) -> anyhow::Result<Outcome> {
    world.ingest.kill().await?;
    sleep(between(rng, 0.0, 2.0)).await;
    world.ingest.restart().await?;
    sleep(between(rng, 0.5, 1.5)).await;
    Outcome::done()
}

pub(super) async fn query_api(world: &mut World, _: &mut Rng) -> anyhow::Result<Outcome> {
    world.query_api.kill().await?;
    world.query_api.restart().await?;
    Outcome::done()
}

pub(super) async fn aggregator(world: &mut World, rng: &mut Rng) -> anyhow::Result<Outcome> {
    let aggregator = &mut world.aggregators[rng.usize(..2)];
    aggregator.kill().await?;
    // Sometimes the other one adopts its batches, sometimes it does itself.
    sleep(between(rng, 0.0, 8.0)).await;
    aggregator.restart().await?;
    Outcome::done()
}

pub(super) async fn both_aggregators(world: &mut World, rng: &mut Rng) -> anyhow::Result<Outcome> {
    let [a, b, _] = &mut world.aggregators;
    a.kill().await?;
    sleep(between(rng, 0.0, 1.0)).await;
    b.kill().await?;
    sleep(between(rng, 0.0, 3.0)).await;
    a.start()?;
    b.restart().await?;
    a.wait_ready().await?;
    Outcome::done()
}

pub(super) async fn clickhouse(world: &mut World, rng: &mut Rng) -> anyhow::Result<Outcome> {
    world.clickhouse.kill().await?;
    sleep(between(rng, 0.0, 3.0)).await;
    world.clickhouse.restart().await?;
    sleep(between(rng, 0.5, 2.0)).await;
    Outcome::done()
}

/// The broker that leads a partition of the events.
pub(super) async fn leading_broker(world: &mut World, rng: &mut Rng) -> anyhow::Result<Outcome> {
    let partition = rng.i32(0..4);
    let leader = world
        .cluster
        .leader(schemas::topics::EVENTS, partition)
        .await?;
    world.cluster.nodes[leader].kill().await;
    sleep(between(rng, 0.5, 4.0)).await;
    world.cluster.nodes[leader].start().await?;
    world.cluster.nodes[leader].wait_ready().await?;
    Ok(Outcome::Done(format!("kafka-{}", leader + 1)))
}

/// SIGSTOP for longer than the controller waits, and SIGCONT: a leader that was deposed and
/// does not know it.
pub(super) async fn hung_broker(world: &mut World, rng: &mut Rng) -> anyhow::Result<Outcome> {
    let partition = rng.i32(0..4);
    let leader = world
        .cluster
        .leader(schemas::topics::EVENTS, partition)
        .await?;
    world.cluster.nodes[leader].pause(true)?;
    sleep(between(rng, 4.0, 8.0)).await;
    world.cluster.nodes[leader].pause(false)?;
    sleep(between(rng, 0.5, 1.0)).await;
    Ok(Outcome::Done(format!("kafka-{}", leader + 1)))
}

/// One replica is less than two: nothing may be acknowledged.
pub(super) async fn two_brokers(world: &mut World, rng: &mut Rng) -> anyhow::Result<Outcome> {
    let spared = rng.usize(..3);
    for index in (0..3).filter(|index| *index != spared) {
        world.cluster.nodes[index].kill().await;
    }
    let refused = refuses(world).await;
    for index in (0..3).filter(|index| *index != spared) {
        world.cluster.nodes[index].start().await?;
    }
    for node in &world.cluster.nodes {
        node.wait_ready().await?;
    }
    let refused = refused?;
    Ok(Outcome::Done(format!(
        "503 with Retry-After after {:.1} s",
        refused.as_secs_f64()
    )))
}

/// Waits until senders are told 503 with `Retry-After`; any other refusal fails the check.
pub(super) async fn refuses(world: &World) -> anyhow::Result<Duration> {
    let (began, before) = (Instant::now(), world.load.ledger().refusals);
    while began.elapsed() < REFUSAL_MAX {
        if world.load.ledger().refusals > before {
            return Ok(began.elapsed());
        }
        sleep(Duration::from_millis(50)).await;
    }
    violation(format!("ingest did not answer 503 in {REFUSAL_MAX:?}"))
}
