//! From a body to its events: cut apart, and each one's fields found, but not looked into.

use std::fmt;

use axum::http::StatusCode;
use schemas::validate::Code;
use schemas::{RawEvent, Rejection};
use serde::de::{DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};
use serde_json::value::RawValue;
use service::Problem;

use crate::receive::Format;

/// Most events in one request.
pub(crate) const EVENTS_MAX: usize = 10_000;

/// One event's fields, or why there are none.
pub(crate) type Piece<'a> = Result<RawEvent<'a>, Rejection>;

/// # Errors
/// 400 when the body is not what its format says, 413 for more than [`EVENTS_MAX`] events.
pub(crate) fn split(body: &[u8], format: Format) -> Result<Vec<Piece<'_>>, Problem> {
    // Some Windows programs begin a file so.
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    if format == Format::Ndjson {
        return lines(body);
    }
    let text = std::str::from_utf8(body)
        .map_err(|_| Problem::bad_request("invalid_utf8", "the body is not UTF-8"))?;
    match text.trim_start().bytes().next() {
        Some(b'[') => array(text),
        Some(b'{') => objects(text),
        Some(_) if serde_json::from_str::<&RawValue>(text).is_ok() => {
            let detail = "the body must be an object, an array of objects, or one object a line";
            Err(Problem::bad_request("not_an_object", detail))
        }
        _ => Err(unreadable(serde_json::from_str::<&RawValue>(text).err())),
    }
}

/// # Errors
/// 413 for more than [`EVENTS_MAX`] events.
pub(crate) fn at_most_events(count: usize) -> Result<(), Problem> {
    if count > EVENTS_MAX {
        return Err(too_many());
    }
    Ok(())
}

/// One object, or several on lines of their own. A line that is none is then one event's fault.
fn objects(text: &str) -> Result<Vec<Piece<'_>>, Problem> {
    if let Ok(one) = RawEvent::parse(text) {
        return Ok(vec![Ok(one)]);
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    let first = match values.next() {
        Some(Ok(first)) => first.get(),
        Some(Err(error)) => return Err(unreadable(Some(error))),
        None => return Err(unreadable(None)),
    };
    let rest = &text[values.byte_offset()..];
    if rest.trim().is_empty() {
        return Ok(vec![RawEvent::parse(first)]);
    }
    let line_ends = rest.trim_start_matches([' ', '\t', '\r']).starts_with('\n');
    if line_ends && !first.contains('\n') {
        return lines(text.as_bytes());
    }
    Err(unreadable(values.next().and_then(Result::err)))
}

fn lines(body: &[u8]) -> Result<Vec<Piece<'_>>, Problem> {
    let mut pieces = Vec::new();
    for line in body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii) {
        if line.is_empty() {
            continue;
        }
        if pieces.len() == EVENTS_MAX {
            return Err(too_many());
        }
        pieces.push(
            std::str::from_utf8(line)
                .map_err(|_| Rejection::new(Code::UnreadableJson, "the line is not UTF-8"))
                .and_then(RawEvent::parse),
        );
    }
    Ok(pieces)
}

fn array(text: &str) -> Result<Vec<Piece<'_>>, Problem> {
    if let Some(pieces) = RawEvent::parse_array(text, EVENTS_MAX) {
        return Ok(pieces);
    }
    let mut pieces = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = Items(&mut pieces)
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end());
    match read {
        Ok(()) => Ok(pieces),
        Err(_) if pieces.len() > EVENTS_MAX => Err(too_many()),
        Err(error) => Err(unreadable(Some(error))),
    }
}

/// Collects an array's items and stops behind the last one allowed.
struct Items<'v, 'a>(&'v mut Vec<Piece<'a>>);

impl<'a> DeserializeSeed<'a> for Items<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'a> Visitor<'a> for Items<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element::<&'a RawValue>()? {
            self.0.push(RawEvent::parse(item.get()));
            if self.0.len() > EVENTS_MAX {
                return Err(A::Error::custom("too many"));
            }
        }
        Ok(())
    }
}

