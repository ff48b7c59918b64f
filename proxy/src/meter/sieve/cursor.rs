//! Where strings and containers end, from any place in them.

/// A place in a string behind its opening quote.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Text {
    escaped: bool,
    closed: bool,
}

impl Text {
    /// How many of the bytes are text, and how many are used (the closing quote too).
    pub(super) fn pass(&mut self, bytes: &[u8]) -> (usize, usize) {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if self.escaped {
                self.escaped = false;
                at += 1;
                continue;
            }
            match byte {
                b'"' => {
                    self.closed = true;
                    return (at, at + 1);
                }
                b'\\' => {
                    self.escaped = true;
                    at += 1;
                }
                _ => {
                    let plain = memchr::memchr2(b'"', b'\\', &bytes[at..]);
                    at = plain.map_or(bytes.len(), |skipped| at + skipped);
                }
            }
        }
        (at, at)
    }

    pub(super) fn is_closed(self) -> bool {
        self.closed
    }
}

/// A place in a container or a string, from its opening bracket or quote on.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Nesting {
    /// Brackets open; deeper than the counter goes is not JSON that anyone reads.
    depth: u32,
    closed: bool,
    string: Option<Text>,
}

impl Nesting {
    /// How many of the bytes belong to it.
    pub(super) fn pass(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if let Some(mut text) = self.string {
                at += text.pass(&bytes[at..]).1;
                self.string = (!text.is_closed()).then_some(text);
                if self.string.is_none() && self.depth == 0 {
                    self.closed = true;
                    return at;
                }
                continue;
            }
            at += 1;
            match byte {
                b'"' => self.string = Some(Text::default()),
                b'{' | b'[' => self.depth = self.depth.saturating_add(1),
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        self.closed = true;
                        return at;
                    }
                }
                _ => {}
            }
        }
        at
    }

    pub(super) fn is_closed(self) -> bool {
        self.closed
    }
}
