//! Readiness and metrics of the role, on a port of their own.

use std::sync::Arc;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use service::health::{self, Readiness};
use tokio_util::sync::CancellationToken;

use crate::Config;
use crate::presence::Presence;
use crate::store::ClickHouse;

const ROLE: &str = "aggregator";

/// Serves `/health`, `/ready` and `/metrics` where a port is set for them.
pub(crate) async fn run(
    config: Config,
    store: ClickHouse,
    presence: Presence,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    if config.metrics.address().is_none() {
        return Ok(());
    }
    let readiness = Readiness::default();
    readiness.check(ROLE, "clickhouse", move || {
        let store = store.clone();
        async move { store.ping().await.map_err(|error| format!("{error:#}")) }
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
    health::serve_beside(&config.metrics, &config.tls, readiness, &shutdown)
        .await?
        .await?
}