fn unreadable(error: Option<serde_json::Error>) -> Problem {
    let detail = match error {
        // serde_json says where and what was expected, and never repeats the text.
        Some(error) => format!("the body is not JSON: {error}"),
        None => "the body is not JSON".to_owned(),
    };
    Problem::bad_request("unreadable_json", detail)
}

fn too_many() -> Problem {
    let detail = format!("a request has at most {EVENTS_MAX} events");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_many_events", detail)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn json(body: &str) -> Result<Vec<String>, (u16, &'static str)> {
        let pieces = split(body.as_bytes(), Format::Json);
        let pieces = pieces.map_err(|problem| (problem.status().as_u16(), problem.code()))?;
        let text = |piece: Piece<'_>| match piece {
            Ok(event) => event.json().to_owned(),
            Err(rejection) => rejection.code.as_str().to_owned(),
        };
        Ok(pieces.into_iter().map(text).collect())
    }

    #[test]
    fn an_object_an_array_or_lines() {
        assert_eq!(json(" {\n\"a\": 1} \n").unwrap(), ["{\n\"a\": 1}"]);
        assert_eq!(
            json("[{\"a\":[1]}, 2]").unwrap(),
            ["{\"a\":[1]}", "not_an_object"]
        );
        assert_eq!(json("\u{feff}[ ]").unwrap(), [""; 0]);
        assert_eq!(
            json("{\"a\":1}\n\n{bad\n").unwrap(),
            ["{\"a\":1}", "unreadable_json"]
        );
        assert_eq!(
            json("{\"a\":1}\r\n{\"b\":2}\r\n").unwrap(),
            ["{\"a\":1}", "{\"b\":2}"]
        );
    }

    #[test]
    fn what_is_not_json_is_a_bad_request() {
        for body in [
            "",
            " ",
            "nope",
            "{",
            "[1,",
            "[1]]",
            "[NaN]",
            "{}{}",
            "{\"a\":1} {\"b\":2}",
            "{bad\n{}",
        ] {
            assert_eq!(json(body), Err((400, "unreadable_json")), "{body}");
        }
        for body in ["1", "null", "\"text\"", "true"] {
            assert_eq!(json(body), Err((400, "not_an_object")), "{body}");
        }
        let problem = split(b"[\"\xff\"]", Format::Json).unwrap_err();
        assert_eq!(problem.code(), "invalid_utf8");
    }

    #[test]
    fn a_bad_line_is_its_own_fault() {
        let pieces = split(b"{}\n\"\xff\"\n\n[]\n", Format::Ndjson).unwrap();
        assert_eq!(pieces.len(), 3);
        assert_eq!(pieces[1].as_ref().unwrap_err().code, Code::UnreadableJson);
        assert_eq!(pieces[2].as_ref().unwrap_err().code, Code::NotAnObject);
        assert!(split(b"\n", Format::Ndjson).unwrap().is_empty());
    }

    #[test]
    fn there_is_a_most_of_events() {
        let array = |n: usize| format!("[{}]", vec!["{}"; n].join(","));
        assert_eq!(json(&array(EVENTS_MAX)).unwrap().len(), EVENTS_MAX);
        assert_eq!(json(&array(EVENTS_MAX + 1)), Err((413, "too_many_events")));
        assert_eq!(json(&"{}\n".repeat(EVENTS_MAX)).unwrap().len(), EVENTS_MAX);
        assert_eq!(
            json(&"{}\n".repeat(EVENTS_MAX + 1)),
            Err((413, "too_many_events"))
        );
    }

    #[test]
    fn depth_costs_no_stack() {
        let deep = format!("[{}{}]", "[".repeat(1_000_000), "]".repeat(1_000_000));
        assert_eq!(json(&deep).unwrap().len(), 1);
    }
}
