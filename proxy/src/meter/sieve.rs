//! Finds a few values in JSON as it passes: a push parser that keeps nothing but its place
//! and the value it is in. Any split of the bytes gives the same findings; what is not JSON
//! gives none, or too few, and never an error.

mod cursor;
mod path;

use cursor::{Nesting, Text};
pub(super) use path::{Findings, Kind, Path};
use path::{Paths, all, bits};

/// Largest value kept; a larger one is not found.
const VALUE_BYTES_MAX: usize = 16 * 1024;
/// Longest key compared; a longer one matches nothing.
const KEY_BYTES_MAX: usize = 64;
/// The component of a path that stands for every element of an array.
const EACH: &str = "*";

#[derive(Debug)]
pub(super) struct Sieve<T: 'static> {
    paths: &'static [Path<T>],
    /// The containers around the place, with the paths that lead on from there.
    stack: Vec<Frame>,
    state: State,
    key: Vec<u8>,
    key_fits: bool,
    kept: Vec<u8>,
    kept_max: usize,
}

#[derive(Debug, Clone, Copy)]
struct Frame {
    is_object: bool,
    paths: Paths,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Before a value that these paths have led to.
    Value(Paths),
    /// In an object, before a key.
    Key,
    InKey(Text),
    Colon,
    InString(Text, Take),
    /// A number, `true`, `null`.
    InScalar(Take),
    /// In a container of which nothing, or everything, is wanted.
    InNested(Nesting, Take),
    /// Behind a value.
    After,
}

/// What becomes of the bytes of the value at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Take {
    Nothing,
    Keep(usize),
    Pass(usize),
}

impl<T: Copy> Sieve<T> {
    /// At most 64 paths.
    pub(super) fn new(paths: &'static [Path<T>]) -> Self {
        debug_assert!(paths.len() <= Paths::BITS as usize);
        Self {
            paths,
            stack: Vec::new(),
            state: State::Value(all(paths.len())),
            key: Vec::new(),
            key_fits: true,
            kept: Vec::new(),
            kept_max: VALUE_BYTES_MAX,
        }
    }

