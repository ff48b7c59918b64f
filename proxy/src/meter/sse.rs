//! Server-sent events as they pass: which bytes are data, and where an event ends. After the
//! WHATWG's rules: lines end with LF, CR or CRLF; a blank line ends an event; lines of data
//! are joined by LF; a colon begins a comment; one space behind the colon is not part of it.

/// Longest field name there is, `event`.
const FIELD_BYTES_MAX: usize = 5;
const DATA: &[u8] = b"data";
/// At the beginning of the stream only.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Who is told.
pub(super) trait Events {
    /// A piece of the event's data.
    fn data(&mut self, piece: &[u8]);
    /// The event has ended. Events without data are not told of.
    fn event(&mut self);
}

/// A place in a stream of events. Any split of the bytes gives the same events.
#[derive(Debug, Default)]
pub(super) struct SseParser {
    place: Place,
    field: [u8; FIELD_BYTES_MAX],
    field_len: usize,
    mark_seen: usize,
    has_data: bool,
    after_cr: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    /// Bytes that may be a byte-order mark.
    #[default]
    Mark,
    /// At the start of a line or in its field's name.
    Field,
    /// Behind the colon, where a space does not count.
    Space,
    Data,
    /// In a line that is none of ours.
    Other,
}

impl SseParser {
    /// Reads on.
    pub(super) fn feed(&mut self, bytes: &[u8], to: &mut impl Events) {
        let mut rest = bytes;
        while let Some(&byte) = rest.first() {
            let used = self.step(byte, rest, to);
            rest = rest.get(used..).unwrap_or_default();
        }
    }

    /// The stream has ended. An event that no blank line ended still counts: providers that
    /// break off there have said it.
    pub(super) fn end(&mut self, to: &mut impl Events) {
        if std::mem::take(&mut self.has_data) {
            to.event();
        }
        *self = Self::default();
    }

    fn step(&mut self, byte: u8, rest: &[u8], to: &mut impl Events) -> usize {
        if std::mem::take(&mut self.after_cr) && byte == b'\n' {
            return 1;
        }
        match self.place {
            Place::Mark => {
                if BYTE_ORDER_MARK.get(self.mark_seen) == Some(&byte) {
                    self.mark_seen += 1;
                    return 1;
                }
                self.place = Place::Field;
                0
            }
            Place::Field => self.in_field(byte, to),
            Place::Space => {
                self.place = Place::Data;
                usize::from(byte == b' ')
            }
            Place::Data => {
                let end = memchr::memchr2(b'\r', b'\n', rest);
                let piece = &rest[..end.unwrap_or(rest.len())];
                if !piece.is_empty() {
                    to.data(piece);
                }
                if end.is_some() {
                    self.end_line(rest[piece.len()]);
                }
                piece.len() + usize::from(end.is_some())
            }
            Place::Other => match memchr::memchr2(b'\r', b'\n', rest) {
                Some(end) => {
                    self.end_line(rest[end]);
                    end + 1
                }
                None => rest.len(),
            },
        }
    }

    fn in_field(&mut self, byte: u8, to: &mut impl Events) -> usize {
        match byte {
            b'\r' | b'\n' => {
                let blank = self.field_len == 0;
                if blank && std::mem::take(&mut self.has_data) {
                    to.event();
                }
                if self.is_data() {
                    self.begin_data(to); // a line of `data` alone is an empty line of it
                }
                self.end_line(byte);
            }
            b':' if self.is_data() => {
                self.begin_data(to);
                self.place = Place::Space;
            }
            b':' => self.place = Place::Other,
            byte => match self.field.get_mut(self.field_len) {
                Some(slot) => {
                    *slot = byte;
                    self.field_len += 1;
                }
                None => self.place = Place::Other,
            },
        }
        1
    }

    fn is_data(&self) -> bool {
        &self.field[..self.field_len] == DATA
    }

    fn begin_data(&mut self, to: &mut impl Events) {
        if std::mem::replace(&mut self.has_data, true) {
            to.data(b"\n");
        }
    }

    fn end_line(&mut self, byte: u8) {
        self.place = Place::Field;
        self.field_len = 0;
        self.after_cr = byte == b'\r';
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Log {
        events: Vec<String>,
        data: Vec<u8>,
    }

    impl Events for Log {
        fn data(&mut self, piece: &[u8]) {
            self.data.extend_from_slice(piece);
        }
        fn event(&mut self) {
            let data = std::mem::take(&mut self.data);
            self.events
                .push(String::from_utf8_lossy(&data).into_owned());
        }
    }

    fn events(stream: &[u8], cut: usize) -> Vec<String> {
        let (mut parser, mut log) = (SseParser::default(), Log::default());
        let (head, tail) = stream.split_at(cut);
        for part in [head, tail] {
            parser.feed(part, &mut log);
        }
        parser.end(&mut log);
        log.events
    }

    #[test]
    fn every_way_to_write_an_event_cut_anywhere() {
        let cases: [(&str, &[&str]); 12] = [
            ("data: a\n\ndata: b\n\n", &["a", "b"]),
            ("data: a\r\n\r\ndata: b\r\n\r\n", &["a", "b"]),
            ("data: a\r\rdata: b\r\r", &["a", "b"]),
            ("\u{feff}data: a\n\n", &["a"]),
            (": comment\n\n: another\n\ndata: a\n\n", &["a"]),
            (
                "event: ping\nid: 7\nretry: 10\ndata: a\ndata: b\n\n",
                &["a\nb"],
            ),
            ("data:a\n\ndata:  a\n\n", &["a", " a"]),
            ("data\n\ndata:\ndata:\n\n", &["", "\n"]),
            ("data: no end", &["no end"]),
            ("data: one newline\n", &["one newline"]),
            ("datum: x\ndatabase: y\n\n", &[]),
            ("event: only a name\n\n\n\ndata: [DONE]\n\n", &["[DONE]"]),
        ];
        for (stream, expected) in cases {
            for cut in 0..=stream.len() {
                assert_eq!(
                    events(stream.as_bytes(), cut),
                    expected,
                    "{stream:?} at {cut}"
                );
            }
        }
    }
}
