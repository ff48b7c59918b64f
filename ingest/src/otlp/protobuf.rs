//! `application/x-protobuf`, read where it lies. Generated code would make an object of every
//! attribute before we see it: two bytes can ask for a hundred. Here the few attributes that
//! mean something are picked out, and the rest is passed over.
//!
//! Field numbers are those of opentelemetry-proto (`trace/v1`, `common/v1`, `resource/v1`),
//! which are stable.

mod fields;

use std::borrow::Cow;

use super::attributes::{Attributes, Value};
use super::span::{Export, Role, Span, TooMany, id};
use fields::{Field, Malformed, fields};

/// Why a body could not be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    Malformed,
    TooMany,
}

impl From<Malformed> for Unreadable {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

impl From<TooMany> for Unreadable {
    fn from(_: TooMany) -> Self {
        Self::TooMany
    }
}

/// An `ExportTraceServiceRequest`.
pub(super) fn read(body: &[u8]) -> Result<Export<'_>, Unreadable> {
    let mut export = Export::default();
    for field in fields(body) {
        if let (1, Field::Bytes(resource_spans)) = field? {
            read_resource_spans(resource_spans, &mut export)?;
        }
    }
    Ok(export)
}

fn read_resource_spans<'a>(bytes: &'a [u8], export: &mut Export<'a>) -> Result<(), Unreadable> {
    let resource = export.begin_resource()?;
    for field in fields(bytes) {
        match field? {
            (1, Field::Bytes(message)) => {
                for field in fields(message) {
                    if let (1, Field::Bytes(attribute)) = field? {
                        read_attribute(attribute, &mut export.resources[resource])?;
                    }
                }
            }
            (2, Field::Bytes(scope_spans)) => read_scope_spans(scope_spans, resource, export)?,
            _ => {}
        }
    }
    Ok(())
}

fn read_scope_spans<'a>(
    bytes: &'a [u8],
    resource: usize,
    export: &mut Export<'a>,
) -> Result<(), Unreadable> {
    let scope = export.begin_scope()?;
    for field in fields(bytes) {
        match field? {
            (1, Field::Bytes(message)) => {
                for field in fields(message) {
                    if let (1, Field::Bytes(name)) = field? {
                        export.scopes[scope] = text(name);
                    }
                }
            }
            (2, Field::Bytes(message)) => {
                let mut span = read_span(message)?;
                (span.resource, span.scope) = (resource, scope);
                export.add(span)?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn read_span(bytes: &[u8]) -> Result<Span<'_>, Malformed> {
    let mut span = Span::default();
    for field in fields(bytes) {
        match field? {
            (1, Field::Bytes(bytes)) => span.trace_id = id(bytes),
            (2, Field::Bytes(bytes)) => span.span_id = id(bytes),
            (4, Field::Bytes(bytes)) => span.parent = id(bytes),
            (5, Field::Bytes(name)) => span.name = text(name),
            (6, Field::Varint(kind)) => span.kind = Role::of(kind),
            (7, Field::Fixed64(time)) => span.start_ns = time,
            (8, Field::Fixed64(time)) => span.end_ns = time,
            (9, Field::Bytes(attribute)) => read_attribute(attribute, &mut span.attributes)?,
            (11, Field::Bytes(event)) => read_event(event, &mut span)?,
            (15, Field::Bytes(status)) => span.failed = is_error(status)?,
            _ => {}
        }
    }
    Ok(span)
}

fn read_event<'a>(bytes: &'a [u8], span: &mut Span<'a>) -> Result<(), Malformed> {
    let (mut time, mut name, mut exception) = (0, Cow::default(), None);
    for field in fields(bytes) {
        match field? {
            (1, Field::Fixed64(at)) => time = at,
            (2, Field::Bytes(bytes)) => name = text(bytes),
            (3, Field::Bytes(attribute)) => {
                let (key, value) = key_value(attribute)?;
                if key == b"exception.type"
                    && let Some(Value::Text(kind)) = any_value(value)?
                {
                    exception = Some(kind);
                }
            }
            _ => {}
        }
    }
    span.happened(&name, time, exception);
    Ok(())
}

fn is_error(status: &[u8]) -> Result<bool, Malformed> {
    const ERROR: u64 = 2;
    let mut code = 0;
    for field in fields(status) {
        if let (3, Field::Varint(given)) = field? {
            code = given;
        }
    }
    Ok(code == ERROR)
}

fn read_attribute<'a>(bytes: &'a [u8], all: &mut Attributes<'a>) -> Result<(), Malformed> {
    let (key, value) = key_value(bytes)?;
    // A key that is not UTF-8 is none of ours.
    let key = std::str::from_utf8(key).unwrap_or_default();
    all.add(key, || any_value(value))
}

/// A `KeyValue`'s two parts.
fn key_value(bytes: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    let (mut key, mut value) = (&b""[..], &b""[..]);
    for field in fields(bytes) {
        match field? {
            (1, Field::Bytes(bytes)) => key = bytes,
            (2, Field::Bytes(bytes)) => value = bytes,
            _ => {}
        }
    }
    Ok((key, value))
}

fn any_value(bytes: &[u8]) -> Result<Option<Value<'_>>, Malformed> {
    let mut value = None;
    for field in fields(bytes) {
        value = match field? {
            (1, Field::Bytes(bytes)) => Some(Value::Text(text(bytes))),
            (2, Field::Varint(is)) => Some(Value::Bool(is != 0)),
            (3, Field::Varint(number)) => Some(Value::Int(number.cast_signed())),
            (4, Field::Fixed64(bits)) => Some(Value::Double(f64::from_bits(bits))),
            // An array, a map, bytes.
            _ => None,
        };
    }
    Ok(value)
}

/// One bad byte in one text is no reason to lose a batch.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}
