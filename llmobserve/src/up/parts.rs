//! The parts beside this process: Kafka, ClickHouse, the aggregator, the proxy.

use std::time::Duration;

use anyhow::{Context, anyhow};
use service::kafka::ensure_topics;
use service::retry::{Failure, Policy, RetryError, retry};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::directory::Directory;
use super::kafka::Kafka;
use super::plan::Plan;
use super::role::Role;
use crate::exit::Exit;
use crate::migrate;
use crate::supervise::{Part, supervise};

/// How long Kafka may take to answer at the start, whoever runs it.
const KAFKA_REACH_TIMEOUT: Duration = Duration::from_secs(60);

/// The running parts. Those that the settings name are run by others.
#[derive(Debug)]
pub(super) struct Parts {
    kafka: Option<Supervised>,
    clickhouse: Option<Supervised>,
    aggregator: Supervised,
    proxy: Supervised,
}

impl Parts {
    /// Starts what is ours in the order of what needs what, with ClickHouse's tables and
    /// Kafka's topics up to date.
    ///
    /// # Errors
    /// Of the first part that cannot be started or reached.
    pub(super) async fn start(plan: &Plan, directory: &Directory) -> anyhow::Result<Self> {
        // Looked up once: a rebuild replaces the file under this name.
        let executable = std::env::current_exe().context("cannot tell this program's path")?;
        let aggregator = Role::aggregator(&executable, plan, directory)?;
        let proxy = Role::proxy(&executable, plan, directory)?;
        let kafka = async {
            let kafka = match plan.own_kafka_port {
                Some(port) => Some(start(Kafka::new(directory.of("kafka"), port)).await?),
                None => None,
            };
            make_topics(plan).await?;
            anyhow::Ok(kafka)
        };
        let clickhouse = async {
            let clickhouse = match plan.own_clickhouse_port {
                Some(port) => {
                    let role = Role::clickhouse(&executable, plan, directory, port);
                    Some(start(role).await?)
                }
                None => None,
            };
            make_tables(plan).await?;
            anyhow::Ok(clickhouse)
        };
        let (kafka, clickhouse) = tokio::try_join!(kafka, clickhouse)?;
        let (aggregator, proxy) = tokio::try_join!(start(aggregator), start(proxy))?;
        Ok(Self {
            kafka,
            clickhouse,
            aggregator,
            proxy,
        })
    }

    /// Ends all in order: who writes before what is written to.
    pub(super) async fn stop(self) {
        self.proxy.stop().await;
        self.aggregator.stop().await;
        for part in [self.clickhouse, self.kafka].into_iter().flatten() {
            part.stop().await;
        }
    }
}

/// A part with the task that keeps it running.
#[derive(Debug)]
struct Supervised {
    name: &'static str,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

async fn start<P: Part>(part: P) -> anyhow::Result<Supervised> {
    let name = part.name();
    tracing::info!("starting {name}");
    let running = part.start().await?;
    let stop = CancellationToken::new();
    let task = tokio::spawn(supervise(part, running, stop.clone()));
    Ok(Supervised { name, stop, task })
}

impl Supervised {
    async fn stop(self) {
        tracing::info!("stopping {}", self.name);
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!("lost sight of {}: {error}", self.name);
        }
    }
}

async fn make_tables(plan: &Plan) -> anyhow::Result<()> {
    migrate::run(plan.migrate.clone(), CancellationToken::new()).await
}

async fn make_topics(plan: &Plan) -> anyhow::Result<()> {
    let policy = Policy::PATIENT.for_at_most(KAFKA_REACH_TIMEOUT);
    let never = CancellationToken::new();
    let made = retry("look at Kafka's topics", &policy, &never, async || {
        ensure_topics(&plan.kafka).await.map_err(|error| {
            if error.is_retryable() {
                Failure::Transient(error)
            } else {
                Failure::Permanent(error)
            }
        })
    });
    match made.await {
        Ok(_) => Ok(()),
        Err(RetryError::Failed(error)) if error.is_retryable() => Err(anyhow!(error)
            .context(format!(
                "{} does not answer as Kafka: is it running, and is LLMOBSERVE_KAFKA_BROKERS right?",
                plan.kafka.kafka_brokers
            ))
            .context(Exit::Unreachable)),
        Err(error) => Err(error.into()),
    }
}
