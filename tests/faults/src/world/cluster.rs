//! Apache Kafka: one or three KRaft nodes, each with a listener for every link.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use engines::kafka::{Broker, Config, Node};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rustix::process::{Pid, Signal, kill_process};
use service::kafka::watermarks;

use crate::clock::{Clock, Shim};
use crate::ports::Ports;
use crate::proxy::Link;

const READY_MAX: Duration = Duration::from_secs(60);
/// After this without its replicas in sync a broker is started again.
const ALONE_MAX: Duration = Duration::from_secs(30);
const ASK_MAX: Duration = Duration::from_secs(10);
const LOOK_PAUSE: Duration = Duration::from_millis(100);

/// Listeners for clients behind a proxy: ingest, and one for each aggregator.
const LISTENERS: [&str; 3] = ["INGEST", "AGGA", "AGGB"];
/// What brokers use among themselves, behind a proxy too.
const PEERS: &str = "PEERS";

/// All nodes.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) nodes: Vec<KafkaNode>,
    bootstrap: String,
}

/// One node and the links that lead to it.
#[derive(Debug)]
pub(crate) struct KafkaNode {
    broker: Option<Broker>,
    config: Config,
    pub(crate) clock: Clock,
    pub(crate) ingest: Link,
    /// By aggregator.
    pub(crate) aggregators: [Link; 2],
    /// From the other brokers: replication and elections.
    pub(crate) peers: [Link; 2],
}

impl Cluster {
    pub(crate) async fn start(
        dir: &Path,
        count: u16,
        ports: &mut Ports,
        shim: &Shim,
    ) -> anyhow::Result<Self> {
        let voters: Vec<_> = (1..=count).map(|id| voter(id, ports)).collect();
        let mut nodes = Vec::new();
        let mut controllers = Vec::new();
        for voter in &voters {
            let controller = ports.take();
            controllers.push(format!("{}@127.0.0.1:{controller}", voter.id));
            nodes.push(KafkaNode::new(dir, *voter, &voters, controller, ports, shim).await?);
        }
        let bootstrap = voters.iter().map(|node| format!("127.0.0.1:{}", node.port));
        let bootstrap = bootstrap.collect::<Vec<_>>().join(",");
        for node in &mut nodes {
            let quorum = ("controller.quorum.voters".to_owned(), controllers.join(","));
            node.config.properties.push(quorum);
            node.start().await?;
        }
        let cluster = Self { nodes, bootstrap };
        for node in &cluster.nodes {
            node.wait_ready().await?;
        }
        Ok(cluster)
    }

    /// Past every proxy.
    pub(crate) fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    pub(crate) fn log_dir(dir: &Path, node: usize) -> PathBuf {
        dir.join(format!("kafka-{}/data", node + 1))
    }

    /// The index of the node that leads a partition.
    pub(crate) async fn leader(&self, topic: &str, partition: i32) -> anyhow::Result<usize> {
        let topic = topic.to_owned();
        let leader = self.ask(move |consumer| {
            let metadata = consumer.fetch_metadata(Some(&topic), ASK_MAX)?;
            let topic = metadata.topics().first().context("no topic")?;
            let found = topic.partitions().iter().find(|p| p.id() == partition);
            Ok(found.context("no such partition")?.leader())
        });
        let leader = usize::try_from(leader.await?).context("no leader")?;
        Ok(leader - 1)
    }

    /// Ends of a topic's partitions: the first offset and the one behind the last.
    pub(crate) async fn watermarks(&self, topic: &str) -> anyhow::Result<Vec<(u64, u64)>> {
        let topic = topic.to_owned();
        self.ask(move |consumer| {
            let metadata = consumer.fetch_metadata(Some(&topic), ASK_MAX)?;
            let count = metadata
                .topics()
                .first()
                .context("no topic")?
                .partitions()
                .len();
            let ends = (0..i32::try_from(count)?).map(|partition| {
                let (low, high) = watermarks(consumer, &topic, partition, ASK_MAX)?;
                Ok((u64::try_from(low)?, u64::try_from(high)?))
            });
            ends.collect()
        })
        .await
    }

    /// Waits until every replica of every partition is in sync: only then may the next
    /// broker be lost. A broker that was cut off from the controllers, itself one of them, now
    /// and then never finds them again (Kafka 4.3, "Unable to send a heartbeat because the RPC
    /// got timed out before it could be sent"): it is started again, as whoever runs it would.
    pub(crate) async fn wait_in_sync(&mut self) -> anyhow::Result<()> {
        if let Some(lagging) = self.lagging_after(ALONE_MAX).await? {
            for id in lagging {
                println!("kafka-{id} does not come back by itself: started again");
                let node = usize::try_from(id - 1).ok();
                let node = node.and_then(|node| self.nodes.get_mut(node));
                let node = node.context("no such broker")?;
                node.kill().await;
                node.start().await?;
                node.wait_ready().await?;
            }
        }
        match self.lagging_after(READY_MAX).await? {
            None => Ok(()),
            Some(lagging) => anyhow::bail!("replicas of {lagging:?} lag after {READY_MAX:?}"),
        }
    }

