//! Ids that no longer change: sorted, 16 bytes each, behind a filter.

use std::io;
use std::vec;

use super::bloom::{Bloom, Probe};
use super::spill::{PageReader, SpillDir, SpillWriter, Spilled};

#[derive(Debug)]
pub(super) struct Run {
    ids: Ids,
    filter: Bloom,
    /// How often it was merged: equals are merged with equals.
    pub(super) level: u32,
}

#[derive(Debug)]
enum Ids {
    Memory(Vec<u128>),
    File(Spilled),
}

impl Run {
    /// A run in memory. The ids may come in any order; pieces in order are made use of.
    pub(super) fn in_memory(mut ids: Vec<u128>, level: u32) -> Self {
        ids.sort();
        ids.dedup();
        let mut filter = Bloom::with_capacity(ids.len());
        ids.iter().for_each(|id| filter.insert(*id));
        Self {
            ids: Ids::Memory(ids),
            filter,
            level,
        }
    }

    /// A run in a file, of sorted and distinct ids, at most `len_max` of them.
    pub(super) fn in_file(
        sorted: impl Iterator<Item = io::Result<u128>>,
        len_max: usize,
        level: u32,
        dir: &SpillDir,
    ) -> io::Result<Self> {
        let mut filter = Bloom::with_capacity(len_max);
        let mut writer = SpillWriter::create(dir)?;
        for id in sorted {
            let id = id?;
            filter.insert(id);
            writer.push(id)?;
        }
        Ok(Self {
            ids: Ids::File(writer.finish()?),
            filter,
            level,
        })
    }

    /// Whether its filter lets the id pass: then [`Run::contains`] knows.
    pub(super) fn may_contain(&self, probe: Probe) -> bool {
        self.filter.may_contain(probe)
    }

    pub(super) fn contains(&self, id: u128) -> io::Result<bool> {
        match &self.ids {
            Ids::Memory(ids) => Ok(ids.binary_search(&id).is_ok()),
            Ids::File(ids) => ids.contains(id),
        }
    }

    pub(super) fn len(&self) -> usize {
        match &self.ids {
            Ids::Memory(ids) => ids.len(),
            Ids::File(ids) => ids.len(),
        }
    }

    pub(super) fn is_spilled(&self) -> bool {
        matches!(self.ids, Ids::File(_))
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let ids = match &self.ids {
            Ids::Memory(ids) => ids.capacity() * size_of::<u128>(),
            Ids::File(ids) => ids.memory_bytes(),
        };
        ids + self.filter.memory_bytes()
    }

    /// Moves the ids to a file; the filter stays.
    pub(super) fn spill(&mut self, dir: &SpillDir) -> io::Result<()> {
        if let Ids::Memory(ids) = &self.ids {
            let mut writer = SpillWriter::create(dir)?;
            for id in ids {
                writer.push(*id)?;
            }
            self.ids = Ids::File(writer.finish()?);
        }
        Ok(())
    }

    /// The ids in order.
    pub(super) fn into_ids(self) -> IntoIds {
        match self.ids {
            Ids::Memory(ids) => IntoIds::Memory(ids.into_iter()),
            Ids::File(ids) => IntoIds::File(ids.into_reader()),
        }
    }
}

#[derive(Debug)]
pub(super) enum IntoIds {
    Memory(vec::IntoIter<u128>),
    File(PageReader),
}

impl IntoIds {
    pub(super) fn append_to(self, ids: &mut Vec<u128>) -> io::Result<()> {
        match self {
            Self::Memory(more) => ids.extend(more),
            Self::File(more) => {
                for id in more {
                    ids.push(id?);
                }
            }
        }
        Ok(())
    }
}

impl Iterator for IntoIds {
    type Item = io::Result<u128>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Memory(ids) => ids.next().map(Ok),
            Self::File(ids) => ids.next(),
        }
    }
}
