//! One owner of the partition as the world sees it: its commits and inserts, each of which
//! may fail, be late, or be its last.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::{BoxStream, StreamExt as _};
use tokio::time::Instant;

use super::world::{LATE_MAX, LateCommit, LateInsert, World};
use crate::block::Block;
use crate::consume::Feed;
use crate::log::{Log, OffsetRange};
use crate::offsets::{CommitError, Offsets};
use crate::store::{Erasure, Extent, Store, StoredId, StoredRow};

/// How long an insert takes at most when nothing is wrong with it.
const INSERT_TAKES_MAX_MS: u64 = 150;

/// What the aggregator's process is to Kafka and to ClickHouse.
pub(super) struct Member {
    pub(super) generation: u32,
    world: Arc<Mutex<World>>,
    rng: Mutex<fastrand::Rng>,
    feed: Mutex<(Feed, Option<u64>)>,
    /// Killed: nothing that it does has any effect from now on.
    dead: AtomicBool,
    /// Stopped, and does not know it: its session ends meanwhile.
    pub(super) frozen: AtomicBool,
}

/// What happens to a call.
enum Fate {
    Fine,
    FailsBefore,
    /// It has its effect, the answer is lost.
    FailsAfter,
    /// The answer is lost, and it has its effect later.
    Late(Duration),
    /// ClickHouse crashes: the token is kept, the rows are not.
    Ghost,
    DiesBefore,
    DiesAfter,
    Freezes(Duration),
}

impl Member {
    pub(super) fn new(
        generation: u32,
        seed: u64,
        world: Arc<Mutex<World>>,
        feed: Feed,
    ) -> Arc<Self> {
        Arc::new(Self {
            generation,
            world,
            rng: Mutex::new(fastrand::Rng::with_seed(
                seed ^ (u64::from(generation) << 40),
            )),
            feed: Mutex::new((feed, None)),
            dead: AtomicBool::new(false),
            frozen: AtomicBool::new(false),
        })
    }

    pub(super) fn kill(&self) {
        self.dead.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands over what the log holds by now.
    pub(super) fn pump(&self, visible: &[super::log::Stored]) {
        let mut feed = self.feed.lock().unwrap();
        let (feed, position) = &mut *feed;
        let Some(position) = position else { return };
        for record in visible.iter().skip(*position as usize) {
            feed.hand_over(record.message(*position));
            *position += 1;
        }
        feed.end_of_log();
    }

    fn fate(&self, inserts: bool) -> Fate {
        let mut rng = self.rng.lock().unwrap();
        // Mostly soon, while what it meets is still under way.
        let late = LATE_MAX.mul_f64(rng.f64().powi(3));
        let kinds = if inserts { 0..7 } else { 0..5 };
        let Some(kind) = self.world().strikes(&mut rng, kinds) else {
            return Fate::Fine;
        };
        match kind {
            0 => Fate::FailsBefore,
            1 => Fate::FailsAfter,
            2 => Fate::Late(late),
            3 => Fate::DiesBefore,
            4 => Fate::DiesAfter,
            5 => Fate::Ghost,
            _ => Fate::Freezes(late),
        }
    }

    fn commit_now(&self, offset: u64, metadata: &str) -> Result<(), CommitError> {
        let mut world = self.world();
        if world.generation != self.generation {
            return Err(CommitError::Refused("another generation".into()));
        }
        world.committed = Some((offset, metadata.to_owned()));
        Ok(())
    }

    /// A dead process waits for ever; its task is ended from outside.
    async fn alive(&self) {
        if self.is_dead() {
            std::future::pending().await
        }
    }
}

fn lost<T>() -> anyhow::Result<T> {
    Err(anyhow::anyhow!("no answer"))
}

impl Offsets for Arc<Member> {
    fn commit(&self, offset: u64, metadata: &str) -> Result<(), CommitError> {
        let unknown = || CommitError::Unknown("no answer".into());
        if self.is_dead() {
            return Err(CommitError::Refused("dead".into()));
        }
        match self.fate(false) {
            Fate::FailsBefore => Err(unknown()),
            Fate::FailsAfter => self.commit_now(offset, metadata).and(Err(unknown())),
            Fate::Late(after) => {
                self.world().late_commits.push(LateCommit {
                    due: Instant::now() + after,
                    generation: self.generation,
                    offset,
                    metadata: metadata.to_owned(),
                });
                Err(unknown())
            }
            Fate::DiesBefore => {
                self.kill();
                Err(unknown())
            }
            Fate::DiesAfter => {
                let done = self.commit_now(offset, metadata);
                self.kill();
                done
            }
            _ => self.commit_now(offset, metadata),
        }
    }

