//! Objects and arrays of them in one pass over the bytes.
//!
//! Never wrong, but not for everything: `None` says that serde_json has to look. What is found
//! is what it would find (the test `what_is_scanned_is_what_serde_json_reads`).

use std::borrow::Cow;

use serde::de::IgnoredAny;

use super::RawEvent;

/// The object that the text is.
pub(super) fn object(text: &str) -> Option<RawEvent<'_>> {
    let mut scan = Scan { text, at: 0 };
    scan.space();
    let event = scan.object()?;
    scan.space();
    scan.is_at_end().then_some(event)
}

/// The objects of the array that the text is, if there are no more than `count_max`.
pub(super) fn array(text: &str, count_max: usize) -> Option<Vec<RawEvent<'_>>> {
    let mut scan = Scan { text, at: 0 };
    let mut events = Vec::new();
    scan.space();
    scan.list(b'[', b']', |scan| {
        events.push(scan.object()?);
        (events.len() <= count_max).then_some(())
    })?;
    scan.space();
    // An empty one is no array of objects, nor anything else.
    (scan.is_at_end() && !events.is_empty()).then_some(events)
}

/// Levels of nesting that are followed; what is deeper costs serde_json's time, not our stack.
const DEPTH_MAX: usize = 16;

struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    fn is_at_end(&self) -> bool {
        self.at == self.text.len()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn since(&self, begin: usize) -> Option<&'a str> {
        self.text.get(begin..self.at)
    }

    fn object(&mut self) -> Option<RawEvent<'a>> {
        let begin = self.at;
        let mut event = RawEvent::empty();
        self.members(DEPTH_MAX, |name, value| {
            event.set_by_name(Cow::Borrowed(name), value);
        })?;
        event.json = self.since(begin)?;
        Some(event)
    }

    /// To behind the object, telling its members.
    fn members(&mut self, depth: usize, mut found: impl FnMut(&'a str, &'a str)) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        self.list(b'{', b'}', |scan| {
            let name = scan.name()?;
            scan.space();
            scan.take(b':')?;
            scan.space();
            found(name, scan.value(depth)?);
            Some(())
        })
    }

    /// To behind the array.
    fn items(&mut self, depth: usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        self.list(b'[', b']', |scan| scan.value(depth).map(|_| ()))
    }

    /// To behind the bracket that closes a list of what `item` reads, with commas between.
    fn list(
        &mut self,
        open: u8,
        close: u8,
        mut item: impl FnMut(&mut Self) -> Option<()>,
    ) -> Option<()> {
        self.take(open)?;
        self.space();
        if self.peek()? == close {
            return self.take(close);
        }
        loop {
            item(self)?;
            self.space();
            match self.next()? {
                b',' => self.space(),
                byte if byte == close => return Some(()),
                _ => return None,
            }
        }
    }

    /// A name without escapes.
    fn name(&mut self) -> Option<&'a str> {
        let begin = self.at + 1;
        if self.string()? {
            return None;
        }
        self.text.get(begin..self.at - 1)
    }

    /// With what is in it, down to `depth` levels.
    fn value(&mut self, depth: usize) -> Option<&'a str> {
        let begin = self.at;
        match self.peek()? {
            b'"' => {
                if self.string()? {
                    // Which escapes there are.
                    serde_json::from_str::<IgnoredAny>(self.since(begin)?).ok()?;
                }
            }
            b'{' => self.members(depth, |_, _| ())?,
            b'[' => self.items(depth)?,
            b't' => self.literal("true")?,
            b'f' => self.literal("false")?,
            b'n' => self.literal("null")?,
            _ => self.number()?,
        }
        self.since(begin)
    }

    /// To behind the closing quote. Whether there are escapes, which are not looked at.
    #[inline]
    fn string(&mut self) -> Option<bool> {
        self.take(b'"')?;
        let mut has_escapes = false;
        loop {
            self.at += plain(self.text.as_bytes().get(self.at..)?);
            match self.next()? {
                b'"' => return Some(has_escapes),
                b'\\' => {
                    has_escapes = true;
                    self.at += 1;
                }
                _ => return None,
            }
        }
    }

    fn literal(&mut self, literal: &str) -> Option<()> {
        let end = self.at + literal.len();
        let found = self.text.get(self.at..end)? == literal;
        self.at = end;
        found.then_some(())
    }

    fn number(&mut self) -> Option<()> {
        if self.peek()? == b'-' {
            self.at += 1;
        }
        // Whatever follows a leading zero has to be looked at by whoever called.
        if self.peek()? == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let begin = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > begin).then_some(())
    }
}

