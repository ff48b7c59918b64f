//! Finds a few values in JSON as it passes: a push parser that keeps nothing but its place
//! and the value it is in. Any split of the bytes gives the same findings; what is not JSON
//! gives none, or too few, and never an error.

mod cursor;
mod path;

use cursor::{Nesting, Text};
pub(super) use path::{Findings, Kind, Path, Tree};

/// Largest value kept; a larger one is not found.
const VALUE_BYTES_MAX: usize = 16 * 1024;
/// Longest key compared; a longer one matches nothing.
const KEY_BYTES_MAX: usize = 64;
/// The component of a path that stands for every element of an array.
const EACH: &str = "*";

#[derive(Debug)]
pub(super) struct Sieve<T: 'static> {
    sought: &'static Tree<T>,
    /// The containers around the place.
    stack: Vec<Frame<T>>,
    state: State<T>,
    /// What came of a key that was cut.
    key: Vec<u8>,
    key_fits: bool,
    kept: Vec<u8>,
    kept_max: usize,
}

/// What is sought from a place on; `None` = nothing.
type Place<T> = Option<&'static Tree<T>>;

#[derive(Debug, Clone, Copy)]
struct Frame<T: 'static> {
    is_object: bool,
    place: Place<T>,
}

#[derive(Debug, Clone, Copy)]
enum State<T: 'static> {
    /// Before a value.
    Value(Place<T>),
    /// In an object, before a key.
    Key,
    InKey(Text),
    /// Behind a key that has led here.
    Colon(Place<T>),
    /// In a string of which nothing is kept.
    InString(Text, Take<T>),
    /// A number, `true`, `null`.
    InScalar(Take<T>),
    /// In a container of which nothing, or everything, is wanted, or a string that is kept.
    InNested(Nesting, Take<T>),
    /// Behind a value.
    After,
}

/// What becomes of the bytes of the value at hand.
#[derive(Debug, Clone, Copy)]
enum Take<T: 'static> {
    Nothing,
    Keep(&'static Path<T>),
    Pass(T),
}

impl<T: Copy> Sieve<T> {
    pub(super) fn new(sought: &'static Tree<T>) -> Self {
        Self {
            sought,
            stack: Vec::new(),
            state: State::Value(Some(sought)),
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
            self.finish_value(take, &[], found);
        }
        if !self.is_at_rest() {
            found.document(); // what there is of it
        }
        self.stack.clear();
        self.kept.clear();
        self.state = State::Value(Some(self.sought));
    }

