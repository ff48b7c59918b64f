//! Several runs as one: sorted, each id once.

use std::io;

use super::run::IntoIds;

/// A merge of few sources: the smallest head is found by looking at each.
#[derive(Debug)]
pub(super) struct Merge {
    /// Sources that are not at their end, each behind its next id.
    heads: Vec<(u128, IntoIds)>,
    last: Option<u128>,
}

impl Merge {
    pub(super) fn new(sources: impl Iterator<Item = IntoIds>) -> io::Result<Self> {
        let mut heads = Vec::new();
        for mut source in sources {
            if let Some(id) = source.next() {
                heads.push((id?, source));
            }
        }
        Ok(Self { heads, last: None })
    }

    /// The smallest head; the source behind it moves on.
    fn pop(&mut self) -> Option<io::Result<u128>> {
        let heads = self.heads.iter().enumerate();
        let (place, _) = heads.min_by_key(|(_, (id, _))| *id)?;
        let head = &mut self.heads[place];
        let id = head.0;
        match head.1.next() {
            Some(Ok(next)) => head.0 = next,
            Some(Err(error)) => return Some(Err(error)),
            None => {
                self.heads.swap_remove(place);
            }
        }
        Some(Ok(id))
    }
}

impl Iterator for Merge {
    type Item = io::Result<u128>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.pop()? {
                Ok(id) if self.last == Some(id) => {}
                Ok(id) => {
                    self.last = Some(id);
                    return Some(Ok(id));
                }
                error => return Some(error),
            }
        }
    }
}
