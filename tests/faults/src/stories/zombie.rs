//! SIGSTOP for longer than the session, SIGCONT: it goes on as if nothing had been.

use std::time::Duration;

use tokio::time::sleep;

use super::between;
use crate::story::{Outcome, Rng};
use crate::world::{SESSION_TIMEOUT, World};

const BEYOND_SESSION: Duration = Duration::from_secs(2);

pub(super) async fn anywhere(world: &mut World, rng: &mut Rng) -> anyhow::Result<Outcome> {
    let aggregator = &mut world.aggregators[rng.usize(..2)];
    sleep(between(rng, 0.0, 0.5)).await;
    aggregator.pause()?;
    sleep(SESSION_TIMEOUT + BEYOND_SESSION).await;
    aggregator.go_on()?;
    Outcome::done()
}

/// Stopped at a step of a batch: what it sends next is late.
pub(super) async fn at_step(
    world: &mut World,
    rng: &mut Rng,
    step: &str,
) -> anyhow::Result<Outcome> {
    if let Err(reason) = world.failpoints() {
        return Ok(Outcome::Skipped(reason));
    }
    let aggregator = &mut world.aggregators[rng.usize(..2)];
    let times = rng.u32(1..=super::step::TIMES_MAX);
    aggregator.tell(&format!("stop {step} {times}"))?;
    let patience = super::step::REACHED_MAX;
    let hit = aggregator.says(&format!("hit {step}"), patience).await?;
    anyhow::ensure!(hit, "{step} was not reached in {patience:?}");
    sleep(SESSION_TIMEOUT + BEYOND_SESSION).await;
    aggregator.go_on()?;
    Outcome::done()
}
