//! Trying again: capped exponential back-off with jitter. The only module that touches
//! the crate `backoff`, which is no longer maintained (RUSTSEC-2025-0012).

use std::fmt::Display;
use std::future::Future;
use std::time::Duration;

use backoff::ExponentialBackoffBuilder;
use backoff::backoff::Backoff;
use tokio_util::sync::CancellationToken;

/// How long to wait between attempts, and for how long in all.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// Before the second attempt; doubles each time, give or take a half at random.
    pub initial: Duration,
    /// Longest wait between attempts.
    pub max: Duration,
    /// No attempt begins later than this after the first; `None` = never give up.
    pub elapsed_max: Option<Duration>,
}

impl Policy {
    /// From 100 ms up to 10 s, for ever: until the other side is back.
    pub const PATIENT: Self = Self {
        initial: Duration::from_millis(100),
        max: Duration::from_secs(10),
        elapsed_max: None,
    };

    /// The same, given up after `elapsed_max`.
    #[must_use]
    pub fn for_at_most(self, elapsed_max: Duration) -> Self {
        Self {
            elapsed_max: Some(elapsed_max),
            ..self
        }
    }

    /// The waits between attempts, for loops of their own. Ends when the policy gives up.
    pub fn waits(&self) -> impl Iterator<Item = Duration> + Send + use<> {
        let mut waits: backoff::ExponentialBackoff = ExponentialBackoffBuilder::new()
            .with_initial_interval(self.initial)
            .with_max_interval(self.max)
            .with_multiplier(2.0)
            .with_randomization_factor(0.5)
            .with_max_elapsed_time(self.elapsed_max)
            .build();
        std::iter::from_fn(move || waits.next_backoff())
    }
}

/// Why an attempt failed.
#[derive(Debug)]
pub enum Failure<E> {
    /// May pass: try again.
    Transient(E),
    /// Will not pass: stop.
    Permanent(E),
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum RetryError<E> {
    /// The process is shutting down.
    #[error("cancelled")]
    Cancelled,
    /// The last attempt's error: permanent, or the policy's time was up.
    #[error(transparent)]
    Failed(E),
}

/// Runs `op` until it succeeds, fails for good, the policy gives up or `cancel` is called.
/// `what` names it in the log: `"apply the migrations"`.
///
/// # Errors
/// See [`RetryError`].
pub async fn retry<T, E: Display, F>(
    what: &str,
    policy: &Policy,
    cancel: &CancellationToken,
    mut op: impl FnMut() -> F,
) -> Result<T, RetryError<E>>
where
    F: Future<Output = Result<T, Failure<E>>>,
{
    let mut waits = policy.waits();
    loop {
        let result = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(RetryError::Cancelled),
            result = op() => result,
        };
        let error = match result {
            Ok(value) => return Ok(value),
            Err(Failure::Permanent(error)) => return Err(RetryError::Failed(error)),
            Err(Failure::Transient(error)) => error,
        };
        let Some(wait) = waits.next() else {
            return Err(RetryError::Failed(error));
        };
        tracing::warn!(
            wait_ms = wait.as_millis(),
            "could not {what}, will try again: {error}"
        );
        tokio::select! {
            () = cancel.cancelled() => return Err(RetryError::Cancelled),
            () = tokio::time::sleep(wait) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const QUICK: Policy = Policy {
        initial: Duration::from_millis(1),
        max: Duration::from_millis(4),
        elapsed_max: None,
    };

    #[tokio::test]
    async fn transient_failures_pass() {
        let cancel = CancellationToken::new();
        let mut attempts = 0;
        let result = retry("count", &QUICK, &cancel, || {
            attempts += 1;
            let outcome = if attempts < 4 {
                Err(Failure::Transient("not yet"))
            } else {
                Ok(attempts)
            };
            std::future::ready(outcome)
        });
        assert_eq!(result.await.unwrap(), 4);
    }

    #[tokio::test]
    async fn permanent_failures_cancellation_and_time_end_it() {
        let cancel = CancellationToken::new();
        let failing = || async { Err::<(), _>(Failure::Permanent("no")) };
        let error = retry("fail", &QUICK, &cancel, failing).await.unwrap_err();
        assert!(matches!(error, RetryError::Failed("no")));
        let later = || async { Err::<(), _>(Failure::Transient("later")) };
        let brief = QUICK.for_at_most(Duration::from_millis(20));
        let error = retry("wait", &brief, &cancel, later).await.unwrap_err();
        assert!(matches!(error, RetryError::Failed("later")));
        cancel.cancel();
        let error = retry("wait", &QUICK, &cancel, later).await.unwrap_err();
        assert!(matches!(error, RetryError::Cancelled));
    }

    #[test]
    fn waits_grow_to_their_cap() {
        let policy = Policy {
            initial: Duration::from_millis(100),
            ..Policy::PATIENT
        };
        let waits: Vec<Duration> = policy.waits().take(30).collect();
        assert!(waits[0] <= Duration::from_millis(151));
        assert!(waits[29] >= Duration::from_secs(5) && waits[29] <= Duration::from_secs(16));
    }
}
