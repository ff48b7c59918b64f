//! Just enough of ClickHouse's lexer to see where a statement's head ends.
//!
//! The engine's own parser decides what a statement means; this finds what
//! the engine takes apart from the statement (an insert's format and data)
//! and words that must not pass.

use std::ops::Range;

/// A token of interest, by its place in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// Keyword, bare identifier or number.
    Word(Range<usize>),
    /// A quoted identifier or string.
    Quoted(Range<usize>),
    Symbol(u8),
}

/// Splits a text into tokens, leaving out space and comments.
#[derive(Debug, Clone)]
pub(super) struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    fn rest(&self) -> &'a [u8] {
        &self.text[self.at..]
    }

    fn skip_past(&mut self, end: &[u8]) {
        let found = self
            .rest()
            .windows(end.len())
            .position(|window| window == end);
        self.at = found.map_or(self.text.len(), |offset| self.at + offset + end.len());
    }

    fn skip_blank(&mut self) {
        loop {
            match self.rest() {
                [byte, ..] if byte.is_ascii_whitespace() || *byte == 0x0b => self.at += 1,
                [b'-', b'-', ..] | [b'#', b' ' | b'!', ..] => self.skip_past(b"\n"),
                [b'/', b'*', ..] => {
                    self.at += 2;
                    self.skip_past(b"*/");
                }
                _ => return,
            }
        }
    }

    /// Moves past a quoted text; backslashes escape, doubled quotes stay inside.
    fn skip_quoted(&mut self, quote: u8) {
        self.at += 1;
        loop {
            match self.rest() {
                [b'\\', _, ..] => self.at += 2,
                [a, b, ..] if *a == quote && *b == quote => self.at += 2,
                [a, ..] => {
                    self.at += 1;
                    if *a == quote {
                        return;
                    }
                }
                [] => return,
            }
        }
    }

    /// Moves past `$tag$ … $tag$`; false when it is none.
    fn skip_heredoc(&mut self) -> bool {
        let rest = self.rest();
        let Some(length) = rest.iter().skip(1).position(|byte| *byte == b'$') else {
            return false;
        };
        let tag = &rest[..length + 2];
        if !tag[1..=length].iter().all(|byte| is_word(*byte)) {
            return false;
        }
        self.at += tag.len();
        self.skip_past(tag);
        true
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        self.skip_blank();
        let start = self.at;
        match *self.rest().first()? {
            quote @ (b'\'' | b'"' | b'`') => {
                self.skip_quoted(quote);
                Some(Token::Quoted(start..self.at))
            }
            b'$' if self.skip_heredoc() => Some(Token::Quoted(start..self.at)),
            byte if is_word(byte) => {
                let length = self
                    .rest()
                    .iter()
                    .take_while(|byte| is_word(**byte))
                    .count();
                self.at += length;
                Some(Token::Word(start..self.at))
            }
            byte => {
                self.at += 1;
                Some(Token::Symbol(byte))
            }
        }
    }
}

/// The words of `text` that stand outside parentheses, in upper case; quoted
/// texts are words without letters.
fn outer_words(text: &[u8]) -> impl Iterator<Item = (String, Range<usize>)> {
    let mut depth = 0_usize;
    Lexer::new(text).filter_map(move |token| match token {
        Token::Symbol(b'(' | b'[' | b'{') => {
            depth += 1;
            None
        }
        Token::Symbol(b')' | b']' | b'}') => {
            depth = depth.saturating_sub(1);
            None
        }
        Token::Word(range) if depth == 0 => Some((upper(&text[range.clone()]), range)),
        Token::Quoted(range) if depth == 0 => Some((String::new(), range)),
        _ => None,
    })
}

fn upper(word: &[u8]) -> String {
    String::from_utf8_lossy(word).to_ascii_uppercase()
}

/// The word a statement begins with, in upper case; empty when it begins otherwise.
pub(super) fn first_word(text: &[u8]) -> String {
    match Lexer::new(text).next() {
        Some(Token::Word(range)) => upper(&text[range]),
        _ => String::new(),
    }
}

/// An `INSERT` that brings its own data.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Insert {
    /// The statement up to its `FORMAT` or `VALUES`.
    pub(super) head: Range<usize>,
    pub(super) format: String,
    /// Where its data begins in the text.
    pub(super) data_start: usize,
}

impl Insert {
    /// `None` for anything else, `INSERT … SELECT` included.
    pub(super) fn find(text: &[u8]) -> Option<Self> {
        (first_word(text) == "INSERT").then_some(())?;
        let mut words = outer_words(text).skip(1);
        // The target's name is not a keyword, whatever it is called.
        let mut previous_is_target_prefix = true;
        while let Some((word, range)) = words.next() {
            let follows_prefix = std::mem::replace(
                &mut previous_is_target_prefix,
                matches!(word.as_str(), "INTO" | "TABLE" | "FUNCTION")
                    || follows_dot(text, range.end),
            );
            match word.as_str() {
                _ if follows_prefix && word != "INTO" && word != "TABLE" && word != "FUNCTION" => {}
                "VALUES" => {
                    return Some(Self {
                        head: 0..range.start,
                        format: "Values".into(),
                        data_start: range.end,
                    });
                }
                "FORMAT" => {
                    let name = words.next()?.1;
                    return Some(Self {
                        head: 0..range.start,
                        format: String::from_utf8_lossy(&text[name.clone()]).into_owned(),
                        data_start: after_format(text, name.end),
                    });
                }
                "SELECT" | "WITH" | "WATCH" | "INFILE" => return None,
                _ => {}
            }
        }
        None
    }
}

