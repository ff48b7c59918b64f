//! AWS event-stream frames (`application/vnd.amazon.eventstream`) as they pass.
//!
//! A frame is: its length, its headers' length, a checksum of these two; headers; a payload;
//! a checksum of all before it (CRC-32, big-endian, four bytes each). After smithy's
//! specification `amazon-eventstream`.

use crc32fast::Hasher;

const PRELUDE_BYTES: usize = 12;
/// Prelude and final checksum.
const FRAME_BYTES_MIN: u32 = 16;
/// Largest frame the specification allows: 24 MiB with its headers.
const FRAME_BYTES_MAX: u32 = 24 * 1024 * 1024;
/// Headers that are read; larger ones are passed over, and the payload stays nameless.
const HEADERS_BYTES_MAX: usize = 8 * 1024;
/// The type byte of a header whose value is a string.
const STRING: u8 = 7;

/// Who is told.
pub(super) trait Frames {
    /// A piece of a frame's payload. Not yet checked.
    fn payload(&mut self, piece: &[u8]);
    /// The frame has ended and its checksum holds; `:exception-type` of one that is an error.
    fn frame(&mut self, exception: Option<&str>);
    /// The frame's checksum does not hold: its payload was never there.
    fn spoiled(&mut self);
}

/// A place in a stream of frames. Any split of the bytes gives the same frames.
#[derive(Debug, Default)]
pub(super) struct FrameParser {
    prelude: Vec<u8>,
    headers: Vec<u8>,
    headers_left: usize,
    payload_left: usize,
    checksum: Vec<u8>,
    crc: Hasher,
    /// Not frames, or damaged: nothing behind this can be found again.
    is_lost: bool,
}

impl FrameParser {
    /// Reads on.
    pub(super) fn feed(&mut self, bytes: &[u8], to: &mut impl Frames) {
        let mut rest = bytes;
        while !rest.is_empty() && !self.is_lost {
            let used = self.step(rest, to);
            rest = rest.get(used..).unwrap_or_default();
        }
    }

    fn step(&mut self, bytes: &[u8], to: &mut impl Frames) -> usize {
        if self.prelude.len() < PRELUDE_BYTES {
            let used = fill(&mut self.prelude, PRELUDE_BYTES, bytes);
            if self.prelude.len() == PRELUDE_BYTES {
                self.begin();
            }
            return used;
        }
        if self.headers_left > 0 {
            let used = self.headers_left.min(bytes.len());
            fill(&mut self.headers, HEADERS_BYTES_MAX, &bytes[..used]);
            self.crc.update(&bytes[..used]);
            self.headers_left -= used;
            return used;
        }
        if self.payload_left > 0 {
            let used = self.payload_left.min(bytes.len());
            to.payload(&bytes[..used]);
            self.crc.update(&bytes[..used]);
            self.payload_left -= used;
            return used;
        }
        let used = fill(&mut self.checksum, 4, bytes);
        if self.checksum.len() == 4 {
            self.finish(to);
        }
        used
    }

    fn begin(&mut self) {
        let word = |at: usize| number(&self.prelude[at..at + 4]);
        let (total, headers, checksum) = (word(0), word(4), word(8));
        let fits = (FRAME_BYTES_MIN..=FRAME_BYTES_MAX).contains(&total)
            && headers <= total - FRAME_BYTES_MIN;
        if !fits || crc32fast::hash(&self.prelude[..8]) != checksum {
            self.is_lost = true;
            return;
        }
        self.headers_left = headers as usize;
        self.payload_left = (total - FRAME_BYTES_MIN - headers) as usize;
        self.crc = Hasher::new();
        self.crc.update(&self.prelude);
    }

    fn finish(&mut self, to: &mut impl Frames) {
        let crc = std::mem::take(&mut self.crc).finalize();
        if number(&self.checksum) == crc {
            to.frame(exception(&self.headers));
        } else {
            to.spoiled();
            self.is_lost = true;
        }
        self.prelude.clear();
        self.headers.clear();
        self.checksum.clear();
    }
}