    fn committed(&self) -> anyhow::Result<Option<(u64, String)>> {
        Ok(self.world().committed.clone())
    }

    fn bounds(&self) -> anyhow::Result<(u64, u64)> {
        Ok((0, self.world().visible as u64))
    }

    fn begin_at(&self, offset: u64) -> anyhow::Result<()> {
        self.feed.lock().unwrap().1 = Some(offset);
        let visible = self.world().visible().to_vec();
        self.pump(&visible);
        Ok(())
    }
}

#[async_trait]
impl Store for Arc<Member> {
    async fn insert(&self, block: &Block, token: &str) -> anyhow::Result<()> {
        self.alive().await;
        let takes = self.rng.lock().unwrap().u64(0..INSERT_TAKES_MAX_MS);
        tokio::time::sleep(Duration::from_millis(takes)).await;
        let apply = || self.world().tables.apply(block, token);
        match self.fate(true) {
            Fate::FailsBefore => return lost(),
            Fate::FailsAfter => {
                apply();
                return lost();
            }
            Fate::Late(after) => {
                self.world().late_inserts.push(LateInsert {
                    due: Instant::now() + after,
                    block: block.clone(),
                    token: token.to_owned(),
                });
                return lost();
            }
            Fate::Ghost => {
                self.world().tables.lose(token);
                return lost();
            }
            Fate::DiesBefore => self.kill(),
            Fate::DiesAfter => {
                apply();
                self.kill();
            }
            Fate::Freezes(pause) => {
                self.frozen.store(true, Ordering::SeqCst);
                tokio::time::sleep(pause).await;
                self.frozen.store(false, Ordering::SeqCst);
                apply();
            }
            Fate::Fine => apply(),
        }
        self.alive().await;
        Ok(())
    }

    async fn holds(&self, extent: &Extent, blocks: &[&Block]) -> anyhow::Result<Vec<bool>> {
        self.alive().await;
        let world = self.world();
        let held = blocks.iter().map(|block| world.tables.holds(extent, block));
        Ok(held.collect())
    }

    async fn rows_of(&self, extent: &Extent) -> anyhow::Result<Vec<StoredRow>> {
        self.alive().await;
        Ok(self.world().tables.rows_of(extent))
    }

    async fn batch_from(&self, _: &Log, start: u64) -> anyhow::Result<Option<u64>> {
        self.alive().await;
        Ok(self.world().tables.batch_from(start))
    }

    async fn last_batch(&self, _: &Log) -> anyhow::Result<Option<OffsetRange>> {
        self.alive().await;
        Ok(self.world().tables.last_batch())
    }

    async fn ids_below(
        &self,
        _: &Log,
        offset: u64,
    ) -> anyhow::Result<BoxStream<'static, anyhow::Result<StoredId>>> {
        self.alive().await;
        let ids = self.world().tables.ids_below(offset);
        Ok(futures::stream::iter(ids.into_iter().map(Ok)).boxed())
    }

    async fn erasures(&self, _: &Log) -> anyhow::Result<Vec<Erasure>> {
        Ok(Vec::new())
    }
}
