//! How many tokens a text is, when the provider did not say.
//!
//! Reckoned from its letters, after what tokenizers of today's large vocabularies do: some four
//! and a half letters of Latin text are a token, and other scripts take more. Within a fifth of
//! the truth for prose and code; always marked as an estimate.

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

/// A text, weighed as it passes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sample {
    hundredths: u64,
    characters: u64,
}

impl Sample {
    pub(super) fn add(&mut self, piece: &[u8]) {
        // Every byte of every call passes here: one look into a table for each.
        let (mut hundredths, mut characters) = (0, 0);
        for byte in piece {
            let (weight, is_lead) = BYTES[usize::from(*byte)];
            hundredths += u64::from(weight);
            characters += u64::from(is_lead);
        }
        self.hundredths = self.hundredths.saturating_add(hundredths);
        self.characters = self.characters.saturating_add(characters);
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            hundredths: self.hundredths.saturating_add(other.hundredths),
            characters: self.characters.saturating_add(other.characters),
        }
    }

    pub(super) fn is_empty(self) -> bool {
        self.characters == 0
    }

    /// Its tokens, at least one of a text that is not empty.
    pub(super) fn tokens(self) -> u64 {
        self.hundredths.div_ceil(100)
    }

    /// Its characters. Escapes in JSON count as they are written.
    pub(super) fn characters(self) -> u64 {
        self.characters
    }
}
