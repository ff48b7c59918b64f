//! Readiness and metrics of the role, on a port of their own.

use service::health::{self, Readiness};
use service::kafka::Observer;
use tokio_util::sync::CancellationToken;

use crate::Config;
use crate::presence::Presence;
use crate::store::ClickHouse;

const ROLE: &str = "aggregator";

/// Serves `/health`, `/ready` and `/metrics` where a port is set for them.
pub(crate) async fn run(
    config: Config,
    store: ClickHouse,
    observer: Observer,
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
    readiness.check(ROLE, "kafka", move || {
        let observer = observer.clone();
        async move { observer.ping().await }
    });
    readiness.check(ROLE, "partitions", move || {
        std::future::ready(presence.check())
    });
    health::serve_beside(&config.metrics, &config.tls, readiness, &shutdown)
        .await?
        .await?
}
