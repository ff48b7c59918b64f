//! No space left on device.

use std::time::Duration;

use tokio::time::sleep;

use super::between;
use crate::story::{Outcome, Rng};
use crate::world::World;

/// Below what the embedded ClickHouse wants to have free before it takes an insert.
const NEARLY_FULL: u64 = 100 << 20;
/// No disk fills up in no time: what was under way when that was reached has ended.
const UNDER_WAY: Duration = Duration::from_secs(2);
/// How long a broker gets to notice that it cannot write.
const NOTICED_MAX: Duration = Duration::from_secs(6);

/// Parts that were being written or merged when the disk became full may be there with files
/// of no length, and every read of them fails until ClickHouse starts anew: then it sets them
/// aside and takes up again what they were merged from. So a restart belongs to the mending.
pub(super) async fn clickhouse(world: &mut World, rng: &mut Rng) -> anyhow::Result<Outcome> {
    if let Some(reason) = &world.clickhouse_disk.missing {
        return Ok(Outcome::Skipped(reason.clone()));
    }
    let free = world.clickhouse_disk.free_bytes()? >> 20;
    world.clickhouse_disk.fill_but(NEARLY_FULL)?;
    sleep(UNDER_WAY).await;
    world.clickhouse_disk.fill()?;
    sleep(between(rng, 3.0, 6.0)).await;
    world.clickhouse_disk.free()?;
    world.clickhouse.terminate().await?;
    world.clickhouse.restart().await?;
    let broken = "SELECT count() FROM system.detached_parts WHERE reason = 'broken-on-start'";
    let broken = world.sql.number(broken).await?;
    Ok(Outcome::Done(format!(
        "{free} MiB were free, {broken} broken parts so far"
    )))
}

/// Kafka gives up a log that it cannot write, and the broker with it.
pub(super) async fn kafka(world: &mut World, _: &mut Rng) -> anyhow::Result<Outcome> {
    if let Some(reason) = &world.kafka_disk.missing {
        return Ok(Outcome::Skipped(reason.clone()));
    }
    world.kafka_disk.fill()?;
    let Some(node) = world.cluster.nodes.last_mut() else {
        anyhow::bail!("no broker");
    };
    let ended = node.ended(NOTICED_MAX).await;
    world.kafka_disk.free()?;
    // Where it lives on, its log may be offline: only a start brings that back.
    node.kill().await;
    node.start().await?;
    node.wait_ready().await?;
    Ok(Outcome::Done(
        if ended {
            "the broker ended"
        } else {
            "the broker lived on"
        }
        .to_owned(),
    ))
}
