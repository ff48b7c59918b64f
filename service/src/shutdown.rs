//! One token per process, cancelled by SIGINT or SIGTERM.

use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Exit code when a second signal cuts the drain short.
pub const EXIT_FORCED: i32 = 130;

/// Signals closer than this to the first are the same request: `make`, `timeout` and
/// process supervisors pass one on that the whole process group gets as well.
const REPEAT_MIN: Duration = Duration::from_secs(1);

/// A token that the first SIGINT or SIGTERM cancels: stop intake, drain, commit, exit.
/// A second signal ends the process at once with [`EXIT_FORCED`].
///
/// # Errors
/// When the signals cannot be listened to.
pub fn on_signal() -> anyhow::Result<CancellationToken> {
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let token = CancellationToken::new();
    let cancelled = token.clone();
    tokio::spawn(async move {
        let mut next = async || {
            tokio::select! {
                _ = interrupt.recv() => "SIGINT",
                _ = terminate.recv() => "SIGTERM",
            }
        };
        let name = next().await;
        tracing::info!("{name}: draining; once more to stop at once");
        cancelled.cancel();
        let heard = Instant::now();
        let mut name = next().await;
        while heard.elapsed() < REPEAT_MIN {
            name = next().await;
        }
        tracing::warn!("{name} again: stopping at once");
        std::process::exit(EXIT_FORCED);
    });
    Ok(token)
}
