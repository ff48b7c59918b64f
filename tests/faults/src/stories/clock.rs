//! A wall clock jumps by an hour, and back.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::sleep;

use crate::clock::Clock;
use crate::story::{Outcome, Rng};
use crate::world::World;

const OFF: Duration = Duration::from_secs(4);
/// How far a clock that was set off may be from where it should be, in seconds.
const NEAR: i64 = 60;

/// Whose clock.
#[derive(Clone, Copy, Debug)]
pub(super) enum Of {
    Ingest,
    Broker,
    Aggregator,
    ClickHouse,
}

pub(super) async fn jump(
    world: &mut World,
    rng: &mut Rng,
    of: Of,
    seconds: i64,
) -> anyhow::Result<Outcome> {
    let clock = clock(world, rng, of).clone();
    clock.set(seconds)?;
    sleep(OFF).await;
    let seen = match of {
        Of::ClickHouse => world
            .sql
            .number("SELECT toUnixTimestamp(now())")
            .await
            .map(Some),
        _ => Ok(None),
    };
    clock.set(0)?;
    if let Some(now) = seen? {
        let real = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let off = now.cast_signed() - real.cast_signed();
        if (off - seconds).abs() > NEAR {
            let reason = "libchdb.so brings a clock_gettime of its own, which asks the kernel";
            return Ok(Outcome::Skipped(reason.to_owned()));
        }
    }
    sleep(Duration::from_millis(500)).await;
    Outcome::done()
}

fn clock<'a>(world: &'a World, rng: &mut Rng, of: Of) -> &'a Clock {
    let nodes = &world.cluster.nodes;
    match of {
        Of::Ingest => &world.ingest.clock,
        Of::Broker => &nodes[rng.usize(..nodes.len())].clock,
        Of::Aggregator => &world.aggregators[rng.usize(..2)].clock,
        Of::ClickHouse => &world.clickhouse.clock,
    }
}