    /// Waits until no broker has a replica that is not in sync; those that have, when time is up.
    async fn lagging_after(&self, patience: Duration) -> anyhow::Result<Option<BTreeSet<i32>>> {
        let deadline = Instant::now() + patience;
        loop {
            let lagging = self.ask(|consumer| {
                let metadata = consumer.fetch_metadata(None, ASK_MAX)?;
                let partitions = metadata
                    .topics()
                    .iter()
                    .flat_map(|topic| topic.partitions());
                let lagging = partitions.flat_map(|p| {
                    let missing = p.replicas().iter().filter(|id| !p.isr().contains(id));
                    missing.copied()
                });
                Ok(lagging.collect::<BTreeSet<i32>>())
            });
            match lagging.await {
                Ok(none) if none.is_empty() => return Ok(None),
                found if Instant::now() > deadline => return Ok(Some(found?)),
                _ => tokio::time::sleep(LOOK_PAUSE).await,
            }
        }
    }

    async fn ask<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&BaseConsumer) -> anyhow::Result<T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let config = self.client();
        tokio::task::spawn_blocking(move || ask(&config.create()?)).await?
    }

    /// Settings of the harness's own clients.
    pub(crate) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.bootstrap)
            .set("log_level", "2")
            .set("reconnect.backoff.max.ms", "500");
        config
    }
}

fn voter(id: u16, ports: &mut Ports) -> Node {
    Node {
        id,
        port: ports.take(),
        controller_port: ports.take(),
    }
}

impl KafkaNode {
    async fn new(
        dir: &Path,
        node: Node,
        voters: &[Node],
        controller: u16,
        ports: &mut Ports,
        shim: &Shim,
    ) -> anyhow::Result<Self> {
        let id = node.id;
        let mut listeners = format!(
            "PLAINTEXT://127.0.0.1:{},CONTROLLER://127.0.0.1:{}",
            node.port, node.controller_port
        );
        let mut advertised = format!("PLAINTEXT://127.0.0.1:{}", node.port);
        let mut map = "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT".to_owned();
        let mut links = Vec::new();
        for name in LISTENERS.into_iter().chain([PEERS]) {
            let (proxy, port) = (ports.take(), ports.take());
            listeners += &format!(",{name}://127.0.0.1:{port}");
            advertised += &format!(",{name}://127.0.0.1:{proxy}");
            map += &format!(",{name}:PLAINTEXT");
            links.push(Link::open(format!("{name}-kafka{id}"), proxy, port).await?);
        }
        let quorum = format!("controllers-kafka{id}");
        links.push(Link::open(quorum, controller, node.controller_port).await?);
        let clock = Clock::new(shim, dir.join(format!("kafka-{id}.clock")))?;
        let mut config = Config::single(dir.join(format!("kafka-{id}")), node.port);
        config.node = node;
        config.voters = voters.to_vec();
        config.cluster_id = Some("4L6g3nShT-eMCtK--X86sw".to_owned());
        config.environment = clock.environment();
        config.properties = properties(listeners, advertised, map);
        let [ingest, a, b, peers, controllers] =
            <[Link; 5]>::try_from(links).map_err(|_| anyhow::anyhow!("five links"))?;
        Ok(Self {
            broker: None,
            config,
            clock,
            ingest,
            aggregators: [a, b],
            peers: [peers, controllers],
        })
    }

    /// Starts the broker and returns at once.
    pub(crate) async fn start(&mut self) -> anyhow::Result<()> {
        self.broker = Some(Broker::start(self.config.clone()).await?);
        Ok(())
    }

    pub(crate) async fn wait_ready(&self) -> anyhow::Result<()> {
        let broker = self.broker.as_ref().context("the broker is not running")?;
        Ok(broker.wait_ready(READY_MAX).await?)
    }

    /// SIGKILL; returns when it is gone.
    pub(crate) async fn kill(&mut self) {
        if let Some(broker) = self.broker.take() {
            broker.kill().await;
        }
    }

    /// Whether its process has ended by itself within `patience`.
    pub(crate) async fn ended(&self, patience: Duration) -> bool {
        match &self.broker {
            None => true,
            Some(broker) => tokio::time::timeout(patience, broker.exited())
                .await
                .is_ok(),
        }
    }

    /// SIGSTOP, or SIGCONT.
    pub(crate) fn pause(&self, pause: bool) -> anyhow::Result<()> {
        let broker = self.broker.as_ref().context("the broker is not running")?;
        let pid = i32::try_from(broker.pid()).ok().and_then(Pid::from_raw);
        let signal = if pause { Signal::STOP } else { Signal::CONT };
        kill_process(pid.context("no process id")?, signal)?;
        Ok(())
    }
}

fn properties(listeners: String, advertised: String, map: String) -> Vec<(String, String)> {
    let settings = [
        ("listeners", listeners),
        ("advertised.listeners", advertised),
        ("listener.security.protocol.map", map),
        ("inter.broker.listener.name", PEERS.to_owned()),
        // Five listeners: one thread for each is enough.
        ("num.network.threads", "1".to_owned()),
        // A replica that is cut off is noticed within a story.
        ("replica.lag.time.max.ms", "4000".to_owned()),
        ("replica.socket.timeout.ms", "3000".to_owned()),
        ("controller.quorum.fetch.timeout.ms", "2000".to_owned()),
        ("controller.quorum.request.timeout.ms", "2000".to_owned()),
        // A log that fits a small file system.
        ("log.segment.bytes", (16 << 20).to_string()),
        ("log.index.size.max.bytes", (1 << 20).to_string()),
        ("offsets.topic.segment.bytes", (8 << 20).to_string()),
    ];
    let owned = |(name, value): (&str, String)| (name.to_owned(), value);
    settings.into_iter().map(owned).collect()
}
