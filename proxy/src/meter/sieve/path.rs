//! What is sought, and who is told.

/// A value to find.
#[derive(Debug, Clone, Copy)]
pub(in crate::meter) struct Path<T: 'static> {
    /// Keys from the document's root.
    pub(in crate::meter) keys: &'static [&'static str],
    pub(in crate::meter) kind: Kind,
    /// What it is.
    pub(in crate::meter) what: T,
}

/// What is wanted of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::meter) enum Kind {
    /// All of it, up to 16 KiB.
    Value,
    /// The same up to this many bytes.
    Long(usize),
    /// Text as it passes, where it is a string; else what is in it.
    Text,
    /// All of it as it passes, whatever it is.
    Weight,
}

/// Who is told.
pub(in crate::meter) trait Findings<T> {
    /// A value's JSON.
    fn value(&mut self, what: T, json: &[u8]);
    /// A piece of a string, escapes not decoded, or of a value's JSON.
    fn text(&mut self, what: T, piece: &[u8]);
    /// A document has ended: a whole text, a line, an element of an array at the root.
    fn document(&mut self);
}

/// Paths by their keys. Made once, and shared by all sieves.
#[derive(Debug)]
pub(in crate::meter) struct Tree<T: 'static> {
    /// The paths that end here, in the order in which they were given.
    ends: Vec<&'static Path<T>>,
    /// Where a key leads.
    deeper: Vec<(&'static [u8], Tree<T>)>,
}

impl<T> Tree<T> {
    pub(in crate::meter) fn new(paths: &'static [Path<T>]) -> Self {
        let mut root = Self::default();
        for path in paths {
            let end = path.keys.iter().fold(&mut root, |tree, key| tree.grow(key));
            end.ends.push(path);
        }
        root
    }

    fn grow(&mut self, key: &'static str) -> &mut Self {
        let key = key.as_bytes();
        let known = self.deeper.iter().position(|(known, _)| *known == key);
        let at = known.unwrap_or_else(|| {
            self.deeper.push((key, Self::default()));
            self.deeper.len() - 1
        });
        &mut self.deeper[at].1
    }

    /// Where the key leads, if anywhere.
    pub(super) fn at(&self, key: &[u8]) -> Option<&Self> {
        let found = self.deeper.iter().find(|(known, _)| *known == key);
        found.map(|(_, tree)| tree)
    }

    /// What is wanted of a value here.
    pub(super) fn wanted(&self, is_string: bool) -> Option<&'static Path<T>> {
        let mut ends = self.ends.iter().copied();
        ends.find(|path| path.kind != Kind::Text || is_string)
    }

    /// Whether something is sought within a container here.
    pub(super) fn leads_on(&self) -> bool {
        !self.deeper.is_empty()
    }
}

impl<T> Default for Tree<T> {
    fn default() -> Self {
        Self {
            ends: Vec::new(),
            deeper: Vec::new(),
        }
    }
}
