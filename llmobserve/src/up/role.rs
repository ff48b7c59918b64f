//! A role of this very program as a child process.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use engines::process::Process;
use tokio::time::Instant;

use super::config::settings;
use super::directory::Directory;
use super::plan::Plan;
use super::probe;
use crate::exit::Exit;
use crate::supervise::Part;

/// Until a started role listens. Long: a first start on a busy machine.
const LISTEN_TIMEOUT: Duration = Duration::from_secs(120);
const PROBE_INTERVAL: Duration = Duration::from_millis(20);

/// For running statements to end and the engine to close its tables.
const CLICKHOUSE_STOP_GRACE: Duration = Duration::from_secs(20);
/// For the batches that are under way. What is not done is done after the next start.
const AGGREGATOR_STOP_GRACE: Duration = Duration::from_secs(30);
/// For calls that are under way, then for their events.
const PROXY_STOP_GRACE: Duration = Duration::from_secs(40);
/// How long a killed aggregator's partitions wait for it before the next one gets them.
/// Shorter than in a cluster: no network lies between.
const SESSION_TIMEOUT_MS: u32 = 6_000;

/// Where this process asks them how they are.
const METRICS_HOST: &str = "--metrics-host=127.0.0.1";

/// How to run one role.
pub(super) struct Role {
    /// The subcommand.
    name: &'static str,
    flags: Vec<String>,
    /// This program.
    executable: PathBuf,
    /// Its port and a path that answers 200 as soon as the role runs, whatever else is down.
    port: u16,
    alive_path: &'static str,
    /// How long it may drain before it is killed.
    stop_grace: Duration,
}

impl Role {
    /// The embedded engine.
    pub(super) fn clickhouse(
        executable: &Path,
        plan: &Plan,
        directory: &Directory,
        port: u16,
    ) -> Self {
        let data_dir = directory.of("clickhouse");
        let mut flags = vec![
            "--bind".to_owned(),
            format!("127.0.0.1:{port}"),
            "--data-dir".to_owned(),
            data_dir.to_string_lossy().into_owned(),
        ];
        flags.extend(plan.user_flags());
        Self {
            name: "clickhouse",
            flags,
            executable: executable.to_owned(),
            port,
            alive_path: "/ping",
            stop_grace: CLICKHOUSE_STOP_GRACE,
        }
    }

    /// Kafka to ClickHouse.
    ///
    /// # Errors
    /// When one of its settings cannot be read, or its directory cannot be made.
    pub(super) fn aggregator(
        executable: &Path,
        plan: &Plan,
        directory: &Directory,
    ) -> anyhow::Result<Self> {
        let dedup_dir = directory.of("aggregator");
        std::fs::create_dir_all(&dedup_dir).context(Exit::DataDir)?;
        let mut flags = vec![
            METRICS_HOST.to_owned(),
            "--metrics-port".to_owned(),
            plan.aggregator_port.to_string(),
            "--dedup-dir".to_owned(),
            dedup_dir.to_string_lossy().into_owned(),
        ];
        if std::env::var_os("LLMOBSERVE_SESSION_TIMEOUT_MS").is_none() {
            flags.push("--session-timeout-ms".to_owned());
            flags.push(SESSION_TIMEOUT_MS.to_string());
        }
        flags.extend(plan.kafka_flags());
        flags.extend(plan.clickhouse_flags());
        // The child reads them again; here they are only checked, before anything starts.
        settings::<aggregator::Config>("aggregator", &flags)?;
        Ok(Self {
            name: "aggregator",
            flags,
            executable: executable.to_owned(),
            port: plan.aggregator_port,
            alive_path: "/health",
            stop_grace: AGGREGATOR_STOP_GRACE,
        })
    }

    /// Calls to providers.
    ///
    /// # Errors
    /// When one of its settings cannot be read.
    pub(super) fn proxy(
        executable: &Path,
        plan: &Plan,
        directory: &Directory,
    ) -> anyhow::Result<Self> {
        let mut flags = vec![
            "--bind".to_owned(),
            plan.proxy.to_string(),
            METRICS_HOST.to_owned(),
            "--metrics-port".to_owned(),
            plan.proxy_metrics_port.to_string(),
            "--proxy-spill-dir".to_owned(),
            directory.of("proxy").to_string_lossy().into_owned(),
        ];
        flags.extend(plan.proxy_auth_flags.iter().cloned());
        flags.extend(plan.kafka_flags());
        settings::<proxy::Config>("proxy", &flags)?;
        Ok(Self {
            name: "proxy",
            flags,
            executable: executable.to_owned(),
            port: plan.proxy_metrics_port,
            alive_path: "/health",
            stop_grace: PROXY_STOP_GRACE,
        })
    }
}

impl Part for Role {
    type Running = Process;

    fn name(&self) -> &'static str {
        self.name
    }

    async fn start(&self) -> anyhow::Result<Process> {
        let process = Process::spawn(self.command(), self.name)?;
        let deadline = Instant::now() + LISTEN_TIMEOUT;
        while !probe::is_ok(self.port, self.alive_path).await {
            if let Some(status) = process.exit_status() {
                return Err(self.failed(status));
            }
            if Instant::now() >= deadline {
                bail!("{} does not answer after {LISTEN_TIMEOUT:?}", self.name);
            }
            tokio::time::sleep(PROBE_INTERVAL).await;
        }
        Ok(process)
    }

    async fn ended(&self, process: &Process) -> String {
        match process.exited().await {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        }
    }

    async fn stop(&self, process: Process) {
        match process.stop(self.stop_grace).await {
            Ok(status) if status.success() => {}
            Ok(status) => tracing::warn!("{} ended with {status}", self.name),
            Err(error) => tracing::warn!("the end of {} was not seen: {error}", self.name),
        }
    }
}

impl Role {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.executable);
        command
            .arg("--child-of")
            .arg(std::process::id().to_string())
            .arg(self.name)
            .args(&self.flags)
            // What the embedded ClickHouse calls the server's time zone is the process's.
            .env("TZ", "UTC")
            .stdin(Stdio::null())
            // Standard output is for our `ready` line; logs go to standard error.
            .stdout(Stdio::null());
        command
    }

    /// The role has said why on standard error; its code tells the kind.
    fn failed(&self, status: ExitStatus) -> anyhow::Error {
        anyhow!("{} could not start ({status})", self.name).context(Exit::of_code(status.code()))
    }
}
