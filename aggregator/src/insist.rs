//! Asking until there is an answer.

use std::time::Duration;

use service::retry::Policy;
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// Asks again and again, ever more slowly; `None` when the work should end instead.
pub(crate) async fn insist<T, F: Future<Output = anyhow::Result<T>>>(
    stop: &CancellationToken,
    what: &str,
    mut ask: impl FnMut() -> F,
) -> Option<T> {
    let mut waits = Policy::PATIENT.waits();
    loop {
        let error = tokio::select! {
            () = stop.cancelled() => return None,
            answer = ask() => match answer {
                Ok(answer) => return Some(answer),
                Err(error) => error,
            },
        };
        let pause = next(&mut waits);
        warn!(
            wait_ms = pause.as_millis(),
            "cannot {what}, will try again: {error:#}"
        );
        tokio::select! {
            () = stop.cancelled() => return None,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// The next wait of a policy that never gives up.
pub(crate) fn next(waits: &mut impl Iterator<Item = Duration>) -> Duration {
    waits.next().unwrap_or(Policy::PATIENT.max)
}
