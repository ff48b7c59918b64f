//! Records to Kafka. What it does not take now waits on disk, else in memory, and is sent
//! again: the ids make a second copy harmless.

use std::sync::Arc;
use std::time::Duration;

use schemas::Record;
use service::publish::Publisher;
use service::retry::Policy;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::spill::{Spill, Taken};
use crate::metrics::{self, Loss};

/// Turns sent together, and records of a spilled file.
const TURNS: usize = 16;
const BATCH: usize = 1000;
/// Batches that wait for their acks at once.
const BATCHES: usize = 8;
/// Pause between looks into the spill directory.
const REPLAY_INTERVAL: Duration = Duration::from_secs(1);
/// Between attempts, where there is no directory.
const AGAIN: Policy = Policy {
    initial: Duration::from_millis(100),
    max: Duration::from_secs(2),
    elapsed_max: None,
};

/// What delivers, shared by its batches.
#[derive(Clone)]
pub(super) struct Deliverer {
    publisher: Arc<dyn Publisher>,
    spill: Option<Arc<Spill>>,
    /// Cancelled when the time to deliver what is left has passed.
    give_up: CancellationToken,
}

impl Deliverer {
    pub(super) fn new(publisher: Arc<dyn Publisher>, spill: Option<Spill>) -> Self {
        Self {
            publisher,
            spill: spill.map(Arc::new),
            give_up: CancellationToken::new(),
        }
    }

    /// Runs until the channel is closed and all is delivered, or `close_timeout` after that.
    pub(super) async fn run(
        self,
        mut records: mpsc::Receiver<Vec<Record>>,
        close_timeout: Duration,
    ) {
        let replaying = tokio::spawn(self.clone().replay());
        let batches = TaskTracker::new();
        let slots = Arc::new(Semaphore::new(BATCHES));
        let mut turns = Vec::with_capacity(TURNS);
        while records.recv_many(&mut turns, TURNS).await > 0 {
            let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
                break;
            };
            let batch = turns.drain(..).flatten().collect();
            let this = self.clone();
            batches.spawn(async move {
                this.deliver(batch).await;
                drop(slot);
            });
        }
        batches.close();
        if tokio::time::timeout(close_timeout, batches.wait())
            .await
            .is_err()
        {
            self.give_up.cancel();
            batches.wait().await;
        }
        self.give_up.cancel();
        if let Err(error) = replaying.await {
            tracing::error!("the task that sends spilled events failed: {error}");
        }
    }

    /// Until the batch is stored or lies on disk.
    async fn deliver(&self, batch: Vec<Record>) {
        let mut waits = AGAIN.waits();
        loop {
            if self.publisher.publish(&batch).await.is_ok() {
                return metrics::published(batch.len());
            }
            if self.keep(&batch).await {
                return;
            }
            let wait = waits.next().unwrap_or(AGAIN.max);
            if self
                .give_up
                .run_until_cancelled(tokio::time::sleep(wait))
                .await
                .is_none()
            {
                tracing::warn!(
                    "{} events are lost: Kafka is away, and so is the process",
                    batch.len()
                );
                return metrics::lost(Loss::Shutdown, batch.len());
            }
        }
    }

    /// Whether the batch lies on disk now.
    async fn keep(&self, batch: &[Record]) -> bool {
        let Some(spill) = self.spill.clone() else {
            return false;
        };
        let values: Vec<Vec<u8>> = batch.iter().map(Record::value).collect();
        let kept = tokio::task::spawn_blocking(move || spill.append(&values)).await;
        match kept {
            Ok(Ok(kept)) => {
                if kept {
                    metrics::spilled(batch.len());
                }
                kept
            }
            Ok(Err(error)) => {
                tracing::error!("cannot write to the spill directory: {error}");
                false
            }
            Err(_) => false,
        }
    }

    /// Sends what lies on disk, oldest first, whenever Kafka takes it.
    async fn replay(self) {
        let Some(spill) = self.spill.clone() else {
            return;
        };
        loop {
            let pause = tokio::time::sleep(REPLAY_INTERVAL);
            if self.give_up.run_until_cancelled(pause).await.is_none() {
                return;
            }
            while self.replay_one(&spill).await {
                if self.give_up.is_cancelled() {
                    return;
                }
            }
        }
    }

    /// Sends one file. False when there is none, or Kafka did not take it all: then it stays.
    async fn replay_one(&self, spill: &Arc<Spill>) -> bool {
        let from = Arc::clone(spill);
        let taken = tokio::task::spawn_blocking(move || from.take_oldest()).await;
        let taken = match taken {
            Ok(Ok(Some(taken))) => taken,
            Ok(Ok(None)) | Err(_) => return false,
            Ok(Err(error)) => {
                tracing::error!("cannot read the spill directory: {error}");
                return false;
            }
        };
        self.send_taken(spill, taken).await
    }

    async fn send_taken(&self, spill: &Arc<Spill>, taken: Taken) -> bool {
        let mut sent = 0;
        for batch in taken.records.chunks(BATCH) {
            if self.publisher.publish(batch).await.is_err() {
                return false;
            }
            sent += batch.len();
        }
        let damaged = taken.damaged;
        let done = Arc::clone(spill);
        let removed = tokio::task::spawn_blocking(move || done.remove(&taken)).await;
        if let Ok(Err(error)) = removed {
            // It will be sent again, which the ids make harmless for a day.
            tracing::error!("cannot remove a spilled file that was sent: {error}");
        }
        tracing::info!(events = sent, "sent spilled events");
        metrics::published(sent);
        metrics::replayed(sent);
        metrics::lost(Loss::Damaged, damaged);
        true
    }
}
