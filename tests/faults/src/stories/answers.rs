//! Requests that arrive, and whose answers do not: nobody knows what became of them. And
//! requests that arrive late, when their sender has given them up.

use std::time::Duration;

use tokio::time::sleep;

use super::between;
use super::link::Between;
use crate::proxy::Mode;
use crate::story::{Outcome, Rng};
use crate::world::{INSERT_TIMEOUT, SOCKET_TIMEOUT, World};

/// After the sender's patience, and well before the end of an insert's lifetime.
const GIVEN_UP: Duration = Duration::from_millis(1200);

/// Senders do not hear of their 202, and send again.
pub(super) async fn of_ingest(world: &mut World, rng: &mut Rng) -> anyhow::Result<Outcome> {
    during(
        world,
        rng,
        Between::SendersAndIngest,
        Mode::DropAnswers,
        Duration::from_secs(2),
    )
    .await
}

pub(super) async fn of_inserts(world: &mut World, rng: &mut Rng) -> anyhow::Result<Outcome> {
    let patience = INSERT_TIMEOUT + GIVEN_UP;
    during(
        world,
        rng,
        Between::AggregatorAndClickHouse,
        Mode::DropAnswers,
        patience,
    )
    .await
}

/// The commit is applied, its answer is lost.
pub(super) async fn of_commits(world: &mut World, rng: &mut Rng) -> anyhow::Result<Outcome> {
    let patience = SOCKET_TIMEOUT + GIVEN_UP;
    during(
        world,
        rng,
        Between::AggregatorAndKafka,
        Mode::DropAnswers,
        patience,
    )
    .await
}

/// Inserts are held, given up and sent again by a new connection; then the held ones land.
pub(super) async fn late_inserts(world: &mut World, rng: &mut Rng) -> anyhow::Result<Outcome> {
    let patience = INSERT_TIMEOUT + GIVEN_UP;
    during(
        world,
        rng,
        Between::AggregatorAndClickHouse,
        Mode::Late,
        patience,
    )
    .await
}

/// A commit is held until its sender has gone on, then lands. Whoever comes next must not go
/// by it: the aggregator is killed, so that someone does come.
pub(super) async fn late_commits(world: &mut World, rng: &mut Rng) -> anyhow::Result<Outcome> {
    let which = rng.usize(..2);
    for link in Between::AggregatorAndKafka.links(world, which) {
        link.set(Mode::Late);
    }
    sleep(SOCKET_TIMEOUT + GIVEN_UP).await;
    world.mend_links();
    sleep(between(rng, 0.2, 0.8)).await;
    world.aggregators[which].kill().await?;
    world.aggregators[which].restart().await?;
    Outcome::done()
}

async fn during(
    world: &World,
    rng: &mut Rng,
    what: Between,
    mode: Mode,
    seconds: Duration,
) -> anyhow::Result<Outcome> {
    let which = rng.usize(..2);
    for link in what.links(world, which) {
        link.set(mode);
    }
    sleep(seconds).await;
    world.mend_links();
    sleep(between(rng, 0.5, 1.0)).await;
    Outcome::done()
}
