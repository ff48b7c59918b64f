//! How each process is started.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::Context as _;
use schemas::topics::AGGREGATOR_GROUP;

use super::cluster::{Cluster, KafkaNode};
use super::process::{Service, Spec};
use super::{INSERT_LIFETIME, INSERT_TIMEOUT, Links, SESSION_TIMEOUT, SOCKET_TIMEOUT};
use crate::clock::{Clock, Shim};
use crate::options::Options;
use crate::ports::Ports;
use crate::proxy::Link;

/// Bodies that ingest holds at once; small, so that its bound on memory can be tried.
pub(crate) const INGEST_INFLIGHT_BYTES: u64 = 16 << 20;
/// Records that an aggregator holds back at once; small for the same reason.
pub(crate) const AGGREGATOR_BUFFER_BYTES: u64 = 8 << 20;

/// Directories, ports and programs, before anything runs.
pub(super) struct Ground<'a> {
    options: &'a Options,
    dir: &'a Path,
    shim: &'a Shim,
    programs: PathBuf,
    pub(super) clickhouse: u16,
    clickhouse_links: [u16; 3],
    ingest: u16,
    ingest_link: u16,
    pub(super) query_api_port: u16,
    metrics: [u16; 3],
}

impl<'a> Ground<'a> {
    pub(super) fn new(
        options: &'a Options,
        dir: &'a Path,
        ports: &mut Ports,
        shim: &'a Shim,
    ) -> anyhow::Result<Self> {
        let this = std::env::current_exe()?;
        let programs = this
            .parent()
            .context("no directory of programs")?
            .to_owned();
        for program in ["llmobserve", "faulty-aggregator"] {
            let needed = !(options.plain && program == "faulty-aggregator");
            let path = programs.join(program);
            anyhow::ensure!(
                !needed || path.is_file(),
                "{} is not built: cargo build --release -p llmobserve -p faults",
                path.display()
            );
        }
        Ok(Self {
            options,
            dir,
            shim,
            programs,
            clickhouse: ports.take(),
            clickhouse_links: [ports.take(), ports.take(), ports.take()],
            ingest: ports.take(),
            ingest_link: ports.take(),
            query_api_port: ports.take(),
            metrics: [ports.take(), ports.take(), ports.take()],
        })
    }

    pub(super) async fn links(&self) -> anyhow::Result<Links> {
        let [a, b, query] = self.clickhouse_links;
        let to = self.clickhouse;
        Ok(Links {
            ingest: Link::open("ingest".into(), self.ingest_link, self.ingest).await?,
            clickhouse: [
                Link::open("aggregator-a-clickhouse".into(), a, to).await?,
                Link::open("aggregator-b-clickhouse".into(), b, to).await?,
            ],
            query: Link::open("query-api-clickhouse".into(), query, to).await?,
        })
    }