fn follows_dot(text: &[u8], end: usize) -> bool {
    text.get(end) == Some(&b'.')
}

/// Data begins after the rest of the line that names the format, or right
/// after one space, as `ParserInsertQuery` has it.
fn after_format(text: &[u8], end: usize) -> usize {
    let blank = |at: usize| {
        text.get(at)
            .is_some_and(|byte| matches!(byte, b' ' | b'\t' | 0x0c))
    };
    let mut at = end;
    while blank(at) {
        at += 1;
    }
    if text.get(at) == Some(&b';') {
        at += 1;
    }
    if text.get(at) == Some(&b'\r') {
        at += 1;
    }
    if text.get(at) == Some(&b'\n') {
        at += 1;
    }
    at
}

/// The output format a query names at its end.
pub(super) fn output_format(text: &[u8]) -> Option<String> {
    let words: Vec<_> = outer_words(text).collect();
    let named = words.iter().rposition(|(word, _)| word == "FORMAT")?;
    let (_, range) = words.get(named + 1)?;
    let ends = words
        .get(named + 2)
        .is_none_or(|(word, _)| word == "SETTINGS" || word == "INTO");
    ends.then(|| String::from_utf8_lossy(&text[range.clone()]).into_owned())
}

/// Why a text may not run here: it reads or writes files of this machine in
/// a way that the engine's grants do not cover.
pub(super) fn reaches_files(text: &[u8]) -> Option<&'static str> {
    let mut previous = String::new();
    for token in Lexer::new(text) {
        let word = match &token {
            Token::Word(range) => upper(&text[range.clone()]),
            _ => String::new(),
        };
        match (previous.as_str(), word.as_str()) {
            ("INTO", "OUTFILE") => return Some("INTO OUTFILE"),
            ("FROM", "INFILE") => return Some("FROM INFILE"),
            ("FILE", _) if token == Token::Symbol(b'(') => return Some("the function file"),
            ("EXECUTABLE", _) if token == Token::Symbol(b'(') => {
                return Some("the table function executable");
            }
            _ => previous = word,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn insert(text: &str) -> Option<(&str, String, &str)> {
        let found = Insert::find(text.as_bytes())?;
        Some((
            text[found.head].trim_end(),
            found.format,
            &text[found.data_start..],
        ))
    }

    #[test]
    fn an_insert_is_taken_apart() {
        assert_eq!(
            insert("INSERT INTO t (a, `format`) FORMAT CSV\n1,2"),
            Some(("INSERT INTO t (a, `format`)", "CSV".into(), "1,2"))
        );
        assert_eq!(
            insert("insert into d.t values (1), (2)"),
            Some(("insert into d.t", "Values".into(), " (1), (2)"))
        );
        assert_eq!(
            insert(
                "/* INSERT */ INSERT INTO t SETTINGS a = 'FORMAT x' FORMAT JSONEachRow {\"a\":1}"
            ),
            Some((
                "/* INSERT */ INSERT INTO t SETTINGS a = 'FORMAT x'",
                "JSONEachRow".into(),
                "{\"a\":1}"
            ))
        );
        assert_eq!(
            insert("INSERT INTO t FORMAT RowBinary"),
            Some(("INSERT INTO t", "RowBinary".into(), ""))
        );
        assert_eq!(
            insert("INSERT INTO values FORMAT TSV\nx"),
            Some(("INSERT INTO values", "TSV".into(), "x"))
        );
        assert_eq!(
            insert("INSERT INTO db.format VALUES (1)"),
            Some(("INSERT INTO db.format", "Values".into(), " (1)"))
        );
    }

    #[test]
    fn other_statements_are_not() {
        for text in [
            "INSERT INTO t SELECT 1",
            "INSERT INTO t WITH x AS (SELECT 1) SELECT * FROM x",
            "SELECT 'INSERT'",
            "}INSERT INTO t FORMAT CSV 1",
            "INSERT INTO t",
            "",
        ] {
            assert_eq!(Insert::find(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn the_output_format_is_the_last_clause() {
        let format = |text: &str| output_format(text.as_bytes());
        assert_eq!(format("SELECT 1 FORMAT JSON").as_deref(), Some("JSON"));
        assert_eq!(
            format("SELECT 1 FORMAT Native SETTINGS max_threads = 1;").as_deref(),
            Some("Native")
        );
        assert_eq!(format("SELECT format FROM t"), None);
        assert_eq!(format("SELECT 'FORMAT JSON'"), None);
        assert_eq!(format("SELECT * FROM (SELECT 1 FORMAT JSON)"), None);
    }

    #[test]
    fn files_are_noticed_only_as_code() {
        assert!(reaches_files(b"SELECT 1 INTO /**/ OUTFILE 'x'").is_some());
        assert!(reaches_files(b"SELECT file ('/etc/passwd')").is_some());
        assert!(reaches_files(b"SELECT 'file(x)', file FROM t -- INTO OUTFILE").is_none());
        assert!(reaches_files(b"SELECT $a$ INTO OUTFILE $a$").is_none());
    }

    #[test]
    fn words_begin_statements() {
        assert_eq!(first_word(b"-- c\n /* x */ select 1"), "SELECT");
        assert_eq!(first_word(b"(select 1)"), "");
        assert_eq!(first_word("# x\nUSE d".as_bytes()), "USE");
    }
}
