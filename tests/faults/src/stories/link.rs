//! The network between two parts is cut, goes silent, or is slow.

use std::time::Duration;

use tokio::time::sleep;

use super::between;
use crate::proxy::{Link, Mode};
use crate::story::{Outcome, Rng};
use crate::world::World;

const SLOW: Mode = Mode::Slow {
    bytes_per_second: 20_000,
    latency: Duration::from_millis(100),
};

/// Which parts.
#[derive(Clone, Copy, Debug)]
pub(super) enum Between {
    SendersAndIngest,
    IngestAndKafka,
    /// One of the two aggregators.
    AggregatorAndKafka,
    /// One broker cannot be reached by the others, though it reaches them.
    Brokers,
    AggregatorAndClickHouse,
    QueryApiAndClickHouse,
}

impl Between {
    pub(super) fn links(self, world: &World, which: usize) -> Vec<&Link> {
        let nodes = &world.cluster.nodes;
        match self {
            Self::SendersAndIngest => vec![&world.links.ingest],
            Self::IngestAndKafka => nodes.iter().map(|node| &node.ingest).collect(),
            Self::AggregatorAndKafka => nodes
                .iter()
                .map(|node| &node.aggregators[which % 2])
                .collect(),
            Self::Brokers => nodes[which % nodes.len()].peers.iter().collect(),
            Self::AggregatorAndClickHouse => vec![&world.links.clickhouse[which % 2]],
            Self::QueryApiAndClickHouse => vec![&world.links.query],
        }
    }
}

/// Connections are closed and refused.
pub(super) async fn cut(
    world: &mut World,
    rng: &mut Rng,
    what: Between,
) -> anyhow::Result<Outcome> {
    during(world, rng, what, Mode::Refuse, (1.0, 8.0)).await
}

/// Half-open: sockets stand, nothing arrives.
pub(super) async fn silent(
    world: &mut World,
    rng: &mut Rng,
    what: Between,
) -> anyhow::Result<Outcome> {
    during(world, rng, what, Mode::BlackHole, (2.0, 9.0)).await
}

pub(super) async fn slow(
    world: &mut World,
    rng: &mut Rng,
    what: Between,
) -> anyhow::Result<Outcome> {
    during(world, rng, what, SLOW, (4.0, 8.0)).await
}

async fn during(
    world: &World,
    rng: &mut Rng,
    what: Between,
    mode: Mode,
    (from, to): (f64, f64),
) -> anyhow::Result<Outcome> {
    let which = rng.usize(..);
    let seconds = between(rng, from, to);
    for link in what.links(world, which) {
        link.set(mode);
    }
    sleep(seconds).await;
    world.mend_links();
    sleep(between(rng, 0.5, 1.0)).await;
    Ok(Outcome::Done(format!("for {:.1} s", seconds.as_secs_f64())))
}
