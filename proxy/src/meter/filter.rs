//! Takes the usage chunk that only we asked for out of a stream. Everything else passes as it
//! came; an event is held back only while it may still be that chunk.

use bytes::{Bytes, BytesMut};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

/// The chunk is a few hundred bytes; a longer event is another.
const HELD_BYTES_MAX: usize = 16 * 1024;

/// Withholds the usage chunk that only we asked for.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    /// An event's beginning.
    held: BytesMut,
    /// The event under way is another: its rest passes.
    passes: bool,
    /// How much of `held` has been searched for the event's end.
    searched: usize,
}

impl Filter {
    /// What of it the client gets now; may be empty, and may hold back an event's first half.
    pub(crate) fn pass(&mut self, bytes: Bytes) -> Bytes {
        // Most often a chunk is a few whole events, none of them the usage.
        if self.held.is_empty() && !self.passes && ends_event(&bytes) && !may_be_usage(&bytes) {
            return bytes;
        }
        self.held.extend_from_slice(&bytes);
        let mut passed = BytesMut::new();
        while let Some(end) = self.next_end() {
            let event = self.held.split_to(end);
            self.searched = 0;
            if std::mem::take(&mut self.passes) || !is_usage(&event) {
                passed.unsplit(event);
            }
        }
        if self.passes || self.held.len() > HELD_BYTES_MAX {
            // What follows is of this event; its end may begin in what is let go.
            let kept = self.held.len().min(3);
            let piece = self.held.split_to(self.held.len() - kept);
            self.searched = 0;
            self.passes |= !piece.is_empty();
            passed.unsplit(piece);
        }
        passed.freeze()
    }

    /// What was held back, once the body has ended.
    pub(crate) fn finish(&mut self) -> Bytes {
        let rest = std::mem::take(&mut self.held);
        if !self.passes && is_usage(&rest) {
            return Bytes::new();
        }
        rest.freeze()
    }

    /// Behind the blank line that ends the first event. A CR at the very end may be half of a
    /// CRLF, and is not decided yet.
    fn next_end(&mut self) -> Option<usize> {
        let held = &self.held[..];
        let from = self.searched.saturating_sub(3);
        for at in from..held.len() {
            let Some(end) = line_end(held, at) else {
                continue;
            };
            if at > 0 && line_end(held, at - 1).is_some_and(|end| end > at) {
                continue; // the LF of a CRLF
            }
            if let Some(blank) = line_end(held, end) {
                let undecided = blank == held.len() && held[blank - 1] == b'\r';
                if !undecided {
                    return Some(blank);
                }
            }
        }
        self.searched = held.len();
        None
    }
}

/// Behind the line end that begins here.
fn line_end(bytes: &[u8], at: usize) -> Option<usize> {
    match (bytes.get(at)?, bytes.get(at + 1)) {
        (b'\r', Some(b'\n')) => Some(at + 2),
        (b'\r' | b'\n', _) => Some(at + 1),
        _ => None,
    }
}

fn ends_event(bytes: &[u8]) -> bool {
    bytes.ends_with(b"\n\n") || bytes.ends_with(b"\r\n\r\n")
}

/// A quick look for what the chunk must have.
fn may_be_usage(bytes: &[u8]) -> bool {
    let mut found = memchr::memmem::find_iter(bytes, b"\"usage\"");
    found.any(|at| {
        let rest = &bytes[at + b"\"usage\"".len()..];
        let value = rest
            .iter()
            .find(|byte| !matches!(byte, b':' | b' ' | b'\t'));
        value.is_none_or(|first| *first != b'n')
    })
}

#[derive(Deserialize)]
struct Chunk<'a> {
    choices: Vec<IgnoredAny>,
    #[serde(borrow)]
    usage: &'a RawValue,
}

/// The chunk has usage and no choices: with choices it would have come anyway.
fn is_usage(event: &[u8]) -> bool {
    if !may_be_usage(event) {
        return false;
    }
    let Ok(text) = std::str::from_utf8(event) else {
        return false;
    };
    let mut data = text
        .split(['\r', '\n'])
        .filter_map(|line| line.strip_prefix("data:"));
    let (Some(json), None) = (data.next(), data.next()) else {
        return false;
    };
    serde_json::from_str::<Chunk<'_>>(json)
        .is_ok_and(|chunk| chunk.choices.is_empty() && chunk.usage.get().starts_with('{'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTENT: &str = r#"data: {"choices":[{"delta":{"content":"a"}}],"usage":null}"#;
    const BESIDE: &str = r#"data: {"choices":[{"delta":{}}],"usage":{"prompt_tokens":1}}"#;
    const AZURE: &str = r#"data: {"choices":[],"prompt_filter_results":[],"usage":null}"#;
    const USAGE: &str = r#"data: {"id":"x","choices": [ ],"usage": {"prompt_tokens":1}}"#;

    fn filtered(stream: &[u8], size: usize) -> Vec<u8> {
        let mut filter = Filter::default();
        let mut out = Vec::new();
        for piece in stream.chunks(size) {
            out.extend_from_slice(&filter.pass(Bytes::copy_from_slice(piece)));
        }
        out.extend_from_slice(&filter.finish());
        out
    }

    #[test]
    fn only_the_usage_chunk_is_withheld_however_the_stream_is_cut() {
        for end in ["\n\n", "\r\n\r\n", "\r\r"] {
            let long = format!("data: {}", "x".repeat(40_000));
            let with = |usage: &[&str]| {
                let head = [AZURE, CONTENT, ": comment", BESIDE, &long, CONTENT];
                let events = head.iter().chain(usage).chain(&["data: [DONE]"]);
                events
                    .map(|event| format!("{event}{end}"))
                    .collect::<String>()
            };
            let (sent, expected) = (with(&[USAGE]), with(&[]));
            for size in [1, 2, 3, 5, 64, 1_000, 33_333, sent.len()] {
                let got = filtered(sent.as_bytes(), size);
                assert!(got == expected.as_bytes(), "{end:?} by {size}");
            }
        }
    }

    #[test]
    fn nothing_is_held_back_that_could_be_decided() {
        let mut filter = Filter::default();
        let event = Bytes::from(format!("{CONTENT}\n\n"));
        assert_eq!(filter.pass(event.clone()), event);
        let two = Bytes::from(format!("{CONTENT}\n\n{USAGE}\n\n"));
        assert_eq!(filter.pass(two), event);
    }

    #[test]
    fn a_stream_that_breaks_off_keeps_its_bytes() {
        for stream in ["data: {\"choices\":[{", "data: [DONE]", "\r", ""] {
            assert_eq!(filtered(stream.as_bytes(), 4), stream.as_bytes());
        }
    }
}
