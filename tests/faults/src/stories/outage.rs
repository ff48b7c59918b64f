//! ClickHouse hangs, answers errors, or cannot be reached for long, while senders push.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::oracle::violation;
use crate::proxy::Mode;
use crate::story::{Outcome, Rng};
use crate::world::World;

/// What an aggregator may take: 20 MiB for itself, its buffer of 8 MiB, batches of 4 MiB on
/// each of 4 partitions as records, rows and blocks, Kafka's own queue of 16 MiB.
const AGGREGATOR_MEMORY_MAX: u64 = 128 << 20;
const LOOK_PAUSE: Duration = Duration::from_millis(500);
const AUDIT_PATIENCE: Duration = Duration::from_secs(10);
/// Beside the outage's own length: what came in must be gone sooner than it came.
const EMPTY_MAX: Duration = Duration::from_secs(60);

/// SIGSTOP. It holds inserts for longer than their lifetime, which is allowed here: the
/// aggregators stay, and send them again under the same tokens.
pub(super) async fn hung(world: &mut World, _: &mut Rng) -> anyhow::Result<Outcome> {
    world.clickhouse.pause()?;
    sleep(Duration::from_secs(8)).await;
    world.clickhouse.go_on()?;
    Outcome::done()
}

pub(super) async fn errors(world: &mut World, _: &mut Rng) -> anyhow::Result<Outcome> {
    for status in [500, 503] {
        for link in &world.links.clickhouse {
            link.set(Mode::Answer(status));
        }
        sleep(Duration::from_secs(3)).await;
    }
    world.mend_links();
    Outcome::done()
}

/// As long as the command line says.
pub(super) async fn refuses_long(world: &mut World, rng: &mut Rng) -> anyhow::Result<Outcome> {
    let seconds = Duration::from_secs(world.options.outage_seconds);
    refuses(world, rng, seconds).await
}

/// No aggregator reaches it; the query API does, so that the audit can be asked.
pub(super) async fn refuses(
    world: &mut World,
    _: &mut Rng,
    seconds: Duration,
) -> anyhow::Result<Outcome> {
    let began = Instant::now();
    for link in &world.links.clickhouse {
        link.set(Mode::Refuse);
    }
    world.load.push(true);
    let mut peak = 0;
    while began.elapsed() < seconds {
        for aggregator in &world.aggregators[..2] {
            peak = peak.max(aggregator.memory()?);
        }
        sleep(LOOK_PAUSE).await;
    }
    let in_flight = audit(world).await;
    world.load.push(false);
    world.mend_links();
    let peak_mib = peak >> 20;
    if peak > AGGREGATOR_MEMORY_MAX {
        return violation(format!(
            "an aggregator took {peak_mib} MiB without ClickHouse"
        ));
    }
    let audited = match in_flight {
        None => "no audit".to_owned(),
        Some(0) => return violation("the audit saw nothing in flight".to_owned()),
        Some(events) => {
            empties(world, EMPTY_MAX + seconds).await?;
            format!("{events} in flight, then 0")
        }
    };
    Ok(Outcome::Done(format!(
        "aggregator at most {peak_mib} MiB; {audited}"
    )))
}

/// Events accepted and not finished, as `GET /audit/conservation` says.
async fn audit(world: &World) -> Option<u64> {
    let path = "/audit/conservation?hours=1";
    let answer = world.query_door.get(path, AUDIT_PATIENCE).await.ok()?;
    if answer.status != 200 {
        tracing::info!(answer.status, "no audit: {}", answer.text());
        return None;
    }
    let told: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
    told["in_flight"]["total"].as_u64()
}

async fn empties(world: &World, patience: Duration) -> anyhow::Result<()> {
    world.load.pause().await?;
    let deadline = Instant::now() + patience;
    loop {
        let in_flight = audit(world).await;
        if in_flight == Some(0) {
            return Ok(());
        }
        if Instant::now() > deadline {
            return violation(format!("the audit still sees {in_flight:?} in flight"));
        }
        sleep(LOOK_PAUSE).await;
    }
}
