//! Consumers come and go under load.

use tokio::time::sleep;

use super::between;
use crate::story::{Outcome, Rng};
use crate::world::World;

/// The setting that makes the test's aggregator write as the version before.
const PREVIOUS: &str = "LLMOBSERVE_FAULTY_PREVIOUS";

/// A third aggregator joins, and leaves in order or by SIGKILL; twice.
pub(super) async fn third(world: &mut World, rng: &mut Rng) -> anyhow::Result<Outcome> {
    for _ in 0..2 {
        let third = &mut world.aggregators[2];
        third.restart().await?;
        sleep(between(rng, 0.0, 2.0)).await;
        if rng.bool() {
            third.terminate().await?;
        } else {
            third.kill().await?;
        }
    }
    Outcome::done()
}

/// An aggregator of the previous schema version joins and dies within a batch, which a
/// new one adopts.
pub(super) async fn previous_version(world: &mut World, rng: &mut Rng) -> anyhow::Result<Outcome> {
    if let Err(reason) = world.failpoints() {
        return Ok(Outcome::Skipped(reason));
    }
    let third = &mut world.aggregators[2];
    third
        .spec
        .environment
        .push((PREVIOUS.to_owned(), "1".to_owned()));
    let joined = third.restart().await;
    third.spec.environment.retain(|(name, _)| name != PREVIOUS);
    joined?;
    sleep(between(rng, 1.0, 3.0)).await;
    third.kill().await?;
    Outcome::done()
}
