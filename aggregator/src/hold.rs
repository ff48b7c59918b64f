//! An operator who rebuilds or erases wants the writers away: while a hold is in force
//! (table `maintenance_holds`), no aggregator is a member of the group. Who comes back
//! recovers everything, so what was rewritten is what it goes by.

use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::store::ClickHouse;

/// How soon a hold is noticed.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Whether the tables are held, as far as we know.
pub(crate) struct Hold(watch::Receiver<bool>);

impl Hold {
    /// Looks again and again until `stop`. While ClickHouse is away nothing is written to
    /// it either, so the last answer stands.
    pub(crate) fn watch(clickhouse: ClickHouse, stop: CancellationToken) -> Self {
        let (held, watched) = watch::channel(false);
        tokio::spawn(async move {
            while !stop.is_cancelled() {
                if let Ok(is_held) = clickhouse.is_held().await {
                    held.send_if_modified(|held| std::mem::replace(held, is_held) != is_held);
                }
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                }
            }
        });
        Self(watched)
    }

    /// Returns when a hold is in force.
    pub(crate) async fn begins(&self) {
        if self.0.clone().wait_for(|held| *held).await.is_err() {
            // Nobody looks any more: we are shutting down.
            std::future::pending().await
        }
    }

    /// Returns when no hold is in force; `false` when we are shutting down.
    pub(crate) async fn is_over(&self, shutdown: &CancellationToken) -> bool {
        let mut watched = self.0.clone();
        tokio::select! {
            biased;
            () = shutdown.cancelled() => false,
            seen = watched.wait_for(|held| !held) => seen.is_ok(),
        }
    }
}
