//! Keeps a part running: what dies is started again, with capped back-off.

use std::future::Future;
use std::time::Duration;

use service::retry::Policy;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Counter: how often a part was started again, by `part`.
const RESTARTS: &str = "llmobserve_part_restarts_total";

const BACKOFF: Policy = Policy {
    initial: Duration::from_millis(200),
    max: Duration::from_secs(10),
    elapsed_max: None,
};
/// A part that ran this long has proved itself: the back-off begins anew.
const PROVED_AFTER: Duration = Duration::from_secs(30);

/// A part of the product that runs beside this process.
pub(crate) trait Part: Send + Sync + 'static {
    /// For the log and the metrics.
    fn name(&self) -> &'static str;
    /// A started part. Dropping it kills it.
    type Running: Send + Sync;

    /// Starts it, and returns when it serves.
    fn start(&self) -> impl Future<Output = anyhow::Result<Self::Running>> + Send;
    /// Waits until it has ended by itself, and says how.
    fn ended(&self, running: &Self::Running) -> impl Future<Output = String> + Send;
    /// Ends it in order, within its own deadline.
    fn stop(&self, running: Self::Running) -> impl Future<Output = ()> + Send;
}

/// Runs until `stop`, then ends the part in order.
pub(crate) async fn supervise<P: Part>(part: P, mut running: P::Running, stop: CancellationToken) {
    metrics::counter!(RESTARTS, "part" => part.name()).absolute(0);
    let mut waits = BACKOFF.waits();
    loop {
        let begun = Instant::now();
        tokio::select! {
            () = stop.cancelled() => return part.stop(running).await,
            end = part.ended(&running) => tracing::error!("{} died: {end}", part.name()),
        }
        if begun.elapsed() >= PROVED_AFTER {
            waits = BACKOFF.waits();
        }
        // What is left of it still holds its lock and its ports.
        drop(running);
        running = tokio::select! {
            () = stop.cancelled() => return,
            restarted = restart(&part, &mut waits) => restarted,
        };
    }
}

/// Tries until the part runs again.
async fn restart<P: Part>(
    part: &P,
    waits: &mut (impl Iterator<Item = Duration> + Send),
) -> P::Running {
    loop {
        tokio::time::sleep(waits.next().unwrap_or(BACKOFF.max)).await;
        metrics::counter!(RESTARTS, "part" => part.name()).increment(1);
        match part.start().await {
            Ok(running) => {
                tracing::info!("{} runs again", part.name());
                return running;
            }
            Err(error) => tracing::error!("cannot start {} again: {error:#}", part.name()),
        }
    }
}
