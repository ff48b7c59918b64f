//! JSON into a report, in one pass.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use super::{Report, Span, Value};

/// Of JSON that reports usage; only for the room that is made at first.
const BYTES_PER_NODE: usize = 16;

impl Report {
    /// Of JSON; `None` when it is not, or null.
    pub fn parse(json: &[u8]) -> Option<Self> {
        let mut report = Self {
            nodes: Vec::with_capacity(json.len() / BYTES_PER_NODE),
            text: String::with_capacity(json.len()),
        };
        let mut source = serde_json::Deserializer::from_slice(json);
        let key = report.keep("");
        let into = Place {
            report: &mut report,
            key,
        };
        into.deserialize(&mut source).ok()?;
        source.end().ok()?;
        (!report.nodes.is_empty()).then_some(report)
    }
}

/// Where a value goes.
struct Place<'r> {
    report: &'r mut Report,
    key: Span,
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<(), D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, is_true: bool) -> Result<(), E> {
        self.report.add(self.key, Value::Bool(is_true));
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.report.add(self.key, Value::Number(number.into()));
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.report.add(self.key, Value::Number(number.into()));
        Ok(())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        let number = Number::from_f64(number).ok_or_else(|| E::custom("not a number"))?;
        self.report.add(self.key, Value::Number(number));
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        let text = self.report.keep(text);
        self.report.add(self.key, Value::Text(text));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self { report, key } = self;
        let at = report.add(key, Value::Array);
        let key = report.keep("");
        while items.next_element_seed(Place { report, key })?.is_some() {}
        report.close(at);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Self { report, key } = self;
        let at = report.add(key, Value::Object);
        while let Some(key) = members.next_key_seed(Key { report })? {
            members.next_value_seed(Place { report, key })?;
        }
        report.close(at);
        Ok(())
    }
}

/// Where a key goes.
struct Key<'r> {
    report: &'r mut Report,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Span;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Span, D::Error> {
        source.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Span;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Span, E> {
        Ok(self.report.keep(key))
    }
}