    /// Reads on.
    pub(super) fn feed(&mut self, bytes: &[u8], found: &mut impl Findings<T>) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let used = self.step(rest, found);
            rest = rest.get(used..).unwrap_or_default();
        }
    }

    /// Whether every document that has begun has ended.
    pub(super) fn is_at_rest(&self) -> bool {
        self.stack.is_empty() && matches!(self.state, State::Value(_))
    }

    /// The text has ended; the next bytes are another's.
    pub(super) fn end(&mut self, found: &mut impl Findings<T>) {
        if let State::InScalar(take) = self.state {
            self.finish_value(take, found);
        }
        if !self.is_at_rest() {
            found.document(); // what there is of it
        }
        self.stack.clear();
        self.kept.clear();
        self.state = State::Value(all(self.paths.len()));
    }

    /// Consumes at least one byte of `bytes`, or changes the state.
    fn step(&mut self, bytes: &[u8], found: &mut impl Findings<T>) -> usize {
        let Some(&byte) = bytes.first() else { return 0 };
        match self.state {
            State::Value(paths) => self.begin_value(byte, paths),
            State::Key => {
                match byte {
                    b'"' => {
                        self.key.clear();
                        self.key_fits = true;
                        self.state = State::InKey(Text::default());
                    }
                    b'}' | b']' => self.close(found),
                    _ => {}
                }
                1
            }
            State::InKey(text) => self.in_key(bytes, text),
            State::Colon => {
                if byte == b':' {
                    self.state = State::Value(self.paths_of_key());
                }
                1
            }
            State::InString(text, take) => self.in_string(bytes, text, take, found),
            State::InScalar(take) => {
                let ends =
                    |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n');
                let used = bytes.iter().position(ends);
                self.take(take, &bytes[..used.unwrap_or(bytes.len())], found);
                if used.is_some() {
                    self.finish_value(take, found);
                }
                used.unwrap_or(bytes.len())
            }
            State::InNested(mut nesting, take) => {
                let used = nesting.pass(bytes);
                self.take(take, &bytes[..used], found);
                self.state = State::InNested(nesting, take);
                if nesting.is_closed() {
                    self.finish_value(take, found);
                }
                used
            }
            State::After => {
                match byte {
                    b',' => self.state = self.next_in_container(),
                    b'}' | b']' => self.close(found),
                    _ => {}
                }
                1
            }
        }
    }

    fn begin_value(&mut self, byte: u8, paths: Paths) -> usize {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b',' | b':' => 1,
            b']' | b'}' => {
                if self.stack.is_empty() {
                    return 1;
                }
                // An empty array, or a missing value.
                self.state = State::After;
                0
            }
            b'"' => {
                let take = self.wanted(paths, true);
                self.state = State::InString(Text::default(), take);
                self.keep_first(take, byte);
                1
            }
            b'{' | b'[' => {
                let take = self.wanted(paths, false);
                let deeper = self.deeper(paths);
                if take == Take::Nothing && (deeper != 0 || self.stack.is_empty()) {
                    self.open(byte == b'{', deeper);
                    return 1;
                }
                self.state = State::InNested(Nesting::default(), take);
                0
            }
            _ => {
                self.state = State::InScalar(self.wanted(paths, false));
                0
            }
        }
    }

    /// The array at the root is no level: each of its elements is a document.
    fn open(&mut self, is_object: bool, deeper: Paths) {
        let root_array = self.stack.is_empty() && !is_object;
        let paths = if root_array {
            all(self.paths.len())
        } else {
            deeper
        };
        self.stack.push(Frame { is_object, paths });
        self.state = self.next_in_container();
    }

    fn next_in_container(&self) -> State {
        match self.stack.last() {
            Some(frame) if frame.is_object => State::Key,
            Some(frame) if self.depth() == 0 => State::Value(frame.paths),
            Some(_) => State::Value(self.advance(EACH.as_bytes())),
            None => State::Value(all(self.paths.len())),
        }
    }

    fn close(&mut self, found: &mut impl Findings<T>) {
        let closed = self.stack.pop();
        if self.stack.is_empty() && closed.is_some_and(|frame| !frame.is_object) {
            self.state = State::Value(all(self.paths.len())); // its elements were documents
        } else {
            self.after_value(found);
        }
    }

    fn after_value(&mut self, found: &mut impl Findings<T>) {
        self.state = State::After;
        if self.depth() == 0 {
            found.document();
        }
        if self.stack.is_empty() {
            self.state = State::Value(all(self.paths.len()));
        }
    }

    /// Containers around the place within its document.
    fn depth(&self) -> usize {
        let root_array = self.stack.first().is_some_and(|frame| !frame.is_object);
        self.stack.len() - usize::from(root_array)
    }

    fn in_key(&mut self, bytes: &[u8], mut text: Text) -> usize {
        let (piece, used) = text.pass(bytes);
        if self.key.len() + piece <= KEY_BYTES_MAX {
            self.key.extend_from_slice(&bytes[..piece]);
        } else {
            self.key_fits = false;
        }
        self.state = if text.is_closed() {
            State::Colon
        } else {
            State::InKey(text)
        };
        used
    }

    fn paths_of_key(&self) -> Paths {
        if self.key_fits {
            self.advance(&self.key)
        } else {
            0
        }
    }

    /// The paths that go on with this key from the innermost container.
    fn advance(&self, key: &[u8]) -> Paths {
        let (Some(frame), Some(level)) = (self.stack.last(), self.depth().checked_sub(1)) else {
            return 0;
        };
        self.each(frame.paths)
            .filter(|(_, path)| path.keys.get(level).is_some_and(|k| k.as_bytes() == key))
            .fold(0, |paths, (bit, _)| paths | 1 << bit)
    }

    fn each(&self, paths: Paths) -> impl Iterator<Item = (usize, &'static Path<T>)> {
        bits(paths).filter_map(|bit| Some((bit, self.paths.get(bit)?)))
    }

    /// What becomes of a value that these paths have led to.
    fn wanted(&mut self, paths: Paths, is_string: bool) -> Take {
        let depth = self.depth();
        let here = self
            .each(paths)
            .find(|(_, path)| path.keys.len() == depth && (path.kind != Kind::Text || is_string));
        let Some((bit, path)) = here else {
            return Take::Nothing;
        };
        self.kept.clear();
        match path.kind {
            Kind::Text | Kind::Weight => Take::Pass(bit),
            Kind::Value => {
                self.kept_max = VALUE_BYTES_MAX;
                Take::Keep(bit)
            }
            Kind::Long(bytes_max) => {
                self.kept_max = bytes_max;
                Take::Keep(bit)
            }
        }
    }

    fn deeper(&self, paths: Paths) -> Paths {
        let depth = self.depth();
        self.each(paths)
            .filter(|(_, path)| path.keys.len() > depth)
            .fold(0, |paths, (bit, _)| paths | 1 << bit)
    }

    fn in_string(
        &mut self,
        bytes: &[u8],
        mut text: Text,
        take: Take,
        found: &mut impl Findings<T>,
    ) -> usize {
        let (piece, used) = text.pass(bytes);
        // A kept string is kept with its quotes, as JSON.
        let taken = if matches!(take, Take::Keep(_)) {
            used
        } else {
            piece
        };
        self.take(take, &bytes[..taken], found);
        self.state = State::InString(text, take);
        if text.is_closed() {
            self.finish_value(take, found);
        }
        used
    }

    fn keep_first(&mut self, take: Take, byte: u8) {
        if matches!(take, Take::Keep(_)) {
            self.kept.push(byte);
        }
    }

    fn take(&mut self, take: Take, piece: &[u8], found: &mut impl Findings<T>) {
        match take {
            Take::Nothing => {}
            Take::Keep(_) => {
                let room = (self.kept_max + 1).saturating_sub(self.kept.len());
                self.kept.extend_from_slice(&piece[..piece.len().min(room)]);
            }
            Take::Pass(bit) => {
                if let (Some(path), false) = (self.paths.get(bit), piece.is_empty()) {
                    found.text(path.what, piece);
                }
            }
        }
    }

    fn finish_value(&mut self, take: Take, found: &mut impl Findings<T>) {
        if let Take::Keep(bit) = take {
            let fits = self.kept.len() <= self.kept_max;
            if let (Some(path), true) = (self.paths.get(bit), fits) {
                found.value(path.what, &self.kept);
            }
            self.kept.clear();
            self.kept.shrink_to(VALUE_BYTES_MAX);
        }
        self.after_value(found);
    }
}

#[cfg(test)]
mod tests;
