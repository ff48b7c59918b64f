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

/// One bit for each path.
pub(super) type Paths = u64;

pub(super) fn all(count: usize) -> Paths {
    if count >= Paths::BITS as usize {
        Paths::MAX
    } else {
        (1 << count) - 1
    }
}

pub(super) fn bits(mut paths: Paths) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = paths.trailing_zeros() as usize;
        (paths != 0).then(|| {
            paths &= paths - 1;
            bit
        })
    })
}
