//! The ids of four hours: recent ones in a hash set, the others in sorted runs.

use std::hash::{BuildHasherDefault, Hasher};
use std::io;

use hashbrown::HashSet;

use super::bloom::Probe;
use super::merge::Merge;
use super::run::Run;
use super::spill::SpillDir;

/// Runs of one level that are merged into one of the next. Small numbers keep asking cheap,
/// large ones writing.
const RUNS_PER_LEVEL: usize = 4;
/// Files of one generation; more are merged into one.
const FILES_MAX: usize = 8;

#[derive(Debug, Default)]
pub(super) struct Generation {
    recent: HashSet<u128, BuildHasherDefault<OwnBits>>,
    runs: Vec<Run>,
}

/// Ids are hashes already.
#[derive(Debug, Default)]
struct OwnBits(u64);

impl Hasher for OwnBits {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u128(&mut self, id: u128) {
        self.0 = id as u64;
    }

    fn write(&mut self, bytes: &[u8]) {
        // Only ids are hashed here; anything else still gets a hash.
        self.0 = bytes
            .iter()
            .fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }
}

impl Generation {
    pub(super) fn contains(&self, id: u128, probe: Probe) -> io::Result<bool> {
        if self.recent.contains(&id) {
            return Ok(true);
        }
        // All filters at once, without a branch: the memory accesses then overlap.
        let maybe = self
            .runs
            .iter()
            .fold(false, |maybe, run| maybe | run.may_contain(probe));
        if !maybe {
            return Ok(false);
        }
        for run in &self.runs {
            if run.may_contain(probe) && run.contains(id)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn insert(&mut self, id: u128) {
        self.recent.insert(id);
    }

    pub(super) fn recent_len(&self) -> usize {
        self.recent.len()
    }

    pub(super) fn len(&self) -> usize {
        self.recent.len() + self.runs.iter().map(Run::len).sum::<usize>()
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.recent.allocation_size() + self.runs.iter().map(Run::memory_bytes).sum::<usize>()
    }

    /// Makes a run of the recent ids, and one of runs that have become many.
    pub(super) fn seal(&mut self, dir: &SpillDir) -> io::Result<()> {
        if self.recent.is_empty() {
            return Ok(());
        }
        self.runs
            .push(Run::in_memory(self.recent.drain().collect(), 0));
        let mut level = 0;
        while self.merge_where(dir, RUNS_PER_LEVEL, |run| {
            !run.is_spilled() && run.level == level
        })? {
            level += 1;
        }
        self.merge_where(dir, FILES_MAX, Run::is_spilled)?;
        Ok(())
    }

    /// Makes one run of all ids, and gives back what recent ones would have needed.
    pub(super) fn compact(&mut self, dir: &SpillDir) -> io::Result<()> {
        self.seal(dir)?;
        self.recent = HashSet::default();
        self.merge_where(dir, 2, |_| true)?;
        Ok(())
    }

    /// Moves the largest run in memory to a file and says how many bytes that freed; `None`
    /// when there is none.
    pub(super) fn spill(&mut self, dir: &SpillDir) -> io::Result<Option<usize>> {
        let in_memory = self.runs.iter_mut().filter(|run| !run.is_spilled());
        let Some(run) = in_memory.max_by_key(|run| run.len()) else {
            return Ok(None);
        };
        let before = run.memory_bytes();
        run.spill(dir)?;
        Ok(Some(before.saturating_sub(run.memory_bytes())))
    }

    /// Merges the runs that are meant, if there are `count` of them or more; into a file if
    /// one of them is a file.
    fn merge_where(
        &mut self,
        dir: &SpillDir,
        count: usize,
        meant: impl Fn(&Run) -> bool,
    ) -> io::Result<bool> {
        if self.runs.iter().filter(|run| meant(run)).count() < count {
            return Ok(false);
        }
        let (merged, kept): (Vec<_>, Vec<_>) = self.runs.drain(..).partition(|run| meant(run));
        self.runs = kept;
        let len_max = merged.iter().map(Run::len).sum();
        let level = merged.iter().map(|run| run.level).max().unwrap_or_default() + 1;
        let spilled = merged.iter().any(Run::is_spilled);
        let sources = merged.into_iter().map(Run::into_ids);
        self.runs.push(if spilled {
            Run::in_file(Merge::new(sources)?, len_max, level, dir)?
        } else {
            let mut ids = Vec::with_capacity(len_max);
            for source in sources {
                source.append_to(&mut ids)?;
            }
            Run::in_memory(ids, level)
        });
        Ok(true)
    }
}
