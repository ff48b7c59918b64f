use std::net::TcpListener;
use std::process::ExitStatus;
use std::time::Duration;

use base64::Engine;
use tokio::time::Instant;

use super::directory::Directory;
use super::jars::Jars;
use super::java::Java;
use super::launcher::Launcher;
use super::{Config, Node, StartError, probe, properties};
use crate::process::Process;

/// How long a broker may take to close its log before it is killed. Nothing is lost by
/// the kill; the next start only has to check the log's end.
const STOP_GRACE: Duration = Duration::from_secs(10);
const PROBE_INTERVAL: Duration = Duration::from_millis(20);

/// A running broker. Dropping it kills the process; [`Broker::stop`] ends it in order.
#[derive(Debug)]
pub struct Broker {
    node: Node,
    java: Java,
    // Before the directory: the process is dropped, so killed, before the lock is let go.
    process: Process,
    directory: Directory,
}

impl Broker {
    /// Starts the process and returns at once; see [`Broker::wait_ready`].
    ///
    /// Java is `config.java`, else `LLMOBSERVE_JAVA`, else `JAVA_HOME/bin/java`, else the
    /// `PATH`'s. The jars are in `config.libs`, else `LLMOBSERVE_KAFKA_LIBS`, else
    /// `engines/kafka/libs` in a directory above the executable (`target/`).
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let start = tokio::task::spawn_blocking(move || Self::start_blocking(&config));
        start
            .await
            .map_err(std::io::Error::other)
            .map_err(StartError::io("the start of Kafka"))?
    }

    fn start_blocking(config: &Config) -> Result<Self, StartError> {
        let java = Java::named(config.java.as_deref());
        let jars = Jars::find(config.libs.as_deref())?;
        let node = claim_ports(config.node)?;
        let voters = match config.voters.as_slice() {
            [] => &[node],
            voters => voters,
        };
        let directory = Directory::open(&config.data_dir)?;
        let settings = properties::server(config, node, voters, &directory.data());
        let settings = directory.write("server.properties", &settings)?;
        let launcher = Launcher::new(&java, jars, config.heap_mb, &directory)?;

        if !directory.is_formatted() {
            java.check()?;
            let cluster_id = config.cluster_id.clone().unwrap_or_else(new_cluster_id);
            let mut format = launcher.command("kafka.tools.StorageTool")?;
            format
                .args(["format", "-t", &cluster_id, "-c"])
                .arg(&settings);
            let status = format.status().map_err(StartError::io("Java"))?;
            if !status.success() {
                return Err(exited("Kafka's formatter", status, &directory));
            }
        }
        let mut command = launcher.command("kafka.Kafka")?;
        command.arg(&settings);
        command.envs(config.environment.iter().map(|(name, value)| (name, value)));
        let process = Process::spawn(command, "kafka").map_err(StartError::io("Java"))?;
        Ok(Self {
            node,
            java,
            process,
            directory,
        })
    }

    /// Waits until clients are served, or the process has ended, or `timeout` is over.
    pub async fn wait_ready(&self, timeout: Duration) -> Result<(), StartError> {
        let deadline = Instant::now() + timeout;
        while !probe::answers(self.node.id, self.node.port).await {
            if let Some(status) = self.process.exit_status() {
                self.java.check()?;
                return Err(exited("Kafka", status, &self.directory));
            }
            if Instant::now() >= deadline {
                let log = self.directory.last_lines();
                return Err(StartError::NotReady {
                    after: timeout,
                    log,
                });
            }
            tokio::time::sleep(PROBE_INTERVAL).await;
        }
        Ok(())
    }

    /// What clients use as `bootstrap.servers`.
    #[must_use]
    pub fn bootstrap(&self) -> String {
        format!("127.0.0.1:{}", self.node.port)
    }

    /// This node with the ports it got.
    #[must_use]
    pub fn node(&self) -> Node {
        self.node
    }

    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Waits until the process has ended by itself, and says how and with which last words.
    pub async fn exited(&self) -> StartError {
        match self.process.exited().await {
            Ok(status) => exited("Kafka", status, &self.directory),
            Err(error) => StartError::io("Kafka")(error),
        }
    }

    /// Ends the broker in order (SIGTERM), or by force after 10 s.
    pub async fn stop(self) {
        if let Err(error) = self.process.stop(STOP_GRACE).await {
            tracing::warn!(%error, "Kafka's end was not seen");
        }
    }

    /// Kills the broker (SIGKILL) and waits until it is gone: for fault tests.
    pub async fn kill(self) {
        self.process.kill();
        drop(self.process.exited().await);
    }
}

/// Finds free ports where none are given, and says early when a given one is taken:
/// Kafka itself would say so only in its log.
fn claim_ports(node: Node) -> Result<Node, StartError> {
    // Both are held until both are found, so that they differ.
    let claim = |port| {
        let listener = TcpListener::bind(("127.0.0.1", port));
        let listener = listener.map_err(|_| StartError::PortTaken { port })?;
        let port = listener.local_addr().map_err(StartError::io("a port"))?;
        Ok((port.port(), listener))
    };
    let (port, _held) = claim(node.port)?;
    let (controller_port, _also_held) = claim(node.controller_port)?;
    Ok(Node {
        port,
        controller_port,
        ..node
    })
}

/// A random cluster id in Kafka's form: 16 bytes in base64url.
fn new_cluster_id() -> String {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(uuid::Uuid::now_v7().as_bytes())
}

fn exited(what: &'static str, status: ExitStatus, directory: &Directory) -> StartError {
    StartError::Exited {
        what,
        status: status.to_string(),
        log: directory.last_lines(),
    }
}
