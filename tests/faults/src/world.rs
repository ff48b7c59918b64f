//! Everything that runs: real processes, in directories and at ports of their own.

pub(crate) mod cluster;
pub(crate) mod disk;
pub(crate) mod process;
mod roles;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use service::config::KafkaArgs;

use crate::clickhouse::Sql;
use crate::clock::Shim;
use crate::http::Door;
use crate::load::{Events, Load};
use crate::options::Options;
use crate::oracle::Oracle;
use crate::ports::Ports;
use crate::proxy::{Link, Mode};

use cluster::Cluster;
use disk::Disk;
use process::Service;
use roles::Ground;

/// An insert without an answer is in doubt after this.
pub(crate) const INSERT_TIMEOUT: Duration = Duration::from_secs(4);
/// Nothing that was sent can land after this. A story may hold an insert back for no longer
/// than the difference, or says why it may.
pub(crate) const INSERT_LIFETIME: Duration = Duration::from_secs(6);
/// A member of the group that is silent for this long is out.
pub(crate) const SESSION_TIMEOUT: Duration = Duration::from_secs(6);
/// What Kafka's clients in the aggregator wait for an answer.
pub(crate) const SOCKET_TIMEOUT: Duration = Duration::from_secs(3);

const CLICKHOUSE_DISK_BYTES: u64 = 1536 << 20;
const KAFKA_DISK_BYTES: u64 = 1024 << 20;

/// The pipeline, the links between its parts, the load and the oracle.
pub(crate) struct World {
    pub(crate) options: Options,
    dir: PathBuf,
    pub(crate) cluster: Cluster,
    pub(crate) clickhouse: Service,
    pub(crate) sql: Sql,
    pub(crate) ingest: Service,
    pub(crate) query_api: Service,
    pub(crate) query_door: Door,
    /// Two, and a place for a third.
    pub(crate) aggregators: [Service; 3],
    pub(crate) links: Links,
    pub(crate) clickhouse_disk: Disk,
    /// Under the last node's log.
    pub(crate) kafka_disk: Disk,
    pub(crate) load: Load,
    pub(crate) oracle: Oracle,
}

/// Links beside those to the brokers, which the cluster keeps.
#[derive(Debug)]
pub(crate) struct Links {
    /// From the senders to ingest.
    pub(crate) ingest: Link,
    /// By aggregator; the third shares the second's.
    pub(crate) clickhouse: [Link; 2],
    pub(crate) query: Link,
}

impl World {
    /// Starts everything below `dir`.
    pub(crate) async fn start(options: Options, seed: u64, dir: &Path) -> anyhow::Result<Self> {
        let mut ports = Ports::new();
        let shim = Shim::compile(dir)?;
        let nodes = usize::from(options.brokers);
        let kafka_disk = Disk::mount(Cluster::log_dir(dir, nodes - 1), KAFKA_DISK_BYTES)?;
        let clickhouse_disk = Disk::mount(dir.join("clickhouse"), CLICKHOUSE_DISK_BYTES)?;
        let ground = Ground::new(&options, dir, &mut ports, &shim)?;
        let mut clickhouse = ground.clickhouse()?;
        let sql = Sql {
            port: ground.clickhouse,
        };
        clickhouse.start()?;
        let cluster = Cluster::start(dir, options.brokers, &mut ports, &shim).await;
        let cluster = cluster.context("Kafka")?;
        clickhouse.wait_ready().await?;
        ground.migrate(cluster.bootstrap())?;
        make_topics(&cluster).await?;
        let links = ground.links().await?;
        let events = Arc::new(Events::new(seed)?);
        let client = cluster.client();
        let rate = options.rate;
        let key = ground.key(cluster.bootstrap())?;
        let door = |port| Door {
            port,
            key: key.clone(),
        };
        let (ingest_door, query_door) = (door(links.ingest.port), door(ground.query_api_port));
        let load = Load::start(ingest_door, rate, seed, Arc::clone(&events), &client)?;
        let mut world = Self {
            ingest: ground.ingest(&cluster)?,
            query_api: ground.query_api(&cluster, &links)?,
            aggregators: ground.aggregators(&cluster, &links)?,
            oracle: Oracle::new(events, query_door.clone()),
            dir: dir.to_owned(),
            options,
            cluster,
            clickhouse,
            sql,
            links,
            query_door,
            clickhouse_disk,
            kafka_disk,
            load,
        };
        world.ingest.start()?;
        world.query_api.start()?;
        world.aggregators[0].start()?;
        world.aggregators[1].start()?;
        for service in world.services() {
            service.wait_ready().await?;
        }
        Ok(world)
    }

    /// What runs all the time, Kafka aside.
    pub(crate) fn services(&self) -> [&Service; 5] {
        let [a, b, _] = &self.aggregators;
        [&self.clickhouse, &self.ingest, &self.query_api, a, b]
    }

    /// An aggregator with failpoints, or why there is none.
    pub(crate) fn failpoints(&self) -> Result<(), String> {
        if self.options.plain {
            return Err("--plain: no failpoints".to_owned());
        }
        Ok(())
    }

    /// A file of the run's directory, for a story's own use.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    pub(crate) async fn make_topics(&self) -> anyhow::Result<()> {
        make_topics(&self.cluster).await
    }

    /// Every link passes again.
    pub(crate) fn mend_links(&self) {
        for link in self.all_links() {
            link.set(Mode::Pass);
        }
    }

    fn all_links(&self) -> impl Iterator<Item = &Link> {
        let Links {
            ingest,
            clickhouse,
            query,
        } = &self.links;
        let nodes = self.cluster.nodes.iter().flat_map(|node| {
            let own = [&node.ingest].into_iter().chain(&node.aggregators);
            own.chain(&node.peers)
        });
        nodes.chain([ingest, query]).chain(clickhouse)
    }

    /// Ends everything. What is mounted would be gone with us: it is kept for whoever looks
    /// for the reason of a failure.
    pub(crate) async fn end(mut self, keep: bool) {
        for node in &mut self.cluster.nodes {
            node.kill().await;
        }
        let [a, b, c] = &mut self.aggregators;
        for service in [
            &mut self.clickhouse,
            &mut self.ingest,
            &mut self.query_api,
            a,
            b,
            c,
        ] {
            drop(service.kill().await);
        }
        for (disk, name) in [
            (&self.clickhouse_disk, "kept-clickhouse"),
            (&self.kafka_disk, "kept-kafka-log"),
        ] {
            if keep
                && disk.missing.is_none()
                && let Err(error) = disk.keep(&self.dir.join(name))
            {
                tracing::warn!("{error:#}");
            }
            disk.unmount();
        }
    }
}

async fn make_topics(cluster: &Cluster) -> anyhow::Result<()> {
    let args = KafkaArgs::at(cluster.bootstrap());
    service::kafka::ensure_topics(&args).await?;
    Ok(())
}
