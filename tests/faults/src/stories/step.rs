//! The aggregator dies, or stands still, at one step of a batch.

use std::time::Duration;

use anyhow::Context as _;
use tokio::time::sleep;

use super::between;
use crate::story::{Outcome, Rng};
use crate::world::{SESSION_TIMEOUT, World};

/// A step comes by a few times a second.
const REACHED_MAX: Duration = Duration::from_secs(30);
/// The n-th time from now is the one, up to this.
const TIMES_MAX: u32 = 5;
const BEYOND_SESSION: Duration = Duration::from_secs(2);

/// SIGKILL at the step. Either it comes back at once and adopts its own batch, or the other
/// one does when the session has expired.
pub(super) async fn kill(world: &mut World, rng: &mut Rng, step: &str) -> anyhow::Result<Outcome> {
    if let Err(reason) = world.failpoints() {
        return Ok(Outcome::Skipped(reason));
    }
    let aggregator = &mut world.aggregators[rng.usize(..2)];
    aggregator.tell(&format!("kill {step} {}", rng.u32(1..=TIMES_MAX)))?;
    let hit = aggregator.ended(REACHED_MAX).await?;
    anyhow::ensure!(hit, "{step} was not reached in {REACHED_MAX:?}");
    let alone = rng.bool();
    if alone {
        sleep(SESSION_TIMEOUT + between(rng, 0.0, 2.0)).await;
    }
    aggregator.restart().await?;
    Ok(Outcome::Done(
        if alone { "adopted by the other" } else { "" }.to_owned(),
    ))
}

/// SIGSTOP at the step for longer than the session; then it goes on as if nothing had been,
/// and what it sends is late.
pub(super) async fn zombie(
    world: &mut World,
    rng: &mut Rng,
    step: &str,
) -> anyhow::Result<Outcome> {
    if let Err(reason) = world.failpoints() {
        return Ok(Outcome::Skipped(reason));
    }
    let aggregator = &mut world.aggregators[rng.usize(..2)];
    aggregator.tell(&format!("stop {step} {}", rng.u32(1..=TIMES_MAX)))?;
    let hit = aggregator.says(&format!("hit {step}"), REACHED_MAX).await?;
    anyhow::ensure!(hit, "{step} was not reached in {REACHED_MAX:?}");
    sleep(SESSION_TIMEOUT + BEYOND_SESSION).await;
    aggregator.go_on()?;
    aggregator.wait_ready().await.context("after SIGCONT")?;
    Outcome::done()
}