/// How many bytes come before the first quote, backslash or control character: eight at a time.
#[inline]
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    let mut at = 0;
    while let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let word = u64::from_le_bytes(*eight);
        // In each, the lowest bit is of the first byte that is meant; higher ones may err.
        let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & HIGH;
        let quote = below(word ^ (ONES * u64::from(b'"')), 1);
        let backslash = below(word ^ (ONES * u64::from(b'\\')), 1);
        let found = quote | backslash | below(word, 0x20);
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
    at + rest.iter().position(special).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn assert_same(text: &str) {
        if let Some(mut scanned) = object(text) {
            scanned.json = "";
            assert_eq!(Ok(scanned), super::super::read(text), "{text}");
        }
        if let Some(scanned) = array(text, 3) {
            let read: Vec<&serde_json::value::RawValue> = serde_json::from_str(text).unwrap();
            let read: Vec<_> = read.iter().map(|event| event.get()).collect();
            let scanned: Vec<_> = scanned.iter().map(|event| event.json).collect();
            assert_eq!(scanned, read, "{text}");
            read.into_iter().for_each(assert_same);
        }
    }

    /// The fixtures of every crate are what events look like: none needs a second look.
    #[test]
    fn ordinary_events_are_scanned() {
        let text = r#" {"id":"e1", "input_tokens" : 12,"cost_usd":-0.5e-3,"is_streaming":true,
            "usage":{"images":2},"event_metadata":{"a":["}",{"b":"\"\u00e9"}]},"model":null,
            "section":"a\/b","other":[],"é":"ü"} "#;
        let event = object(text).unwrap();
        assert_eq!(event.get(super::super::Field::CostUsd), Some("-0.5e-3"));
        assert_eq!(
            event.unknown().collect::<Vec<_>>(),
            [("other", "[]"), ("é", "\"ü\"")]
        );
        assert_eq!(event.json, text.trim());
        assert_same(text);
        assert_eq!(array(&format!("[{text},{text},{{}}]"), 3).unwrap().len(), 3);
        assert!(array(&format!("[{text},{text}]"), 1).is_none());
    }

    #[test]
    fn what_is_not_plainly_right_is_left() {
        for text in [
            "",
            "{",
            "{}x",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{\"a\":01}",
            "{\"a\":1.}",
            "{\"a\":.5}",
            "{\"a\":+1}",
            "{\"a\":1e}",
            "{\"a\":tru}",
            "{\"a\":\"\n\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\",
            "{\"a\":[1}}",
            "{\"a\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}",
            "{\"a\":{]}",
            "{a:1}",
            "[]",
            "1",
            "{\"\\u0061\":1}",
        ] {
            assert!(object(text).is_none(), "{text}");
        }
        for text in ["[", "[]", "[1]", "[{}", "[{},]", "[{}]]", "[{} {}]"] {
            assert!(array(text, 9).is_none(), "{text}");
        }
    }

    /// Pieces of JSON in any order: much of it is nearly right.
    fn jumble() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            4 => prop::sample::select(vec![
                "{", "}", "[", "]", ":", ",", "\"", "\"id\":", "\"x\":", "\"é\"", "\\", "\\u00", "\n", " ",
                "null", "true", "fals", "-", "0", "12", ".5", "e+", "E9", "\"a\\\"b\"", "\u{7f}",
            ]).prop_map(str::to_owned),
            1 => any::<char>().prop_map(String::from),
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    fn json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            ".{0,20}".prop_map(Into::into),
        ];
        let value = leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                prop::collection::hash_map("[a-z\"\\\\]{0,3}", inner, 0..4)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        });
        let object = prop::collection::vec((".{0,9}", value), 0..6)
            .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect()).to_string());
        prop::collection::vec(object, 1..3).prop_map(|objects| match objects.as_slice() {
            [one] => one.clone(),
            many => format!("[{}]", many.join(" , ")),
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn what_is_scanned_is_what_serde_json_reads(text in prop_oneof![json(), jumble(), jumble().prop_map(|text| format!("{{\"a\":{text}}}"))]) {
            assert_same(&text);
        }

        #[test]
        fn json_as_serde_json_writes_it_is_scanned(text in json()) {
            let has_odd_name = text.contains("\\");
            prop_assert!(has_odd_name || object(&text).is_some() || array(&text, 3).is_some());
        }

        #[test]
        fn plain_stops_where_it_should(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let expected = bytes.iter().position(|b| *b == b'"' || *b == b'\\' || *b < 0x20);
            prop_assert_eq!(plain(&bytes), expected.unwrap_or(bytes.len()));
        }
    }
}
