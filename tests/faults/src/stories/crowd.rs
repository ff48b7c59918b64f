//! Kafka is away and many senders push: ingest keeps within its memory and says so.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::link::Between;
use crate::oracle::violation;
use crate::proxy::Mode;
use crate::story::{Outcome, Rng};
use crate::world::World;

/// Bodies of 16 MiB at once take about three times as much (`--ingest-inflight-bytes-max`);
/// the program itself takes 40 MiB, and the allocator keeps some.
const INGEST_MEMORY_MAX: u64 = 128 << 20;
/// Together they send more than ingest may hold.
const SENDERS: usize = 64;
const PADDING_BYTES: usize = 8 << 10;
const AWAY: Duration = Duration::from_secs(10);
const LOOK_PAUSE: Duration = Duration::from_millis(250);

pub(super) async fn ingest(world: &mut World, _: &mut Rng) -> anyhow::Result<Outcome> {
    let before = world.load.ledger().refusals;
    for link in Between::IngestAndKafka.links(world, 0) {
        link.set(Mode::Refuse);
    }
    world.load.crowd(SENDERS, PADDING_BYTES);
    let (began, mut peak) = (Instant::now(), 0);
    while began.elapsed() < AWAY {
        peak = peak.max(world.ingest.memory()?);
        sleep(LOOK_PAUSE).await;
    }
    world.mend_links();
    let peak_mib = peak >> 20;
    if peak > INGEST_MEMORY_MAX {
        return violation(format!("ingest took {peak_mib} MiB without Kafka"));
    }
    let refusals = world.load.ledger().refusals - before;
    Ok(Outcome::Done(format!(
        "ingest at most {peak_mib} MiB, {refusals} answers 429 and 503"
    )))
}
