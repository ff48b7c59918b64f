//! What a call says about itself in `X-LLMObserve-…` headers, and who makes it.

use std::borrow::Cow;

use axum::http::header::{AUTHORIZATION, HOST, HeaderName, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Request, Uri};
use schemas::raw::Field;
use schemas::validate::{ID_CHARS_MAX, PATH_CHARS_MAX, TEXT_CHARS_MAX};
use service::Problem;
use service::auth::{Authenticator, Tenant, tenant_header};

use crate::metrics;

/// What every header of ours begins with. None reaches a provider.
pub(crate) const PREFIX: &str = "x-llmobserve-";
const API_KEY: HeaderName = HeaderName::from_static("x-llmobserve-api-key");

/// A header, the event's field, and how long it may be in characters.
static FIELDS: [(HeaderName, Field, usize); 8] = [
    field(
        "x-llmobserve-customer-id",
        Field::CustomerId,
        TEXT_CHARS_MAX,
    ),
    field("x-llmobserve-run-id", Field::RunId, ID_CHARS_MAX),
    field("x-llmobserve-trace-id", Field::TraceId, ID_CHARS_MAX),
    field("x-llmobserve-span-id", Field::SpanId, ID_CHARS_MAX),
    field(
        "x-llmobserve-parent-span-id",
        Field::ParentSpanId,
        ID_CHARS_MAX,
    ),
    field("x-llmobserve-section", Field::Section, TEXT_CHARS_MAX),
    field(
        "x-llmobserve-section-path",
        Field::SectionPath,
        PATH_CHARS_MAX,
    ),
    field(
        "x-llmobserve-environment",
        Field::Environment,
        TEXT_CHARS_MAX,
    ),
];

const fn field(header: &'static str, field: Field, chars_max: usize) -> (HeaderName, Field, usize) {
    (HeaderName::from_static(header), field, chars_max)
}

/// Whose call it is, and where it belongs.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) tenant: Tenant,
    pub(crate) key_id: String,
    /// The event's fields, as far as the headers said something usable.
    pub(crate) fields: Vec<(Field, String)>,
}

impl Context {
    /// # Errors
    /// 401, 403 and 400, as for events sent to the collector: a call without the right key is
    /// refused before it is made.
    pub(crate) fn read(authenticator: &Authenticator, parts: &Parts) -> Result<Self, Problem> {
        let caller = authenticator.authenticate(&credentials(parts))?;
        let tenant = caller.event_tenant(None, tenant_header(&parts.headers)?)?;
        Ok(Self {
            tenant,
            key_id: caller.key_id().to_owned(),
            fields: fields(&parts.headers),
        })
    }
}

/// The request as authentication knows it: our key travels in a header of its own, because
/// `Authorization` is the provider's, and so is what the URL asks for.
fn credentials(parts: &Parts) -> Parts {
    let (mut ours, ()) = Request::new(()).into_parts();
    ours.method = parts.method.clone();
    if let Some(authority) = parts.uri.authority() {
        ours.uri = Uri::from(authority.clone());
    }
    for name in [HOST, ORIGIN] {
        for value in parts.headers.get_all(&name) {
            ours.headers.append(&name, value.clone());
        }
    }
    for key in parts.headers.get_all(API_KEY) {
        let bearer = [b"Bearer ", key.as_bytes()].concat();
        if let Ok(mut value) = HeaderValue::from_bytes(&bearer) {
            value.set_sensitive(true);
            ours.headers.append(AUTHORIZATION, value);
        }
    }
    ours
}

/// A header that says nothing usable is left out, and counted: it is no reason to refuse a
/// call to a provider.
fn fields(headers: &HeaderMap) -> Vec<(Field, String)> {
    let mut fields = Vec::new();
    if !headers.keys().any(|name| name.as_str().starts_with(PREFIX)) {
        return fields;
    }
    for (header, field, chars_max) in &FIELDS {
        let mut values = headers.get_all(header).iter();
        let Some(value) = values.next() else {
            continue;
        };
        match text(value, *chars_max).filter(|_| values.next().is_none()) {
            Some(text) if text.is_empty() => {}
            Some(text) => fields.push((*field, text.into_owned())),
            None => metrics::header_ignored(field.name()),
        }
    }
    fields
}

/// UTF-8, else Latin-1, which HTTP's older clients send.
fn text(value: &HeaderValue, chars_max: usize) -> Option<Cow<'_, str>> {
    let text = match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => value
            .as_bytes()
            .iter()
            .map(|byte| char::from(*byte))
            .collect(),
    };
    let usable = text.chars().count() <= chars_max && !text.chars().any(char::is_control);
    usable.then_some(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_cannot_be_used_is_left_out() {
        let mut headers = HeaderMap::new();
        let long = "x".repeat(ID_CHARS_MAX + 1);
        headers.insert("x-llmobserve-run-id", long.parse().unwrap());
        headers.insert("x-llmobserve-section", "agent:plan".parse().unwrap());
        headers.insert("x-llmobserve-environment", "".parse().unwrap());
        let utf8 = HeaderValue::from_bytes("Müller".as_bytes()).unwrap();
        headers.insert("x-llmobserve-customer-id", utf8);
        let latin1 = HeaderValue::from_bytes(b"M\xfcller").unwrap();
        headers.insert("x-llmobserve-trace-id", latin1);
        headers.append("x-llmobserve-span-id", "a".parse().unwrap());
        headers.append("x-llmobserve-span-id", "b".parse().unwrap());
        let fields = fields(&headers);
        let expected = [
            (Field::CustomerId, "Müller"),
            (Field::TraceId, "Müller"),
            (Field::Section, "agent:plan"),
        ];
        assert_eq!(fields, expected.map(|(name, text)| (name, text.to_owned())));
    }
}
