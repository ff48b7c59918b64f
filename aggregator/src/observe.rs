//! Readiness and metrics of the role, on a port of their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use service::config::HttpArgs;
use service::health::{self, Readiness};
use tokio_util::sync::CancellationToken;

use crate::Config;
use crate::presence::Presence;
use crate::write::ClickHouse;

const ROLE: &str = "aggregator";

/// How far the current membership has come.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    joined: AtomicBool,
    recovering: AtomicUsize,
}

impl Progress {
    /// The group has given us partitions, perhaps none.
    pub(crate) fn assigned(&self, partitions: usize) {
        self.recovering.fetch_add(partitions, Ordering::Relaxed);
        self.joined.store(true, Ordering::Relaxed);
    }

    /// One of them has its position, or is no longer ours.
    pub(crate) fn recovered(&self) {
        self.recovering.fetch_sub(1, Ordering::Relaxed);
    }

    /// The membership has ended.
    pub(crate) fn left(&self) {
        self.joined.store(false, Ordering::Relaxed);
    }

    fn report(&self) -> Result<(), String> {
        if !self.joined.load(Ordering::Relaxed) {
            return Err("not yet a member of the consumer group".to_owned());
        }
        match self.recovering.load(Ordering::Relaxed) {
            0 => Ok(()),
            n => Err(format!("{n} partitions are finding their position")),
        }
    }
}

/// Serves `/health`, `/ready` and `/metrics` where a port is set for them.
pub(crate) async fn run(
    config: Config,
    store: ClickHouse,
    presence: Presence,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let Some(address) = config.metrics.address() else {
        return Ok(());
    };
    let readiness = Readiness::default();
    readiness.check(ROLE, "clickhouse", move || {
        let store = store.clone();
        async move { store.ping().await.map_err(|error| format!("{error:#}")) }
    });
    readiness.check(ROLE, "partitions", move || {
        std::future::ready(progress.report())
    });
    let topic = config.kafka.events_topic.clone();
    let client = Arc::new(config.kafka.client(ROLE).create::<BaseConsumer>()?);
    readiness.check(ROLE, "kafka", move || {
        let (client, topic) = (client.clone(), topic.clone());
        async move {
            let ask = move || service::kafka::ping(client.client(), &topic);
            tokio::task::spawn_blocking(ask)
                .await
                .map_err(|error| error.to_string())?
        }
    });
    readiness.check(ROLE, "partitions", move || {
        std::future::ready(presence.check())
    });
    let listener = service::http::bind(address).await?;
    let router = health::router(readiness, service::telemetry::metrics()?);
    let router = service::http::with_layers(router);
    service::http::serve(listener, router, &HttpArgs::on(address), shutdown).await
}