    /// Tables, before anything writes to them.
    pub(super) fn migrate(&self, kafka: &str) -> anyhow::Result<()> {
        let output = Command::new(self.programs.join("llmobserve"))
            .arg("migrate")
            .env("LLMOBSERVE_CLICKHOUSE_URL", local(self.clickhouse))
            .env("LLMOBSERVE_KAFKA_BROKERS", kafka)
            .stdin(Stdio::null())
            .output()?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "migrate: {complaint}");
        Ok(())
    }

    /// A key for everything, where one is needed.
    pub(super) fn key(&self, kafka: &str) -> anyhow::Result<Option<Arc<str>>> {
        if !self.options.auth {
            return Ok(None);
        }
        let output = Command::new(self.programs.join("llmobserve"))
            .args(["keys", "create", "--platform"])
            .args(["--scope", "ingest,read,admin"])
            .env("LLMOBSERVE_KAFKA_BROKERS", kafka)
            .stdin(Stdio::null())
            .output()?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "keys create: {complaint}");
        Ok(Some(String::from_utf8(output.stdout)?.trim().into()))
    }

    fn authentication(&self) -> String {
        let mode = if self.options.auth { "required" } else { "off" };
        mode.to_owned()
    }

    pub(super) fn clickhouse(&self) -> anyhow::Result<Service> {
        let settings = [
            ("CLICKHOUSE_BIND", format!("127.0.0.1:{}", self.clickhouse)),
            (
                "CLICKHOUSE_DATA_DIR",
                self.dir.join("clickhouse/data").display().to_string(),
            ),
        ];
        let ready = (self.clickhouse, "/?query=SELECT%201");
        self.service("clickhouse", "clickhouse", settings, ready)
    }

    pub(super) fn ingest(&self, cluster: &Cluster) -> anyhow::Result<Service> {
        let settings = [
            ("KAFKA_BROKERS", addresses(cluster, |node| &node.ingest)),
            ("BIND", format!("127.0.0.1:{}", self.ingest)),
            ("AUTH", self.authentication()),
            // Soon enough for a story to see the 503.
            ("INGEST_DELIVERY_TIMEOUT_MS", "5000".to_owned()),
            (
                "INGEST_INFLIGHT_BYTES_MAX",
                INGEST_INFLIGHT_BYTES.to_string(),
            ),
        ];
        self.service("ingest", "ingest", settings, (self.ingest, "/ready"))
    }

    pub(super) fn query_api(&self, cluster: &Cluster, links: &Links) -> anyhow::Result<Service> {
        let settings = [
            // For what is in flight; no story cuts it off from Kafka.
            ("KAFKA_BROKERS", cluster.bootstrap().to_owned()),
            ("CLICKHOUSE_URL", local(links.query.port)),
            ("BIND", format!("127.0.0.1:{}", self.query_api_port)),
            ("AUTH", self.authentication()),
        ];
        self.service(
            "query-api",
            "query-api",
            settings,
            (self.query_api_port, "/ready"),
        )
    }

    pub(super) fn aggregators(
        &self,
        cluster: &Cluster,
        links: &Links,
    ) -> anyhow::Result<[Service; 3]> {
        Ok([
            self.aggregator(0, cluster, links)?,
            self.aggregator(1, cluster, links)?,
            self.aggregator(2, cluster, links)?,
        ])
    }

    fn aggregator(&self, i: usize, cluster: &Cluster, links: &Links) -> anyhow::Result<Service> {
        let name = ["aggregator-a", "aggregator-b", "aggregator-c"][i];
        let link = i.min(1);
        let seconds = |duration: std::time::Duration| duration.as_secs().to_string();
        let dedup = self.dir.join(name);
        std::fs::create_dir_all(&dedup)?;
        let mut settings = vec![
            (
                "KAFKA_BROKERS",
                addresses(cluster, |node| &node.aggregators[link]),
            ),
            (
                "KAFKA_CONFIG",
                format!("socket.timeout.ms={}", SOCKET_TIMEOUT.as_millis()),
            ),
            ("CLICKHOUSE_URL", local(links.clickhouse[link].port)),
            ("CONSUMER_GROUP", AGGREGATOR_GROUP.to_owned()),
            ("METRICS_PORT", self.metrics[i].to_string()),
            (
                "SESSION_TIMEOUT_MS",
                SESSION_TIMEOUT.as_millis().to_string(),
            ),
            ("INSERT_TIMEOUT_SECONDS", seconds(INSERT_TIMEOUT)),
            ("INSERT_LIFETIME_SECONDS", seconds(INSERT_LIFETIME)),
            ("BUFFER_BYTES_MAX", AGGREGATOR_BUFFER_BYTES.to_string()),
            ("BATCH_BYTES_MAX", (AGGREGATOR_BUFFER_BYTES / 2).to_string()),
            ("DEDUP_DIR", dedup.display().to_string()),
        ];
        if let Some(mutant) = &self.options.mutant {
            settings.push(("MUTANT", mutant.clone()));
        }
        let ready = (self.metrics[i], "/ready");
        let mut service = self.service(name, "aggregator", settings, ready)?;
        if !self.options.plain {
            service.spec.program = self.programs.join("faulty-aggregator");
            service.spec.arguments.clear();
        }
        Ok(service)
    }

    fn service(
        &self,
        name: &str,
        role: &str,
        settings: impl IntoIterator<Item = (&'static str, String)>,
        ready: (u16, &'static str),
    ) -> anyhow::Result<Service> {
        let variable = |(name, value)| (format!("LLMOBSERVE_{name}"), value);
        let spec = Spec {
            name: name.to_owned(),
            program: self.programs.join("llmobserve"),
            arguments: vec![role.to_owned()],
            environment: settings.into_iter().map(variable).collect(),
            log: self.dir.join(format!("{name}.log")),
            ready,
        };
        let clock = Clock::new(self.shim, self.dir.join(format!("{name}.clock")))?;
        Ok(Service::new(spec, clock))
    }
}

fn local(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

fn addresses(cluster: &Cluster, link: impl Fn(&KafkaNode) -> &Link) -> String {
    let address = |node| format!("127.0.0.1:{}", link(node).port);
    let all: Vec<_> = cluster.nodes.iter().map(address).collect();
    all.join(",")
}
