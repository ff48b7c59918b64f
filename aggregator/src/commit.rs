//! The right to write a partition, and the offsets that prove it.
//!
//! Kafka fences a commit by the member's generation, not by partition. So within a
//! process a partition that was taken away must not be committed any more: the lease
//! is given back under the same lock that a commit holds.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::insist;
use crate::intent::Intent;
use crate::log::{Log, OffsetRange};
use crate::offsets::{CommitError, Offsets};

/// An acknowledged commit older than this proves nothing about who owns the partition.
pub(crate) const PROOF_AGE_MAX: Duration = Duration::from_secs(3);
/// Between two tries of a commit that the coordinator refused for the moment.
const REFUSED_PAUSE: Duration = Duration::from_millis(100);

/// Why the work on a partition ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The partition went to another member, or we are shutting down: drop the batch.
    Revoked,
    /// The answer to a commit is lost. It may still land; only a new generation makes a
    /// late copy harmless. So the whole membership is renewed.
    Rejoin(String),
    /// Going on would lose or double something: a person has to look.
    Halted(String),
}

/// Held by the worker of one partition.
#[derive(Clone)]
pub(crate) struct Lease {
    offsets: Arc<dyn Offsets>,
    log: Arc<Log>,
    /// Cancelled when the work should end.
    stop: CancellationToken,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    owned: bool,
    /// When the last acknowledged commit was sent.
    proven: Option<Instant>,
}

impl Lease {
    pub(crate) fn new(offsets: Arc<dyn Offsets>, log: Arc<Log>, stop: CancellationToken) -> Self {
        let state = Arc::new(Mutex::new(State {
            owned: true,
            proven: None,
        }));
        Self {
            offsets,
            log,
            stop,
            state,
        }
    }

    /// Ends the lease. When this returns no commit is under way and none will follow.
    pub(crate) fn revoke(&self) {
        self.stop.cancel();
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .owned = false;
    }

    /// What Kafka knows of the partition.
    pub(crate) fn offsets(&self) -> Arc<dyn Offsets> {
        Arc::clone(&self.offsets)
    }

    /// Cancelled when the work should end.
    pub(crate) fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Makes sure that the partition is still ours before something is written.
    pub(crate) async fn hold(&self, range: OffsetRange, intent: Intent) -> Result<(), Stop> {
        let proven = self
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .proven;
        match proven {
            Some(at) if at.elapsed() < PROOF_AGE_MAX => Ok(()),
            _ => self.commit(range.start, intent).await,
        }
    }

    /// Commits and waits for the answer.
    pub(crate) async fn commit(&self, offset: u64, intent: Intent) -> Result<(), Stop> {
        let partition = self.log.partition;
        loop {
            let lease = self.clone();
            let outcome = tokio::task::spawn_blocking(move || lease.commit_once(offset, intent));
            match outcome
                .await
                .map_err(|error| Stop::Rejoin(error.to_string()))?
            {
                Some(Ok(())) => return Ok(()),
                None => return Err(Stop::Revoked),
                Some(Err(CommitError::Refused(reason))) => {
                    info!(partition, "commit refused for now: {reason}");
                    self.sleep(REFUSED_PAUSE).await?;
                }
                Some(Err(CommitError::Unknown(reason))) => {
                    warn!(partition, "outcome of a commit unknown: {reason}");
                    return Err(Stop::Rejoin(format!(
                        "outcome of a commit unknown: {reason}"
                    )));
                }
            }
        }
    }

    /// `None`: the lease has ended.
    fn commit_once(&self, offset: u64, intent: Intent) -> Option<Result<(), CommitError>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.owned {
            return None;
        }
        let sent = Instant::now();
        let outcome = self.offsets.commit(offset, &intent.to_string());
        if outcome.is_ok() {
            state.proven = Some(sent);
        }
        Some(outcome)
    }

    /// Waits for the next try of something, unless the work should end.
    pub(crate) async fn pause(
        &self,
        waits: &mut impl Iterator<Item = Duration>,
    ) -> Result<(), Stop> {
        self.sleep(insist::next(waits)).await
    }

    /// Waits, unless the work should end.
    pub(crate) async fn sleep(&self, pause: Duration) -> Result<(), Stop> {
        tokio::select! {
            () = self.stop.cancelled() => Err(Stop::Revoked),
            () = tokio::time::sleep(pause) => Ok(()),
        }
    }
}
