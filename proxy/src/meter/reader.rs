//! An answer's body, from bytes to findings: its framing by its content type.

use std::io::{self, Write};

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;

use super::frames::{FrameParser, Frames};
use super::paths::{ANSWER, Said};
use super::sieve::{Findings, Sieve};
use super::sse::{Events, SseParser};
use super::tally::Tally;

/// Ends streams of OpenAI's form, in place of JSON.
const DONE: &[u8] = b"[DONE]";
/// Most lines of a batch's results that are told apart by model.
const MODELS_MAX: usize = 64;

#[derive(Debug)]
pub(super) struct Reader {
    framing: Framing,
    sieve: Sieve<Said>,
    pub(super) tally: Tally,
    done: Done,
    /// One complete answer after the other, each with its own usage: a batch's results.
    lines: Option<Vec<Tally>>,
}

#[derive(Debug)]
enum Framing {
    Json,
    Sse(SseParser),
    Frames(FrameParser),
    /// Sound, pictures: nothing to read.
    Opaque,
}

impl Reader {
    /// For a response with these headers. `lines`: it is a batch's results.
    pub(super) fn new(headers: &HeaderMap, lines: bool) -> Self {
        let content_type = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let essence = content_type.unwrap_or("application/json");
        let essence = essence.split(';').next().unwrap_or_default().trim();
        let framing = match essence.to_ascii_lowercase().as_str() {
            "text/event-stream" => Framing::Sse(SseParser::default()),
            "application/vnd.amazon.eventstream" => Framing::Frames(FrameParser::default()),
            binary if is_opaque(binary) => Framing::Opaque,
            // JSON, lines of it, and what is not labelled.
            _ => Framing::Json,
        };
        Self {
            framing,
            sieve: Sieve::new(&ANSWER),
            tally: Tally::default(),
            done: Done::default(),
            lines: lines.then(Vec::new),
        }
    }

    /// Whether the body is a stream of events.
    pub(super) fn is_stream(&self) -> bool {
        matches!(self.framing, Framing::Sse(_) | Framing::Frames(_))
    }

    /// Whether the stream has said its last word.
    pub(super) fn has_heard_all(&self) -> bool {
        self.done.is_said || self.tally.has_ended
    }

    /// Reads on.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        let (sieve, tally, done) = (&mut self.sieve, &mut self.tally, &mut self.done);
        match &mut self.framing {
            Framing::Json => {
                let lines = self.lines.as_mut();
                sieve.feed(bytes, &mut Documents { tally, lines });
            }
            Framing::Sse(parser) => parser.feed(bytes, &mut Packed { sieve, tally, done }),
            Framing::Frames(parser) => parser.feed(bytes, &mut Packed { sieve, tally, done }),
            Framing::Opaque => {}
        }
    }

    /// The body has ended, or broken off: what was found, answer by answer.
    pub(super) fn end(mut self) -> Vec<Tally> {
        let (sieve, tally, done) = (&mut self.sieve, &mut self.tally, &mut self.done);
        match &mut self.framing {
            Framing::Json => {
                let lines = self.lines.as_mut();
                sieve.end(&mut Documents { tally, lines });
            }
            Framing::Sse(parser) => parser.end(&mut Packed { sieve, tally, done }),
            Framing::Frames(_) | Framing::Opaque => {}
        }
        match self.lines {
            Some(lines) => lines,
            None => vec![self.tally],
        }
    }
}

impl Write for Reader {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.feed(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn is_opaque(essence: &str) -> bool {
    ["audio/", "image/", "video/"]
        .iter()
        .any(|kind| essence.starts_with(kind))
        || essence == "application/octet-stream"
}

/// JSON texts one after the other; each counts when it has ended.
struct Documents<'a> {
    tally: &'a mut Tally,
    lines: Option<&'a mut Vec<Tally>>,
}

impl Findings<Said> for Documents<'_> {
    fn value(&mut self, said: Said, json: &[u8]) {
        self.tally.value(said, json);
    }

    fn text(&mut self, said: Said, piece: &[u8]) {
        self.tally.text(said, piece);
    }

    fn document(&mut self) {
        self.tally.commit();
        if let Some(lines) = &mut self.lines {
            let line = std::mem::take(self.tally);
            if !line.told.is_empty() {
                add_line(lines, line);
            }
        }
    }
}

/// A batch has as many answers as requests, but few models: per model one tally is kept.
fn add_line(lines: &mut Vec<Tally>, line: Tally) {
    if let Some(known) = lines.iter_mut().find(|known| known.model == line.model) {
        known.told.add(&line.told);
    } else if lines.len() < MODELS_MAX {
        lines.push(line);
    }
}

/// JSON packed in events.
struct Packed<'a> {
    sieve: &'a mut Sieve<Said>,
    tally: &'a mut Tally,
    done: &'a mut Done,
}

/// Looks for the event that is `[DONE]`, in pieces of any size.
#[derive(Debug, Default)]
struct Done {
    /// Bytes of the event at hand, as far as they are it; one more than it has = they are not.
    matched: usize,
    is_said: bool,
}

impl Done {
    fn data(&mut self, piece: &[u8]) {
        let rest = DONE.get(self.matched..).unwrap_or_default();
        self.matched = if rest.starts_with(piece) {
            self.matched + piece.len()
        } else {
            DONE.len() + 1
        };
    }

    fn event(&mut self) {
        self.is_said |= std::mem::take(&mut self.matched) == DONE.len();
    }
}

impl Events for Packed<'_> {
    fn data(&mut self, piece: &[u8]) {
        self.done.data(piece);
        self.sieve.feed(piece, self.tally);
    }

    /// Half an event counts for nothing: its second half may have changed what it said.
    fn event(&mut self) {
        self.done.event();
        let is_whole = self.sieve.is_at_rest();
        self.sieve.end(self.tally);
        if is_whole {
            self.tally.commit();
        } else {
            self.tally.discard();
        }
    }
}

impl Frames for Packed<'_> {
    fn payload(&mut self, piece: &[u8]) {
        self.sieve.feed(piece, self.tally);
    }

    fn frame(&mut self, exception: Option<&str>) {
        self.sieve.end(self.tally);
        self.tally.commit();
        if let Some(name) = exception {
            self.tally.error = Some(name.to_owned());
        }
    }

    fn spoiled(&mut self) {
        self.sieve.end(self.tally);
        self.tally.discard();
    }
}
