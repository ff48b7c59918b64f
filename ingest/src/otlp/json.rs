//! `application/json`, as OTLP writes protobuf's JSON: `lowerCamelCase` names, ids in
//! hexadecimal, 64-bit numbers as text, enumerations as numbers (names are understood too).
//! Level by level, each still as text until it is known how much there is of it.

mod list;
mod scalar;

use serde::Deserialize;
use serde::de::Error as _;
use serde_json::value::RawValue;

use super::attributes::{Attributes, Value};
use super::span::{Export, Span, TooMany};
use list::{Each, List};
use scalar::{Double, Enumeration, Hex, Integer, Text};

/// Why a body could not be read.
#[derive(Debug)]
pub(super) enum Unreadable {
    /// What serde_json says: where, and what was expected; it never repeats the text.
    Malformed(serde_json::Error),
    TooMany,
}

impl From<serde_json::Error> for Unreadable {
    fn from(error: serde_json::Error) -> Self {
        Self::Malformed(error)
    }
}

impl From<TooMany> for Unreadable {
    fn from(_: TooMany) -> Self {
        Self::TooMany
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    #[serde(borrow, default)]
    resource_spans: List<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans<'a> {
    #[serde(borrow)]
    resource: Option<Resource<'a>>,
    #[serde(borrow, default)]
    scope_spans: List<'a>,
}

#[derive(Deserialize)]
struct Resource<'a> {
    #[serde(borrow)]
    attributes: Option<Collected<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ScopeSpans<'a> {
    #[serde(borrow)]
    scope: Option<Scope<'a>>,
    #[serde(borrow, default)]
    spans: List<'a>,
}

#[derive(Deserialize)]
struct Scope<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonSpan<'a> {
    trace_id: Option<Hex<16>>,
    span_id: Option<Hex<8>>,
    parent_span_id: Option<Hex<8>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    kind: Option<Enumeration>,
    start_time_unix_nano: Option<Integer>,
    end_time_unix_nano: Option<Integer>,
    #[serde(borrow)]
    attributes: Option<Collected<'a>>,
    #[serde(borrow)]
    events: Option<Events<'a>>,
    status: Option<Status>,
}

#[derive(Deserialize)]
struct Status {
    code: Option<Enumeration>,
}

#[derive(Deserialize)]
struct KeyValue<'a> {
    #[serde(borrow)]
    key: Option<Text<'a>>,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnyValue<'a> {
    #[serde(borrow)]
    string_value: Option<Text<'a>>,
    bool_value: Option<bool>,
    int_value: Option<Integer>,
    double_value: Option<Double>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    time_unix_nano: Option<Integer>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    attributes: Option<Exception<'a>>,
}

/// An `ExportTraceServiceRequest`.
pub(super) fn read(text: &str) -> Result<Export<'_>, Unreadable> {
    // Derived code would take an array for an object of fields without names.
    if !text.trim_start().starts_with('{') {
        return Err(serde_json::Error::custom("expected an object").into());
    }
    let mut export = Export::default();
    let request: Request<'_> = serde_json::from_str(text)?;
    for text in request.resource_spans.items()? {
        read_resource_spans(text, &mut export)?;
    }
    Ok(export)
}

fn read_resource_spans<'a>(text: &'a str, export: &mut Export<'a>) -> Result<(), Unreadable> {
    let resource = export.begin_resource()?;
    let found: ResourceSpans<'_> = serde_json::from_str(text)?;
    if let Some(Collected(attributes)) = found.resource.and_then(|resource| resource.attributes) {
        export.resources[resource] = attributes;
    }
    for text in found.scope_spans.items()? {
        let scope = export.begin_scope()?;
        let found: ScopeSpans<'_> = serde_json::from_str(text)?;
        if let Some(Text(name)) = found.scope.and_then(|scope| scope.name) {
            export.scopes[scope] = name;
        }
        for text in found.spans.items()? {
            let mut span = Span::from(serde_json::from_str::<JsonSpan<'_>>(text)?);
            (span.resource, span.scope) = (resource, scope);
            export.add(span)?;
        }
    }
    Ok(())
}

impl<'a> From<JsonSpan<'a>> for Span<'a> {
    fn from(found: JsonSpan<'a>) -> Self {
        let time = |time: Option<Integer>| time.map_or(0, |Integer(time)| time.cast_unsigned());
        let mut span = Self {
            trace_id: found.trace_id.and_then(|Hex(id)| id),
            span_id: found.span_id.and_then(|Hex(id)| id),
            parent: found.parent_span_id.and_then(|Hex(id)| id),
            name: found.name.unwrap_or_default().0,
            kind: found.kind.unwrap_or_default().role(),
            start_ns: time(found.start_time_unix_nano),
            end_ns: time(found.end_time_unix_nano),
            failed: found
                .status
                .and_then(|status| status.code)
                .is_some_and(|code| code.is_error()),
            attributes: found.attributes.unwrap_or_default().0,
            ..Self::default()
        };
        for event in found.events.unwrap_or_default().0 {
            let exception = event.attributes.and_then(|Exception(kind)| kind);
            let name = event.name.unwrap_or_default().0;
            span.happened(&name, time(event.time_unix_nano), exception);
        }
        span
    }
}

/// Attributes, of which only those that mean something were kept.
#[derive(Default)]
struct Collected<'a>(Attributes<'a>);

impl<'a> Each for Collected<'a> {
    type Item = KeyValue<'a>;

    fn take(&mut self, item: KeyValue<'a>) -> Result<(), serde_json::Error> {
        let key = item.key.unwrap_or_default().0;
        self.0.add(&key, || any_value(item.value))
    }
}

/// Events that may say something: those with a name that does.
#[derive(Default)]
struct Events<'a>(Vec<Event<'a>>);

impl<'a> Each for Events<'a> {
    type Item = Event<'a>;

    fn take(&mut self, event: Event<'a>) -> Result<(), serde_json::Error> {
        // The last exception and the first token: two of each are enough.
        const KEPT_MAX: usize = 64;
        if event.name.is_some() && self.0.len() < KEPT_MAX {
            self.0.push(event);
        }
        Ok(())
    }
}

/// Of an event's attributes: `exception.type`.
#[derive(Default)]
struct Exception<'a>(Option<std::borrow::Cow<'a, str>>);

impl<'a> Each for Exception<'a> {
    type Item = KeyValue<'a>;

    fn take(&mut self, item: KeyValue<'a>) -> Result<(), serde_json::Error> {
        if item.key.is_some_and(|Text(key)| key == "exception.type")
            && let Some(Value::Text(kind)) = any_value(item.value)?
        {
            self.0 = Some(kind);
        }
        Ok(())
    }
}

fn any_value(value: Option<&RawValue>) -> Result<Option<Value<'_>>, serde_json::Error> {
    let Some(value) = value else {
        return Ok(None);
    };
    let value: AnyValue<'_> = serde_json::from_str(value.get())?;
    let text = value.string_value.map(|Text(text)| Value::Text(text));
    let int = value.int_value.map(|Integer(number)| Value::Int(number));
    let double = value
        .double_value
        .map(|Double(number)| Value::Double(number));
    Ok(text
        .or(int)
        .or(double)
        .or(value.bool_value.map(Value::Bool)))
}
