//! Asks a stream for its usage on behalf of a client that did not: everything else of the
//! request stays as it is, byte for byte.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

const OPTIONS: &str = r#"{"include_usage":true}"#;

/// The body to send instead; `None` when the request is no stream, asks for it already, or is
/// not what it should be.
pub(super) fn rewritten(body: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok()?;
    let mut json = serde_json::Deserializer::from_str(text);
    let members = json
        .deserialize_map(Members::of(["stream", "stream_options"]))
        .ok()?;
    json.end().ok()?;
    let [stream, options] = members.found;
    if members.is_repeated || stream?.get() != "true" {
        return None;
    }
    match options {
        None => {
            let start = text.find('{')? + 1;
            let member = format!(r#""stream_options":{OPTIONS},"#);
            Some(spliced(body, start..start, &member))
        }
        Some(options) if options.get() == "null" => {
            Some(spliced(body, place(text, options)?, OPTIONS))
        }
        Some(options) => within(body, text, options),
    }
}

/// Sets `include_usage` in options that have others.
fn within(body: &[u8], text: &str, options: &RawValue) -> Option<Vec<u8>> {
    let mut json = serde_json::Deserializer::from_str(options.get());
    let members = json.deserialize_map(Members::of(["include_usage"])).ok()?;
    match members.found {
        _ if members.is_repeated => None,
        [Some(asked)] if asked.get() == "true" => None,
        [Some(declined)] => Some(spliced(body, place(text, declined)?, "true")),
        [None] => {
            let start = place(text, options)?.start + 1;
            let comma = if members.is_empty { "" } else { "," };
            Some(spliced(
                body,
                start..start,
                &format!(r#""include_usage":true{comma}"#),
            ))
        }
    }
}

fn spliced(body: &[u8], at: Range<usize>, text: &str) -> Vec<u8> {
    let mut spliced = Vec::with_capacity(body.len() + text.len());
    spliced.extend_from_slice(&body[..at.start]);
    spliced.extend_from_slice(text.as_bytes());
    spliced.extend_from_slice(&body[at.end..]);
    spliced
}

/// Where in the text a value that borrows from it stands.
fn place(text: &str, value: &RawValue) -> Option<Range<usize>> {
    let start = value
        .get()
        .as_ptr()
        .addr()
        .checked_sub(text.as_ptr().addr())?;
    let place = start..start + value.get().len();
    (text.get(place.clone()) == Some(value.get())).then_some(place)
}

/// Some members of an object, as they are written.
struct Members<'a, const N: usize> {
    names: [&'static str; N],
    found: [Option<&'a RawValue>; N],
    is_repeated: bool,
    is_empty: bool,
}

impl<const N: usize> Members<'_, N> {
    fn of(names: [&'static str; N]) -> Self {
        Self {
            names,
            found: [None; N],
            is_repeated: false,
            is_empty: true,
        }
    }
}

impl<'de: 'a, 'a, const N: usize> Visitor<'de> for Members<'a, N> {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
        while let Some(name) = map.next_key::<std::borrow::Cow<'_, str>>()? {
            self.is_empty = false;
            match self.names.iter().position(|sought| *sought == name) {
                Some(at) => {
                    let value: &'de RawValue = map.next_value()?;
                    self.is_repeated |= self.found[at].replace(value).is_some();
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewrite(body: &str) -> Option<String> {
        rewritten(body.as_bytes()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    #[test]
    fn only_the_option_is_added() {
        for (body, expected) in [
            (
                r#" { "model" : "m", "stream": true }"#,
                r#" {"stream_options":{"include_usage":true}, "model" : "m", "stream": true }"#,
            ),
            (
                r#"{"stream":true,"stream_options":null,"x":"\u00e9"}"#,
                r#"{"stream":true,"stream_options":{"include_usage":true},"x":"\u00e9"}"#,
            ),
            (
                r#"{"stream":true,"stream_options": { "include_usage" : false } }"#,
                r#"{"stream":true,"stream_options": { "include_usage" : true } }"#,
            ),
            (
                r#"{"stream_options":{},"stream":true}"#,
                r#"{"stream_options":{"include_usage":true},"stream":true}"#,
            ),
            (
                r#"{"stream_options":{"include_obfuscation":false},"stream":true}"#,
                r#"{"stream_options":{"include_usage":true,"include_obfuscation":false},"stream":true}"#,
            ),
        ] {
            assert_eq!(rewrite(body).as_deref(), Some(expected), "{body}");
        }
    }

    #[test]
    fn other_requests_stay_as_they_are() {
        for body in [
            r#"{"model":"m"}"#,
            r#"{"stream":false}"#,
            r#"{"stream":"true"}"#,
            r#"{"messages":[{"stream":true}]}"#,
            r#"{"stream":true,"stream_options":{"include_usage":true}}"#,
            r#"{"stream":true,"stream_options":[]}"#,
            r#"{"stream":true,"stream":true}"#,
            r#"{"stream":true"#,
            r#"{"stream":true} {}"#,
            r#"["stream",true]"#,
            "",
        ] {
            assert_eq!(rewrite(body), None, "{body}");
        }
    }
}
