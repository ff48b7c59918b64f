//! A worker at its work, as `session` would hold it.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::member::Member;
use super::mutants::{self, Mutant};
use super::world::{INSERT_LIFETIME, World};
use crate::commit::{Lease, Stop};
use crate::consume::feed;
use crate::dead_letter::{DeadLetter, DeadLetters};
use crate::dedup::WindowConfig;
use crate::log::Log;
use crate::pipeline::{Limits, Parts, Pipeline};
use crate::store::Store;

pub(super) struct Owner {
    pub(super) member: Arc<Member>,
    pub(super) since: Instant,
    lease: Lease,
    worker: JoinHandle<Stop>,
}

struct NoLetters;

#[async_trait]
impl DeadLetters for NoLetters {
    async fn keep(&self, _: &Log, _: &DeadLetter) -> anyhow::Result<()> {
        Ok(())
    }
}

impl Owner {
    /// The next generation begins.
    pub(super) fn take_over(seed: u64, mutant: Option<Mutant>, world: &Arc<Mutex<World>>) -> Self {
        let generation = {
            let mut world = world.lock().unwrap();
            world.generation += 1;
            world.generation
        };
        let (feed, inbox) = feed();
        let stop = CancellationToken::new();
        let member = Member::new(generation, seed, Arc::clone(world), feed);
        let log = Arc::new(Log {
            topic: "events".into(),
            epoch: "epoch".into(),
            partition: 0,
        });
        let offsets = mutants::offsets(mutant, Arc::new(Arc::clone(&member)));
        let store: Arc<dyn Store> = Arc::new(Arc::clone(&member));
        let parts = Parts {
            store: mutants::store(mutant, store),
            dead_letters: Arc::new(NoLetters),
            window: WindowConfig {
                memory_bytes_max: 1 << 20,
                spill_dir: std::env::temp_dir(),
            },
            limits: Limits {
                rows_max: 4,
                bytes_max: 1 << 20,
                age_max: Duration::from_millis(300),
            },
            insert_lifetime: INSERT_LIFETIME,
        };
        let lease = Lease::new(offsets, Arc::clone(&log), stop);
        let worker = {
            let lease = lease.clone();
            tokio::spawn(async move {
                match Pipeline::begin(log, parts, lease, inbox).await {
                    Ok(pipeline) => pipeline.run().await,
                    Err(stop) => stop,
                }
            })
        };
        Self {
            member,
            since: Instant::now(),
            lease,
            worker,
        }
    }

    /// Whether the group will find another owner: the process died, hangs, or left.
    pub(super) fn is_lost(&self) -> bool {
        self.member.is_dead()
            || self.member.frozen.load(Ordering::SeqCst)
            || self.worker.is_finished()
    }

    /// Somebody else owns the partition now; who is frozen learns it when it thaws.
    pub(super) fn retire(&self) {
        if self.member.is_dead() {
            self.worker.abort();
        }
        if !self.member.frozen.load(Ordering::SeqCst) {
            self.lease.stop().cancel();
        }
    }

    /// Whether nothing of it is at work any more.
    pub(super) fn is_gone(&self) -> bool {
        self.worker.is_finished()
    }

    pub(super) async fn leave(self) {
        self.lease.stop().cancel();
        self.worker.abort();
        drop(self.worker.await);
    }
}
