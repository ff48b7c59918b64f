//! SIGSTOP for longer than the session, SIGCONT: it goes on as if nothing had been.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::between;
use super::link::Between;
use super::step::{REACHED_MAX, TIMES_MAX};
use crate::oracle::violation;
use crate::proxy::Mode;
use crate::story::{Outcome, Rng};
use crate::world::{SESSION_TIMEOUT, SOCKET_TIMEOUT, World};

/// The other one has until then to write what the log held when this one stopped.
const OVERTAKEN_MAX: Duration = Duration::from_secs(60);
/// What a zombie does next has been done.
const WOKEN: Duration = Duration::from_secs(1);
const LOOK_PAUSE: Duration = Duration::from_millis(100);
const BATCHES: &str = "llmobserve_aggregator_batches_total";
/// So many batches later each of its partitions has gone on.
const GONE_ON: f64 = 10.0;

pub(super) async fn anywhere(world: &mut World, rng: &mut Rng) -> anyhow::Result<Outcome> {
    let which = rng.usize(..2);
    sleep(between(rng, 0.0, 0.5)).await;
    world.aggregators[which].pause()?;
    sleep(SESSION_TIMEOUT).await;
    wake_overtaken(world, which).await
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
    let which = rng.usize(..2);
    stop_at(world, which, step, rng.u32(1..=TIMES_MAX)).await?;
    wake_overtaken(world, which).await
}

/// Commits are held until their sender has gone on, and land when it stands still between a
/// newer plan and its rows. Were they of a generation that still counts, the plan would be
/// gone: whoever comes next would go by the old one.
pub(super) async fn late_commits(world: &mut World, rng: &mut Rng) -> anyhow::Result<Outcome> {
    if let Err(reason) = world.failpoints() {
        return Ok(Outcome::Skipped(reason));
    }
    let which = rng.usize(..2);
    // It stands while the link changes: so there is a commit that is held.
    stop_at(world, which, "before-commit", 1).await?;
    for link in Between::AggregatorAndKafka.links(world, which) {
        link.set(Mode::Late);
    }
    world.aggregators[which].go_on()?;
    sleep(SOCKET_TIMEOUT).await;
    let (began, before) = (
        Instant::now(),
        world.aggregators[which].metric(BATCHES).await?,
    );
    while world.aggregators[which].metric(BATCHES).await? < before + GONE_ON {
        if began.elapsed() > OVERTAKEN_MAX {
            return violation(format!(
                "an aggregator whose commits are not answered writes nothing for {OVERTAKEN_MAX:?}"
            ));
        }
        sleep(LOOK_PAUSE).await;
    }
    stop_at(world, which, "before-raw", 1).await?;
    world.mend_links();
    wake_overtaken(world, which).await
}

async fn stop_at(world: &mut World, which: usize, step: &str, times: u32) -> anyhow::Result<()> {
    let aggregator = &mut world.aggregators[which];
    aggregator.tell(&format!("stop {step} {times}"))?;
    let hit = aggregator.says(&format!("hit {step}"), REACHED_MAX).await?;
    anyhow::ensure!(hit, "{step} was not reached in {REACHED_MAX:?}");
    Ok(())
}

/// SIGCONT when the other one has written everything that the log held: what the stopped one
/// was about to do is then surely late.
async fn wake_overtaken(world: &World, which: usize) -> anyhow::Result<Outcome> {
    let began = Instant::now();
    let overtaken = world
        .oracle
        .written(&world.cluster, world.sql, OVERTAKEN_MAX)
        .await;
    world.aggregators[which].go_on()?;
    overtaken?;
    sleep(WOKEN).await;
    Ok(Outcome::Done(format!(
        "overtaken {:.1} s later",
        began.elapsed().as_secs_f64()
    )))
}
