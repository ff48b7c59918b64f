//! Counting the acks of one request's records, whatever thread they come on.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rdkafka::types::RDKafkaErrorCode;
use tokio::sync::Notify;

/// Shared by a request and all its records: one allocation, not one a record.
#[derive(Debug)]
pub(super) struct Acks {
    pending: AtomicUsize,
    failure: Mutex<Option<RDKafkaErrorCode>>,
    done: Notify,
}

impl Acks {
    pub(super) fn expecting(records: usize) -> Self {
        Self {
            pending: AtomicUsize::new(records),
            failure: Mutex::new(None),
            done: Notify::new(),
        }
    }

    /// One record is stored, or is not.
    pub(super) fn settle(&self, outcome: Result<(), RDKafkaErrorCode>) {
        self.settle_many(1, outcome);
    }

    /// So many records share one outcome.
    pub(super) fn settle_many(&self, records: usize, outcome: Result<(), RDKafkaErrorCode>) {
        if let Err(code) = outcome {
            // The first failure tells more than those that follow from it.
            self.failure
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get_or_insert(code);
        }
        if self.pending.fetch_sub(records, Ordering::AcqRel) == records {
            self.done.notify_one();
        }
    }

    /// Waits for the last one. For one waiter.
    pub(super) async fn all(&self) -> Result<(), RDKafkaErrorCode> {
        if self.pending.load(Ordering::Acquire) > 0 {
            self.done.notified().await;
        }
        let failure = *self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn it_waits_for_the_last_and_tells_the_first_failure() {
        let acks = Arc::new(Acks::expecting(1000));
        let threads = (0..4).map(|n| {
            let acks = Arc::clone(&acks);
            std::thread::spawn(move || {
                for i in 0..250 {
                    let bad = n == 2 && i == 100;
                    acks.settle(if bad {
                        Err(RDKafkaErrorCode::QueueFull)
                    } else {
                        Ok(())
                    });
                }
            })
        });
        let threads: Vec<_> = threads.collect();
        assert_eq!(acks.all().await, Err(RDKafkaErrorCode::QueueFull));
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert_eq!(acks.pending.load(Ordering::Relaxed), 0);
    }
}
