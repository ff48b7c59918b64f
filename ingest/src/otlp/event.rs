//! A span as an event of the contract, as `POST /events` takes it: from here on every rule is
//! the same.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat};
use schemas::Rejection;
use schemas::money::Usd;
use schemas::validate::{Code, LATENCY_MS_MAX, METADATA_BYTES_MAX, TEXT_CHARS_MAX};
use schemas::wire::SpanType;
use serde_json::{Map, Value};

use super::kind::Kind;
use super::label::printable;
use super::meaning::Meaning;
use super::provider::provider;
use super::span::{Export, Role, Span, hex};
use super::status::status;
use super::tokens::Tokens;
use super::tree::Tree;

/// Most that the sender's own attributes take of `event_metadata`, so that it is never refused.
const OWN_JSON_BYTES_MAX: usize = METADATA_BYTES_MAX / 2;
const NANOS_PER_MS: f64 = 1e6;
const NANOS_PER_MICRO: u64 = 1000;

/// The JSON text of the event that a span is.
///
/// # Errors
/// When the span is not one that can be told from others.
pub(super) fn event(
    export: &Export<'_>,
    tree: &Tree<'_, '_>,
    index: usize,
) -> Result<String, Rejection> {
    let span = &export.spans[index];
    let (Some(trace_id), Some(span_id)) = (span.trace_id, span.span_id) else {
        return Err(Rejection::new(
            Code::InvalidId,
            "a trace id has 16 bytes and a span id 8, not all of them zero",
        ));
    };
    let (trace_id, span_id) = (hex(&trace_id), hex(&span_id));
    let resource = &export.resources[span.resource];
    let tenant = span.attributes.text(Meaning::TenantId);
    let tenant = tenant
        .or_else(|| resource.text(Meaning::TenantId))
        .or_else(|| resource.text(Meaning::ResourceTenantId));
    let run_id = span.attributes.text(Meaning::RunId);
    let mut fields = Fields::default();
    fields.set("id", Some(format!("{trace_id}-{span_id}")));
    fields.set("tenant_id", tenant);
    fields.set("run_id", run_id.or(Some(Cow::Borrowed(&trace_id))));
    fields.set("customer_id", tree.inherited(index, Meaning::CustomerId));
    fields.set("environment", tree.inherited(index, Meaning::Environment));
    fields.set("parent_span_id", tree.parent_span_id(index));
    fields.set("section_path", tree.section_path(index));
    fields.times(span);
    fields.outcome(span);
    match tree.kind(index) {
        Kind::Call(kind) => fields.call(span, kind),
        Kind::Shape(kind) => fields.shape(span, kind),
        Kind::Other => fields.other(span),
    }
    let session = tree.inherited(index, Meaning::Session);
    fields.metadata(export, span, session);
    fields.set("trace_id", Some(trace_id));
    fields.set("span_id", Some(span_id));
    Ok(Value::Object(fields.0).to_string())
}