    /// Consumes at least one byte of `bytes`, or changes the state.
    fn step(&mut self, bytes: &[u8], found: &mut impl Findings<T>) -> usize {
        let Some(&byte) = bytes.first() else { return 0 };
        match self.state {
            State::Value(place) => self.begin_value(byte, place),
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
            State::Colon(place) => {
                if byte == b':' {
                    self.state = State::Value(place);
                }
                1
            }
            State::InString(text, take) => self.in_string(bytes, text, take, found),
            State::InScalar(take) => {
                let ends =
                    |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n');
                match bytes.iter().position(ends) {
                    Some(used) => {
                        self.finish_value(take, &bytes[..used], found);
                        used
                    }
                    None => {
                        self.take(take, bytes, found);
                        bytes.len()
                    }
                }
            }
            State::InNested(mut nesting, take) => {
                let used = nesting.pass(bytes);
                if nesting.is_closed() {
                    self.finish_value(take, &bytes[..used], found);
                } else {
                    self.take(take, &bytes[..used], found);
                    self.state = State::InNested(nesting, take);
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

    fn begin_value(&mut self, byte: u8, place: Place<T>) -> usize {
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
                let take = self.wanted(place, true);
                // A kept string is kept with its quotes, as JSON.
                if let Take::Keep(_) = take {
                    self.state = State::InNested(Nesting::default(), take);
                    return 0;
                }
                self.state = State::InString(Text::default(), take);
                1
            }
            b'{' | b'[' => {
                let take = self.wanted(place, false);
                let leads_on = place.is_some_and(Tree::leads_on);
                if matches!(take, Take::Nothing) && (leads_on || self.stack.is_empty()) {
                    self.open(byte == b'{', place);
                    return 1;
                }
                self.state = State::InNested(Nesting::default(), take);
                0
            }
            _ => {
                self.state = State::InScalar(self.wanted(place, false));
                0
            }
        }
    }

    /// The array at the root is no level: each of its elements is a document.
    fn open(&mut self, is_object: bool, place: Place<T>) {
        self.stack.push(Frame { is_object, place });
        self.state = self.next_in_container();
    }

    fn next_in_container(&self) -> State<T> {
        match self.stack.last() {
            Some(frame) if frame.is_object => State::Key,
            Some(_) if self.depth() > 0 => State::Value(self.led_on(EACH.as_bytes())),
            _ => State::Value(Some(self.sought)),
        }
    }

    fn close(&mut self, found: &mut impl Findings<T>) {
        let closed = self.stack.pop();
        if self.stack.is_empty() && closed.is_some_and(|frame| !frame.is_object) {
            self.state = State::Value(Some(self.sought)); // its elements were documents
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
            self.state = State::Value(Some(self.sought));
        }
    }

    /// Containers around the place within its document.
    fn depth(&self) -> usize {
        let root_array = self.stack.first().is_some_and(|frame| !frame.is_object);
        self.stack.len() - usize::from(root_array)
    }

    fn in_key(&mut self, bytes: &[u8], mut text: Text) -> usize {
        let (piece, used) = text.pass(bytes);
        let key = &bytes[..piece];
        let came_whole = text.is_closed() && self.key.is_empty() && self.key_fits;
        if came_whole {
            self.state = State::Colon(self.led_on(key));
            return used;
        }
        if self.key.len() + piece <= KEY_BYTES_MAX {
            self.key.extend_from_slice(key);
        } else {
            self.key_fits = false;
        }
        self.state = if text.is_closed() {
            State::Colon(self.led_on(&self.key).filter(|_| self.key_fits))
        } else {
            State::InKey(text)
        };
        used
    }

    /// Where this key leads from the innermost container.
    fn led_on(&self, key: &[u8]) -> Place<T> {
        self.stack.last()?.place?.at(key)
    }

    /// What becomes of a value at this place.
    fn wanted(&mut self, place: Place<T>, is_string: bool) -> Take<T> {
        let Some(path) = place.and_then(|place| place.wanted(is_string)) else {
            return Take::Nothing;
        };
        self.kept.clear();
        self.kept_max = match path.kind {
            Kind::Text | Kind::Weight => return Take::Pass(path.what),
            Kind::Value => VALUE_BYTES_MAX,
            Kind::Long(bytes_max) => bytes_max,
        };
        Take::Keep(path)
    }

    fn in_string(
        &mut self,
        bytes: &[u8],
        mut text: Text,
        take: Take<T>,
        found: &mut impl Findings<T>,
    ) -> usize {
        let (piece, used) = text.pass(bytes);
        if text.is_closed() {
            self.finish_value(take, &bytes[..piece], found);
        } else {
            self.take(take, &bytes[..piece], found);
            self.state = State::InString(text, take);
        }
        used
    }

    fn take(&mut self, take: Take<T>, piece: &[u8], found: &mut impl Findings<T>) {
        match take {
            Take::Nothing => {}
            Take::Keep(_) => {
                let room = (self.kept_max + 1).saturating_sub(self.kept.len());
                self.kept.extend_from_slice(&piece[..piece.len().min(room)]);
            }
            Take::Pass(what) => {
                if !piece.is_empty() {
                    found.text(what, piece);
                }
            }
        }
    }

    /// With its last piece.
    fn finish_value(&mut self, take: Take<T>, last: &[u8], found: &mut impl Findings<T>) {
        match take {
            // What came in one piece is not copied.
            Take::Keep(path) if self.kept.is_empty() && last.len() <= self.kept_max => {
                found.value(path.what, last);
            }
            Take::Keep(path) => {
                self.take(take, last, found);
                if self.kept.len() <= self.kept_max {
                    found.value(path.what, &self.kept);
                }
                self.kept.clear();
                self.kept.shrink_to(VALUE_BYTES_MAX);
            }
            Take::Nothing | Take::Pass(_) => self.take(take, last, found),
        }
        self.after_value(found);
    }
}

#[cfg(test)]
mod tests;
