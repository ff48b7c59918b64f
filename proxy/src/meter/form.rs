//! The model that a multipart form names: sound is sent as a form, and the answer does not
//! repeat the model.

/// Before the value stand the rest of the part's header and a blank line.
const NAME: &[u8] = b" name=\"model\"";
const BLANK_LINE: &[u8] = b"\r\n\r\n";
/// Longest model name.
const MODEL_BYTES_MAX: usize = 256;

/// A place in a form.
#[derive(Debug, Default)]
pub(super) struct FormReader {
    place: Place,
    /// The end of what was read, in case that what is sought began in it.
    tail: Vec<u8>,
    model: Vec<u8>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    BeforeName,
    InHeader,
    InModel,
    Behind,
}

impl FormReader {
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = match self.place {
                Place::BeforeName => self.seek(rest, NAME, Place::InHeader),
                Place::InHeader => self.seek(rest, BLANK_LINE, Place::InModel),
                Place::InModel => self.take(rest),
                Place::Behind => return,
            };
        }
    }

    pub(super) fn model(&self) -> Option<String> {
        let text = String::from_utf8(self.model.clone()).ok()?;
        let complete = self.place == Place::Behind && !text.is_empty();
        complete.then_some(text)
    }

    /// Moves behind the next `sought`; what is left of the bytes.
    fn seek<'a>(&mut self, bytes: &'a [u8], sought: &[u8], then: Place) -> &'a [u8] {
        // First across the seam, then in the bytes themselves.
        let kept = self.tail.len();
        let seam = bytes.len().min(sought.len() - 1);
        self.tail.extend_from_slice(&bytes[..seam]);
        let found = memchr::memmem::find(&self.tail, sought).map(|at| at + sought.len() - kept);
        let found =
            found.or_else(|| memchr::memmem::find(bytes, sought).map(|at| at + sought.len()));
        if let Some(end) = found {
            self.tail.clear();
            self.place = then;
            return &bytes[end..];
        }
        if bytes.len() > seam {
            self.tail.clear();
            self.tail.extend_from_slice(&bytes[bytes.len() - seam..]);
        }
        let long = self.tail.len().saturating_sub(sought.len() - 1);
        self.tail.drain(..long);
        &[]
    }

    fn take<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let end = memchr::memchr(b'\r', bytes);
        let piece = &bytes[..end.unwrap_or(bytes.len())];
        let room = MODEL_BYTES_MAX.saturating_sub(self.model.len());
        self.model
            .extend_from_slice(&piece[..piece.len().min(room)]);
        if end.is_some() {
            self.place = Place::Behind;
        }
        &bytes[piece.len()..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_wherever_the_form_is_cut() {
        let form = b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\n\
            RIFF\x00\xff\r\n--b\r\nContent-Disposition: form-data; name=\"model\"\r\nX: y\r\n\r\nwhisper-1\r\n--b--";
        for first in 0..form.len() {
            for second in [first, (first + 3).min(form.len()), form.len()] {
                let mut reader = FormReader::default();
                reader.feed(&form[..first]);
                reader.feed(&form[first..second]);
                reader.feed(&form[second..]);
                assert_eq!(
                    reader.model().as_deref(),
                    Some("whisper-1"),
                    "{first} {second}"
                );
            }
        }
        let mut by_byte = FormReader::default();
        form.iter().for_each(|byte| by_byte.feed(&[*byte]));
        assert_eq!(by_byte.model().as_deref(), Some("whisper-1"));
    }

    #[test]
    fn a_form_without_it() {
        let mut reader = FormReader::default();
        reader.feed(b"--b\r\nContent-Disposition: form-data; name=\"models\"\r\n\r\nx\r\n--b--");
        assert_eq!(reader.model(), None);
    }
}
