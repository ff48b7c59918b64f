//! Readiness and metrics of the role, on a port of their own.

use std::sync::Arc;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use service::config::HttpArgs;
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
    let Some(address) = config.metrics.address() else {
        return Ok(());
    };
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
    let listener = service::http::bind(address).await?;
    let router = health::router(readiness, service::telemetry::metrics()?);
    let router = service::http::with_layers(router);
    service::http::serve(listener, router, &HttpArgs::on(address), shutdown).await
}
