//! How many tokens a text is, when the provider did not say.
//!
//! Its beginning is kept, and counted by a tokenizer, OpenAI's `o200k_base`, if it is asked for;
//! what follows is weighed letter by letter as it passes, and counts as the beginning does by its
//! weight. Other vendors' vocabularies differ by some tenths, so what comes of it is always an
//! estimate.

use std::borrow::Cow;

/// Bytes kept of a text: some two thousand tokens.
const HEAD_BYTES_MAX: usize = 8 << 10;
/// Bytes that an escape of JSON takes at most, a pair of surrogates included.
const ESCAPE_BYTES_MAX: usize = 12;

/// Hundredths of a token for each kind of byte (in UTF-8).
const ASCII_LETTER: u8 = 21;
/// Digits go in threes, punctuation is often its own token.
const ASCII_OTHER: u8 = 40;
/// Spaces are mostly part of the word that they precede.
const SPACE: u8 = 8;
/// A two-byte letter (Cyrillic, Greek, Arabic, accents) is about a third of a token.
const LEAD_OF_TWO: u8 = 38;
/// Three bytes: Chinese, Japanese, Korean, Indic.
const LEAD_OF_THREE: u8 = 75;
/// Four bytes: emoji and rare scripts.
const LEAD_OF_FOUR: u8 = 200;

/// What each byte weighs, and whether a character begins with it.
const BYTES: [(u8, bool); 256] = {
    let mut bytes = [(0, false); 256];
    let mut byte = 0;
    while byte < bytes.len() {
        #[allow(clippy::cast_possible_truncation)] // Below 256.
        let weight = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' => ASCII_LETTER,
            b' ' | b'\n' | b'\t' | b'\r' => SPACE,
            0..=0x7f => ASCII_OTHER,
            0x80..=0xbf => 0, // goes with its lead
            0xc0..=0xdf => LEAD_OF_TWO,
            0xe0..=0xef => LEAD_OF_THREE,
            0xf0..=0xff => LEAD_OF_FOUR,
        };
        bytes[byte] = (weight, byte & 0xc0 != 0x80);
        byte += 1;
    }
    bytes
};

/// Strings of JSON as they pass, one behind the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sample {
    /// As it was written, escapes and all.
    head: Vec<u8>,
    /// Of what followed.
    rest: Weight,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Weight {
    hundredths: u64,
    characters: u64,
}

impl Sample {
    pub(super) fn add(&mut self, piece: &[u8]) {
        let room = HEAD_BYTES_MAX - self.head.len();
        let (kept, rest) = piece.split_at(piece.len().min(room));
        self.head.extend_from_slice(kept);
        if !rest.is_empty() {
            self.rest = self.rest.plus(Weight::of(rest));
        }
    }

    /// Moves what the other holds behind this.
    pub(super) fn append(&mut self, other: &mut Self) {
        if self.is_empty() {
            std::mem::swap(self, other);
            return;
        }
        self.add(&other.head);
        self.rest = self.rest.plus(other.rest);
        other.clear();
    }

    pub(super) fn clear(&mut self) {
        self.head.clear();
        self.rest = Weight::default();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.head.is_empty()
    }

    /// Its tokens, at least one of a text that is not empty.
    pub(super) fn tokens(&self) -> u64 {
        let head = Weight::of(&self.head);
        if head.hundredths == 0 {
            return 0;
        }
        let counted = bpe_openai::o200k_base().count(&*unescaped(&self.head));
        let all = head.plus(self.rest).hundredths;
        let tokens = counted as u128 * u128::from(all) / u128::from(head.hundredths);
        u64::try_from(tokens).unwrap_or(u64::MAX).max(1)
    }

    /// Its characters. Escapes in JSON count as they are written.
    pub(super) fn characters(&self) -> u64 {
        Weight::of(&self.head).plus(self.rest).characters
    }
}

impl Weight {
    fn of(text: &[u8]) -> Self {
        // Every byte of a long text passes here: one look into a table for each.
        let mut sum = Self::default();
        for byte in text {
            let (weight, is_lead) = BYTES[usize::from(*byte)];
            sum.hundredths += u64::from(weight);
            sum.characters += u64::from(is_lead);
        }
        sum
    }

    fn plus(self, other: Self) -> Self {
        Self {
            hundredths: self.hundredths.saturating_add(other.hundredths),
            characters: self.characters.saturating_add(other.characters),
        }
    }
}

/// The text that the inside of JSON strings says. Its end may be cut anywhere.
fn unescaped(json: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(json);
    if !text.contains('\\') {
        return text;
    }
    let ends = text.char_indices().rev().map(|(at, _)| at);
    let ends = std::iter::once(text.len()).chain(ends.take(ESCAPE_BYTES_MAX));
    let said = ends
        .filter_map(|end| serde_json::from_str(&["\"", &text[..end], "\""].concat()).ok())
        .next();
    said.map_or(text, Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(text: &str) -> Sample {
        let mut sample = Sample::default();
        sample.add(text.as_bytes());
        sample
    }

    #[test]
    fn a_text_is_counted_as_a_tokenizer_does() {
        // By OpenAI's tiktoken, `o200k_base`.
        for (text, tokens) in [
            ("", 0),
            ("a", 1),
            ("Hello, world!", 4),
            ("The quick brown fox jumps over the lazy dog.", 10),
            (r#"{\"name\":\"get_weather\",\"city\":\"Paris\"}"#, 10),
            (r"Zeile eins\nZeile zwei", 7),
        ] {
            assert_eq!(sample(text).tokens(), tokens, "{text}");
        }
    }

    #[test]
    fn pieces_are_the_text() {
        let text = "Gr\u{fc}\u{df}e, \u{4f60}\u{597d}\u{ff0c}\u{1f600} and \\\"quoted\\\" \\ud83d\\ude00 text";
        for size in 1..text.len() {
            let mut whole = Sample::default();
            for piece in text.as_bytes().chunks(size) {
                let mut part = Sample::default();
                part.add(piece);
                whole.append(&mut part);
                assert!(part.is_empty());
            }
            assert_eq!(whole, sample(text), "pieces of {size}");
        }
    }

    #[test]
    fn a_long_text_counts_by_its_beginning_and_its_weight() {
        let line = "Every call is metered as it passes, and never held up. ";
        let of_hundred = sample(&line.repeat(100));
        assert!(of_hundred.head.len() < HEAD_BYTES_MAX);
        for times in [2, 20, 200] {
            let counted = sample(&line.repeat(100 * times)).tokens();
            let expected = of_hundred.tokens() * times as u64;
            assert!(
                counted.abs_diff(expected) * 50 < expected,
                "{counted} of {expected}"
            );
        }
    }

    #[test]
    fn a_beginning_that_is_cut_within_an_escape_is_read_up_to_it() {
        for end in [r"\", r"\u", r"\u00e", r"\ud83d", r"\ud83d\ude0"] {
            let json = [r"line\nline ", end].concat();
            assert_eq!(unescaped(json.as_bytes()), "line\nline ", "{end}");
        }
        assert_eq!(unescaped(br#"a "bare" quote\n"#), r#"a "bare" quote\n"#);
    }
}
