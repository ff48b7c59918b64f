//! An event as it arrives: the JSON object's fields, not yet looked into.
//!
//! What is plainly right is read in one pass of our own (`scan`), about four times as fast as by
//! serde_json; all else by serde_json, whose word on what is JSON counts.

mod scan;

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::validate::{Code, EVENT_BYTES_MAX, Rejection};

macro_rules! fields {
    ($($variant:ident $name:literal,)*) => {
        /// A field of the contract.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Field { $($variant,)* }

        impl Field {
            /// Every field, in the order of the contract.
            pub const ALL: &[Field] = &[$(Field::$variant,)*];

            /// The field's name in JSON, and as a column.
            pub fn name(self) -> &'static str {
                match self { $(Field::$variant => $name,)* }
            }

            /// By its name in JSON.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Field::$variant),)* _ => None }
            }
        }
    };
}

fields! {
    Id "id",
    Timestamp "timestamp",
    TenantId "tenant_id",
    CustomerId "customer_id",
    RunId "run_id",
    TraceId "trace_id",
    SpanId "span_id",
    ParentSpanId "parent_span_id",
    Section "section",
    SectionPath "section_path",
    SpanType "span_type",
    Provider "provider",
    Endpoint "endpoint",
    Model "model",
    ServiceTier "service_tier",
    Environment "environment",
    InputTokens "input_tokens",
    OutputTokens "output_tokens",
    CachedTokens "cached_tokens",
    CacheWriteTokens "cache_write_tokens",
    CacheWrite1hTokens "cache_write_1h_tokens",
    ReasoningTokens "reasoning_tokens",
    AudioInputTokens "audio_input_tokens",
    AudioOutputTokens "audio_output_tokens",
    Usage "usage",
    CostUsd "cost_usd",
    LatencyMs "latency_ms",
    TtftMs "ttft_ms",
    Status "status",
    HttpStatus "http_status",
    ErrorType "error_type",
    IsStreaming "is_streaming",
    EventMetadata "event_metadata",
}

/// The fields of one JSON object, by the contract's names, each still as text, and
/// what the contract does not name. `null` is the same as absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawEvent<'a> {
    json: &'a str,
    fields: [Option<&'a str>; Field::ALL.len()],
    unknown: Vec<(Cow<'a, str>, &'a str)>,
    duplicate: Option<Field>,
}

impl<'a> RawEvent<'a> {
    /// Reads one JSON object.
    ///
    /// # Errors
    /// When the text is too large, not JSON, not an object, or names a field twice.
    pub fn parse(json: &'a str) -> Result<Self, Rejection> {
        is_small(json)?;
        let event = match scan::object(json) {
            Some(event) => event,
            None => Self {
                json,
                ..read(json)?
            },
        };
        event.with_each_field_once()
    }

    /// An event that was never one text: each field's JSON, named once.
    pub fn of(fields: impl IntoIterator<Item = (Field, &'a str)>) -> Self {
        let mut event = Self::empty();
        for (field, json) in fields {
            event.set(field, json);
        }
        event
    }

    /// Reads an array of objects, at most `count_max`. `None` for whatever is not plainly that,
    /// right or wrong: then it takes a closer look.
    pub fn parse_array(json: &'a str, count_max: usize) -> Option<Vec<Result<Self, Rejection>>> {
        let events = scan::array(json, count_max)?;
        let checked = events.into_iter().map(|event| {
            is_small(event.json)?;
            event.with_each_field_once()
        });
        Some(checked.collect())
    }

    fn with_each_field_once(self) -> Result<Self, Rejection> {
        if let Some(field) = self.duplicate {
            let message = format!("`{}` is given twice", field.name());
            return Err(Rejection::new(Code::DuplicateField, message));
        }
        Ok(self)
    }

    /// The whole object's JSON text, where there was one.
    pub fn json(&self) -> &'a str {
        self.json
    }

    /// A field's JSON text.
    pub fn get(&self, field: Field) -> Option<&'a str> {
        self.fields[field as usize]
    }

    /// What the contract does not name, in the order sent.
    pub fn unknown(&self) -> impl ExactSizeIterator<Item = (&str, &'a str)> {
        self.unknown
            .iter()
            .map(|(name, value)| (name.as_ref(), *value))
    }

    fn empty() -> Self {
        Self {
            json: "",
            fields: [None; Field::ALL.len()],
            unknown: Vec::new(),
            duplicate: None,
        }
    }

    fn set_by_name(&mut self, name: Cow<'a, str>, value: &'a str) {
        match Field::from_name(&name) {
            Some(field) => self.set(field, value),
            None if value == "null" => {}
            None => self.unknown.push((name, value)),
        }
    }

    fn set(&mut self, field: Field, value: &'a str) {
        if value != "null" && self.fields[field as usize].replace(value).is_some() {
            self.duplicate = Some(field);
        }
    }
}

fn is_small(json: &str) -> Result<(), Rejection> {
    if json.len() > EVENT_BYTES_MAX {
        let message = format!("the event is larger than {EVENT_BYTES_MAX} bytes");
        return Err(Rejection::new(Code::EventTooLarge, message));
    }
    Ok(())
}

/// By serde_json.
fn read(json: &str) -> Result<RawEvent<'_>, Rejection> {
    serde_json::from_str(json).map_err(|error| {
        if error.is_data() {
            Rejection::new(Code::NotAnObject, "an event must be a JSON object")
        } else {
            Rejection::new(Code::UnreadableJson, format!("not JSON: {error}"))
        }
    })
}

impl<'de: 'a, 'a> Deserialize<'de> for RawEvent<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = RawEvent<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut event = RawEvent::empty();
        while let Some(Name(name)) = map.next_key()? {
            let value: &'de RawValue = map.next_value()?;
            event.set_by_name(name, value.get());
        }
        Ok(event)
    }
}

/// A key that borrows unless it holds escapes (`Cow` alone would always copy).
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
