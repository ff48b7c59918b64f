//! The whole product on one machine: the collector and the query API in this process,
//! the other parts beside it as children that are started again when they die.
//!
//! Started in the order of what needs what, stopped in the order of the data: first no
//! more intake, then the proxy, then the aggregator, which drains and commits, then ClickHouse, then Kafka.

mod config;
mod directory;
mod kafka;
mod parts;
mod password;
mod plan;
mod ports;
mod probe;
mod role;
mod web;

use std::io::Write;
use std::time::Duration;

use anyhow::{Context, bail};
use service::health::Readiness;
use tokio_util::sync::CancellationToken;

pub(crate) use config::Config;
use directory::Directory;
use parts::Parts;
use plan::Plan;
use web::Web;

/// Until every part answers, once all are started.
const READY_TIMEOUT: Duration = Duration::from_secs(120);
const READY_INTERVAL: Duration = Duration::from_millis(20);

/// Runs until `shutdown`, then drains.
pub(crate) async fn run(config: Config, shutdown: CancellationToken) -> anyhow::Result<()> {
    config.auth_mode()?;
    let directory = Directory::open(&config.data_dir)?;
    let listener = web::listen(&config)?;
    let plan = Plan::new(&config, &directory)?;
    let settings = web::Settings::read(&config, &plan)?;

    // What a signal or an error finds half started is killed when dropped: nothing is in
    // it yet that a kill could lose.
    let parts = tokio::select! {
        () = shutdown.cancelled() => return Ok(()),
        started = Parts::start(&plan, &directory) => started?,
    };
    let served = match Web::start(settings, &plan, listener, &shutdown) {
        Ok(web) => serve(web, &plan, &shutdown).await,
        Err(error) => Err(error),
    };
    parts.stop().await;
    tracing::info!("stopped");
    served
}

/// Announces that everything answers, and serves until `shutdown`.
async fn serve(web: Web, plan: &Plan, shutdown: &CancellationToken) -> anyhow::Result<()> {
    let announced = tokio::select! {
        () = shutdown.cancelled() => Ok(()),
        ready = wait_ready(&web.readiness) => ready.and_then(|()| announce(&web, plan)),
    };
    if announced.is_err() {
        shutdown.cancel();
    }
    let served = web.ended().await;
    announced.and(served)
}

async fn wait_ready(readiness: &Readiness) -> anyhow::Result<()> {
    let waited = tokio::time::timeout(READY_TIMEOUT, async {
        while !readiness.report().await.ready {
            tokio::time::sleep(READY_INTERVAL).await;
        }
    });
    if waited.await.is_err() {
        let report = readiness.report().await;
        bail!("not ready after {READY_TIMEOUT:?}: {report:?}");
    }
    Ok(())
}

/// The one line on standard output.
fn announce(web: &Web, plan: &Plan) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(
        stdout,
        "ready collector={0}://{1} proxy={0}://{2} clickhouse={3} kafka={4}",
        web.scheme,
        web.address,
        plan.proxy,
        plan.clickhouse_url(),
        plan.kafka.kafka_brokers
    )
    .and_then(|()| stdout.flush())
    .context("cannot write to standard output")
}
