//! Interim: the same rule with one hash set per generation, all in memory.
use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::PathBuf;

#[derive(Debug, Clone)]
pub struct WindowConfig {
    pub memory_bytes_max: usize,
    pub spill_dir: PathBuf,
}

#[derive(Debug)]
pub struct Window(BTreeMap<i64, HashSet<u128>>);

const GENERATION_MS: i64 = 4 * 3_600_000;

impl Window {
    pub fn new(_config: WindowConfig) -> Self {
        Self(BTreeMap::new())
    }
    pub fn admit(&mut self, id: u128, log_time_ms: i64) -> io::Result<bool> {
        let now = log_time_ms.div_euclid(GENERATION_MS);
        if self.0.range(now - 6..).any(|(_, ids)| ids.contains(&id)) {
            return Ok(false);
        }
        self.0.entry(now).or_default().insert(id);
        Ok(true)
    }
    pub fn restore(&mut self, id: u128, log_time_ms: i64) -> io::Result<()> {
        self.0
            .entry(log_time_ms.div_euclid(GENERATION_MS))
            .or_default()
            .insert(id);
        Ok(())
    }
    pub fn len(&self) -> usize {
        self.0.values().map(HashSet::len).sum()
    }
}