/// Moves bytes until `full` are there; how many were moved.
fn fill(buffer: &mut Vec<u8>, full: usize, bytes: &[u8]) -> usize {
    let used = full.saturating_sub(buffer.len()).min(bytes.len());
    buffer.extend_from_slice(&bytes[..used]);
    used
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |n, byte| n << 8 | u32::from(*byte))
}

/// The name of the error that a frame tells of.
fn exception(headers: &[u8]) -> Option<&str> {
    let mut rest = headers;
    loop {
        let (name, after) = counted(rest, 1)?;
        let (kind, after) = after.split_first()?;
        if *kind != STRING {
            return None; // others are not used by the services that are metered
        }
        let (value, after) = counted(after, 2)?;
        if name == b":exception-type" || name == b":error-code" {
            return std::str::from_utf8(value).ok();
        }
        rest = after;
    }
}

/// What a length of `width` bytes announces, and what is behind it.
fn counted(bytes: &[u8], width: usize) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_at_checked(width)?;
    rest.split_at_checked(number(length) as usize)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// One frame, as a service sends it.
    pub(in crate::meter) fn frame(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
        let mut head = Vec::new();
        for (name, value) in headers {
            head.push(u8::try_from(name.len()).unwrap_or_default());
            head.extend_from_slice(name.as_bytes());
            head.push(STRING);
            head.extend_from_slice(&u16::try_from(value.len()).unwrap_or_default().to_be_bytes());
            head.extend_from_slice(value.as_bytes());
        }
        let total = u32::try_from(16 + head.len() + payload.len()).unwrap_or_default();
        let mut frame = total.to_be_bytes().to_vec();
        frame.extend_from_slice(&u32::try_from(head.len()).unwrap_or_default().to_be_bytes());
        frame.extend_from_slice(&crc32fast::hash(&frame).to_be_bytes());
        frame.extend_from_slice(&head);
        frame.extend_from_slice(payload);
        frame.extend_from_slice(&crc32fast::hash(&frame).to_be_bytes());
        frame
    }

    #[derive(Default)]
    struct Log(Vec<String>, Vec<u8>);

    impl Frames for Log {
        fn payload(&mut self, piece: &[u8]) {
            self.1.extend_from_slice(piece);
        }
        fn frame(&mut self, exception: Option<&str>) {
            let payload = std::mem::take(&mut self.1);
            let name = exception.unwrap_or("-");
            self.0
                .push(format!("{name} {}", String::from_utf8_lossy(&payload)));
        }
        fn spoiled(&mut self) {
            self.1.clear();
            self.0.push("spoiled".into());
        }
    }

    fn frames(stream: &[u8], cut: usize) -> Vec<String> {
        let (mut parser, mut log) = (FrameParser::default(), Log::default());
        parser.feed(&stream[..cut], &mut log);
        parser.feed(&stream[cut..], &mut log);
        log.0
    }

    #[test]
    fn frames_cut_anywhere() {
        let event = [(":event-type", "chunk"), (":message-type", "event")];
        let error = [
            (":message-type", "exception"),
            (":exception-type", "throttlingException"),
        ];
        let stream = [
            frame(&event, b"{}"),
            frame(&[], b""),
            frame(&error, b"{\"message\":1}"),
        ];
        let stream = stream.concat();
        for cut in 0..=stream.len() {
            let expected = ["- {}", "- ", "throttlingException {\"message\":1}"];
            assert_eq!(frames(&stream, cut), expected, "at {cut}");
        }
    }

    #[test]
    fn damage_is_seen_and_nothing_behind_it_believed() {
        let stream = [frame(&[], b"{\"a\":1}"), frame(&[], b"{}")].concat();
        for at in 0..stream.len() / 2 {
            let mut damaged = stream.clone();
            damaged[at] ^= 1;
            let seen = frames(&damaged, 0);
            assert!(
                seen.iter().all(|frame| frame == "spoiled"),
                "{at}: {seen:?}"
            );
        }
    }
}
