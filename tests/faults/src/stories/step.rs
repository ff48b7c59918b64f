//! The aggregator dies at one step of a batch.

use std::time::Duration;

use tokio::time::sleep;

use super::between;
use crate::story::{Outcome, Rng};
use crate::world::{SESSION_TIMEOUT, World};

/// A step comes by a few times a second.
pub(super) const REACHED_MAX: Duration = Duration::from_secs(30);
/// The n-th time from now is the one, up to this.
pub(super) const TIMES_MAX: u32 = 5;

/// SIGKILL at the step. Either it comes back at once and adopts its own batch, or the other
/// one does when the session has expired.
pub(super) async fn kill(world: &mut World, rng: &mut Rng, step: &str) -> anyhow::Result<Outcome> {
    if let Err(reason) = world.failpoints() {
        return Ok(Outcome::Skipped(reason));
    }
    let short = world.options.short;
    let aggregator = &mut world.aggregators[rng.usize(..2)];
    aggregator.tell(&format!("kill {step} {}", rng.u32(1..=TIMES_MAX)))?;
    let hit = aggregator.ended(REACHED_MAX).await?;
    anyhow::ensure!(hit, "{step} was not reached in {REACHED_MAX:?}");
    // It takes the length of a session: too long for the short run.
    let alone = rng.u8(..4) == 0 && !short;
    if alone {
        sleep(SESSION_TIMEOUT + between(rng, 0.0, 2.0)).await;
    }
    aggregator.restart().await?;
    Ok(Outcome::Done(
        if alone { "adopted by the other" } else { "" }.to_owned(),
    ))
}
