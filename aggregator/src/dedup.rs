//! The duplicate window of one partition: has this id been counted already?
//!
//! Log time (when the broker stored a record) is cut into generations of four hours. A
//! record is a duplicate iff its id was accepted, at a lower offset, in a generation that
//! is at most six before the record's own (or later: a broker's clock may step back). So
//! an id counts once within at least 24 hours of log time, and at most 28. A dropped
//! duplicate is not remembered and so does not renew the window.
//!
//! The decision is a function of the log alone, the same on every replay and after every
//! rebuild: of what was accepted before, the ten newest generations are kept, whatever the
//! order in which they came. No clock, no chance, and no load decides: under a memory limit
//! ids move to files, they are not forgotten. Ten are the seven that a record asks for and
//! three to spare, so that a clock that steps back by hours changes nothing; and one that
//! leaps ahead costs one generation of the ten, not the window.

mod bloom;
mod generation;
mod merge;
mod run;
mod spill;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use bloom::Probe;
use generation::Generation;
use spill::SpillDir;

/// Log time of one generation.
const GENERATION_MS: i64 = 4 * 3_600_000;
/// A record asks its own generation and this many before it: 24 hours in full.
const GENERATIONS_BACK: i64 = 6;
/// Generations kept: those a record asks for, and three more (12 hours).
const GENERATIONS_KEPT: usize = 10;
/// Ids of a generation in a hash set, before they become a sorted run: what fills 32,768
/// buckets to 7/8, half a megabyte.
const RECENT_MAX: usize = 28_672;

/// Limits of a window.
#[derive(Debug, Clone)]
pub struct WindowConfig {
    /// Bytes of memory for ids; beyond it the oldest go to files. The filters (2 bytes an
    /// id) and the most recent ids (up to 5 MB) stay in memory whatever the limit.
    pub memory_bytes_max: usize,
    /// Where the files go; made when needed. They are a cache without names: nothing is
    /// left of them when the process ends, however it ends.
    pub spill_dir: PathBuf,
}

/// The ids accepted on one partition within the window. After an error it is of no more
/// use, and says so: rebuild it.
#[derive(Debug)]
pub struct Window {
    generations: BTreeMap<i64, Generation>,
    /// The generation being written when [`Window::admit`] was last asked.
    current: i64,
    memory_bytes_max: usize,
    recent_max: usize,
    spill_dir: SpillDir,
    broken: bool,
}

impl Window {
    /// An empty window.
    pub fn new(config: WindowConfig) -> Self {
        Self::with_recent_max(config, RECENT_MAX)
    }

    fn with_recent_max(config: WindowConfig, recent_max: usize) -> Self {
        Self {
            generations: BTreeMap::new(),
            current: i64::MIN,
            memory_bytes_max: config.memory_bytes_max,
            recent_max,
            spill_dir: SpillDir::new(config.spill_dir),
            broken: false,
        }
    }

    /// Whether the id is the first of its kind as of this log time (milliseconds since
    /// 1970); if so, it is remembered. Ids are uniform 128-bit hashes.
    ///
    /// # Errors
    /// When the files cannot be written or read; the window is then broken.
    pub fn admit(&mut self, id: u128, log_time_ms: i64) -> io::Result<bool> {
        self.guard(|window| {
            let now = generation_of(log_time_ms);
            let asked = window
                .generations
                .range(now.saturating_sub(GENERATIONS_BACK)..);
            let probe = Probe::new(id);
            for (_, generation) in asked.rev() {
                if generation.contains(id, probe)? {
                    return Ok(false);
                }
            }
            if now > window.current {
                window.close_before(now)?;
            }
            window.remember(id, now)?;
            Ok(true)
        })
    }

    /// Remembers an id that was accepted earlier: for rebuilding, in any order. An id given
    /// twice for one generation is the same as given once.
    ///
    /// # Errors
    /// When the files cannot be written; the window is then broken.
    pub fn restore(&mut self, id: u128, log_time_ms: i64) -> io::Result<()> {
        self.guard(|window| window.remember(id, generation_of(log_time_ms)))
    }

    /// Ids remembered. Ids restored twice may count twice until their runs are merged.
    pub fn len(&self) -> usize {
        self.generations.values().map(Generation::len).sum()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of memory taken by ids, filters and indexes.
    pub fn memory_bytes(&self) -> usize {
        self.generations
            .values()
            .map(Generation::memory_bytes)
            .sum()
    }

    fn guard<T>(&mut self, work: impl FnOnce(&mut Self) -> io::Result<T>) -> io::Result<T> {
        if self.broken {
            return Err(io::Error::other(
                "the duplicate window is broken by an earlier error",
            ));
        }
        let done = work(self);
        self.broken = done.is_err();
        done
    }

    fn remember(&mut self, id: u128, generation: i64) -> io::Result<()> {
        let kept = self.generations.entry(generation).or_default();
        kept.insert(id);
        let sealed = kept.recent_len() >= self.recent_max;
        if sealed {
            kept.seal(&self.spill_dir)?;
        }
        if self.generations.len() > GENERATIONS_KEPT {
            self.generations.pop_first();
        }
        if sealed { self.spill() } else { Ok(()) }
    }

    /// A new generation begins: those before it will hardly grow any more, so each becomes
    /// one run, which makes asking them cheap.
    fn close_before(&mut self, now: i64) -> io::Result<()> {
        self.current = now;
        for generation in self
            .generations
            .range_mut(..now)
            .map(|(_, generation)| generation)
        {
            generation.compact(&self.spill_dir)?;
        }
        self.spill()
    }

    /// Moves runs to files, the oldest first, until the memory limit holds.
    fn spill(&mut self) -> io::Result<()> {
        let mut taken = self.memory_bytes();
        for generation in self.generations.values_mut() {
            while taken > self.memory_bytes_max {
                let Some(freed) = generation.spill(&self.spill_dir)? else {
                    break;
                };
                taken = taken.saturating_sub(freed);
            }
        }
        Ok(())
    }
}

fn generation_of(log_time_ms: i64) -> i64 {
    log_time_ms.div_euclid(GENERATION_MS)
}

#[cfg(test)]
mod tests;