#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn set(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), value.into());
        }
    }

    fn times(&mut self, span: &Span<'_>) {
        let start = [span.start_ns, span.end_ns].into_iter().find(|ns| *ns > 0);
        let start = start.and_then(|ns| i64::try_from(ns / NANOS_PER_MICRO).ok());
        let start = start.and_then(DateTime::from_timestamp_micros);
        self.set(
            "timestamp",
            start.map(|at| at.to_rfc3339_opts(SecondsFormat::Micros, true)),
        );
        if span.start_ns == 0 {
            return;
        }
        #[allow(clippy::cast_precision_loss)] // below a microsecond
        let since_start = |ns: u64| {
            ns.checked_sub(span.start_ns)
                .map(|ns| ns as f64 / NANOS_PER_MS)
        };
        self.millis("latency_ms", since_start(span.end_ns));
        let seconds = span.attributes.number(Meaning::FirstChunkSeconds);
        let ttft = span.attributes.number(Meaning::FirstChunkMs);
        let ttft = ttft.or(seconds.map(|seconds| seconds * 1000.0));
        let ttft = ttft.or_else(|| since_start(span.first_token_ns?));
        self.millis("ttft_ms", ttft);
    }

    /// A clock that went backwards is no reason to lose a call.
    fn millis(&mut self, name: &str, ms: Option<f64>) {
        self.set(name, ms.filter(|ms| (0.0..=LATENCY_MS_MAX).contains(ms)));
    }

    fn outcome(&mut self, span: &Span<'_>) {
        let http_status = span.attributes.count(Meaning::HttpStatus);
        let http_status = http_status.filter(|status| (100..=599).contains(status));
        self.set("http_status", http_status);
        let error_type = span.attributes.text(Meaning::ErrorType);
        let error_type = error_type.or_else(|| {
            let exception = span.exception.as_deref().filter(|_| span.failed);
            exception.map(Cow::Borrowed)
        });
        self.set("status", status(span, error_type.as_deref(), http_status));
        self.text("error_type", error_type);
    }

    fn call(&mut self, span: &Span<'_>, kind: SpanType) {
        let text = |meaning| span.attributes.text(meaning);
        let model = text(Meaning::ResponseModel).or_else(|| text(Meaning::RequestModel));
        self.set("span_type", Some(kind.name()));
        self.text("provider", Some(provider(span, model.as_deref()).into()));
        self.text("model", model);
        self.text("endpoint", operation(span));
        self.text("service_tier", text(Meaning::ServiceTier));
        let tokens = Tokens::of(&span.attributes);
        self.set("input_tokens", tokens.input);
        self.set("output_tokens", tokens.output);
        self.set("cached_tokens", tokens.cached);
        self.set("cache_write_tokens", tokens.cache_write);
        self.set("reasoning_tokens", tokens.reasoning);
        self.set("audio_input_tokens", tokens.audio_input);
        self.set("audio_output_tokens", tokens.audio_output);
        self.set("cost_usd", cost(span));
        let streamed = text(Meaning::VercelOperation).map(|name| name.ends_with("doStream"));
        let streamed = span.attributes.boolean(Meaning::Streaming).or(streamed);
        self.set("is_streaming", streamed);
    }

    fn shape(&mut self, span: &Span<'_>, kind: SpanType) {
        self.set("span_type", Some(kind.name()));
        let name = operation(span).unwrap_or(Cow::Borrowed(&span.name));
        self.text("endpoint", Some(name));
    }

    /// A span of no model, kept because the operator asked for it. A call to elsewhere may cost
    /// something, which nobody knows; what happens inside costs nothing of its own.
    fn other(&mut self, span: &Span<'_>) {
        let text = |meaning| span.attributes.text(meaning);
        let outside = span.kind == Role::Caller;
        let kind = match (outside, text(Meaning::DbSystem)) {
            (true, Some(system)) if is_vector_db(&system) => SpanType::VectorDb,
            (true, None) => SpanType::Api,
            _ => SpanType::Other,
        };
        let provider = text(Meaning::DbSystem)
            .or_else(|| text(Meaning::ServerAddress).filter(|_| outside))
            .or_else(|| text(Meaning::RpcSystem).filter(|_| outside));
        self.set("span_type", Some(kind.name()));
        self.text("provider", Some(provider.unwrap_or("internal".into())));
        self.text("endpoint", Some(Cow::Borrowed(&span.name)));
        let nothing = (kind == SpanType::Other).then(|| Value::from(0));
        self.set("cost_usd", cost(span).or(nothing));
    }

    fn metadata(&mut self, export: &Export<'_>, span: &Span<'_>, session: Option<Cow<'_, str>>) {
        let resource = &export.resources[span.resource];
        let mut metadata = Self::default();
        let mut left = OWN_JSON_BYTES_MAX;
        for (name, value) in resource.own().chain(span.attributes.own()) {
            let value = value.to_json();
            let size = Value::from(name).to_string().len() + value.to_string().len() + 2;
            if size <= left {
                left -= size;
                metadata.set(name, Some(value));
            }
        }
        metadata.text("span_name", Some(Cow::Borrowed(&span.name)));
        metadata.text("instrumentation", Some(export.scopes[span.scope].clone()));
        metadata.text("service_name", resource.text(Meaning::ServiceName));
        metadata.text("session_id", session);
        metadata.text("response_id", span.attributes.text(Meaning::ResponseId));
        self.set("event_metadata", Some(Value::Object(metadata.0)));
    }

    /// A text that only describes is cut to what a field takes, not refused.
    fn text(&mut self, name: &str, text: Option<Cow<'_, str>>) {
        let text = text.map(|text| printable(&text, TEXT_CHARS_MAX));
        self.set(name, text.filter(|text| !text.is_empty()));
    }
}

fn operation<'s>(span: &'s Span<'_>) -> Option<Cow<'s, str>> {
    [
        Meaning::Operation,
        Meaning::VercelOperation,
        Meaning::RequestType,
    ]
    .into_iter()
    .find_map(|meaning| span.attributes.text(meaning))
}

/// The sender's own figure: the whole, else the sum of its two parts.
fn cost(span: &Span<'_>) -> Option<Value> {
    if let Some(cost) = span.attributes.get(Meaning::Cost) {
        return Some(cost.to_json());
    }
    let part = |meaning| Usd::parse(&span.attributes.text(meaning)?).ok();
    let sum = part(Meaning::InputCost)?.checked_add(part(Meaning::OutputCost)?)?;
    Some(sum.to_string().into())
}

fn is_vector_db(system: &str) -> bool {
    const SYSTEMS: [&str; 9] = [
        "pinecone",
        "chroma",
        "chromadb",
        "weaviate",
        "qdrant",
        "milvus",
        "marqo",
        "lancedb",
        "turbopuffer",
    ];
    SYSTEMS.contains(&system)
}
