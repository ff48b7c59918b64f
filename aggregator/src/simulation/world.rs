//! What outlives every owner: the log, the group's offset, the tables, and what is on its
//! way to them.

use std::ops::Range;
use std::time::Duration;

use tokio::time::Instant;

use super::log::Stored;
use super::tables::Tables;
use crate::block::Block;

/// Faults of one case, at most.
const FAULTS_MAX: u32 = 8;
/// How late an insert, a commit or a frozen process may be. With the age of a lease's
/// proof it stays below the lifetime of an insert, which is the protocol's one assumption.
pub(super) const LATE_MAX: Duration = Duration::from_secs(12);
pub(super) const INSERT_LIFETIME: Duration = Duration::from_secs(20);

pub(super) struct World {
    pub(super) log: Vec<Stored>,
    /// How much of it has been written by now.
    pub(super) visible: usize,
    pub(super) generation: u32,
    pub(super) committed: Option<(u64, String)>,
    pub(super) tables: Tables,
    pub(super) late_commits: Vec<LateCommit>,
    pub(super) late_inserts: Vec<LateInsert>,
    /// Faults left to happen.
    faults: u32,
    /// Which kinds of them, by bits: few kinds at a time meet in more ways.
    kinds: u8,
    /// How likely one is at each call, of 256.
    odds: u8,
}

#[derive(Debug)]
pub(super) struct LateCommit {
    pub(super) due: Instant,
    pub(super) generation: u32,
    pub(super) offset: u64,
    pub(super) metadata: String,
}

#[derive(Debug)]
pub(super) struct LateInsert {
    pub(super) due: Instant,
    pub(super) block: Block,
    pub(super) token: String,
}

impl World {
    pub(super) fn new(log: Vec<Stored>, rng: &mut fastrand::Rng, kinds: Option<u8>) -> Self {
        let mut tables = Tables::new();
        if rng.bool() {
            tables.lose(&left_behind(rng));
        }
        Self {
            log,
            visible: 0,
            generation: 0,
            committed: None,
            tables,
            late_commits: Vec::new(),
            late_inserts: Vec::new(),
            faults: rng.u32(1..=FAULTS_MAX),
            kinds: kinds.unwrap_or(rng.u8(..)),
            odds: rng.u8(10..100),
        }
    }

    /// The kind of fault that happens now, if one does.
    pub(super) fn strikes(&mut self, rng: &mut fastrand::Rng, kinds: Range<u8>) -> Option<u8> {
        let kinds = rng.choose_multiple(kinds.filter(|kind| self.kinds >> kind & 1 == 1), 1);
        let kind = *kinds.first()?;
        (rng.u8(..) < self.odds && self.spend()).then_some(kind)
    }

    /// Whether a fault may happen now.
    pub(super) fn spend(&mut self) -> bool {
        let left = self.faults > 0;
        self.faults = self.faults.saturating_sub(1);
        left
    }

    pub(super) fn visible(&self) -> &[Stored] {
        &self.log[..self.visible]
    }

    /// What was on its way arrives; a commit only in its own generation.
    pub(super) fn deliver(&mut self) {
        let now = Instant::now();
        for insert in self.late_inserts.extract_if(.., |late| late.due <= now) {
            self.tables.apply(&insert.block, &insert.token);
        }
        for late in self.late_commits.extract_if(.., |late| late.due <= now) {
            if late.generation == self.generation {
                self.committed = Some((late.offset, late.metadata));
            }
        }
    }

    pub(super) fn is_finished(&self) -> bool {
        let end = self.log.len() as u64;
        let is_done = |metadata: &str| metadata.ends_with("done");
        self.visible == self.log.len()
            && self.late_inserts.is_empty()
            && self.late_commits.is_empty()
            && matches!(&self.committed, Some((offset, text)) if *offset == end && is_done(text))
    }
}

/// The token of an owner before the first: it and ClickHouse were killed over its first raw
/// block, and its plan is lost as well.
fn left_behind(rng: &mut fastrand::Rng) -> String {
    let (end, month) = (rng.u8(1..=4), 202_609 + rng.u8(0..2) as u32);
    format!("epoch/0/0-{end}/trace_events/{month}/0")
}
