//! The role's part of the OpenAPI document, generated from the handler.

use serde_json::{Map, Value};
use utoipa::{OpenApi, ToSchema};

#[derive(OpenApi)]
#[openapi(
    paths(crate::events::post_events, crate::otlp::post_traces),
    components(schemas(
        EventFields,
        EventsBody,
        crate::respond::Summary,
        crate::respond::Rejected,
        crate::otlp::TraceResponse,
        crate::otlp::PartialSuccess,
        crate::otlp::Status
    ))
)]
struct Document;

/// `POST /events` and `POST /v1/traces`, to be merged into the product's document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// One event or several.
#[derive(ToSchema)]
#[schema(as = Events)]
#[expect(dead_code, reason = "only describes the body")]
#[serde(untagged)]
pub(crate) enum EventsBody {
    One(Box<EventFields>),
    Several(Vec<EventFields>),
}

/// A usage event. Unknown fields are kept in `event_metadata`.
#[derive(ToSchema)]
#[schema(as = Event)]
#[expect(dead_code, reason = "only describes the body")]
pub(crate) struct EventFields {
    /// Counts once per tenant for at least 24 hours; the first wins.
    #[schema(max_length = 128)]
    id: Option<String>,
    /// RFC 3339, or epoch seconds or milliseconds: when the call started.
    #[schema(example = "2026-01-02T03:04:05.678Z")]
    timestamp: Option<Timestamp>,
    #[schema(max_length = 256)]
    tenant_id: Option<String>,
    /// The tenant's own end customer.
    #[schema(max_length = 256)]
    customer_id: Option<String>,
    /// The event's id when absent.
    #[schema(max_length = 128)]
    run_id: Option<String>,
    #[schema(max_length = 128)]
    trace_id: Option<String>,
    #[schema(max_length = 128)]
    span_id: Option<String>,
    #[schema(max_length = 128)]
    parent_span_id: Option<String>,
    section: Option<String>,
    #[schema(example = "agent:planner/tool:search")]
    section_path: Option<String>,
    /// `llm`, `embedding`, `vector_db`, `api`, `other` (calls); `agent`, `tool`, `section`.
    span_type: Option<String>,
    /// Required of calls.
    #[schema(example = "openai")]
    provider: Option<String>,
    endpoint: Option<String>,
    model: Option<String>,
    service_tier: Option<String>,
    environment: Option<String>,
    /// All input tokens, cached and cache writes among them.
    input_tokens: Option<u64>,
    /// All output tokens, reasoning among them.
    output_tokens: Option<u64>,
    cached_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
    cache_write_1h_tokens: Option<u64>,
    reasoning_tokens: Option<u64>,
    audio_input_tokens: Option<u64>,
    audio_output_tokens: Option<u64>,
    /// Further units by name, each a number of zero or more.
    #[schema(value_type = Option<std::collections::HashMap<String, f64>>)]
    usage: Option<Map<String, Value>>,
    /// The sender's own figure in USD, below 1,000,000; priced by us when absent.
    cost_usd: Option<Decimal>,
    latency_ms: Option<f64>,
    /// Time to the first token.
    ttft_ms: Option<f64>,
    /// `ok`, `error`, `cancelled`, `timeout`, `rate_limited`.
    status: Option<String>,
    #[schema(minimum = 100, maximum = 599)]
    http_status: Option<u16>,
    error_type: Option<String>,
    is_streaming: Option<bool>,
    /// Any JSON object of up to 16 KiB.
    #[schema(value_type = Option<Object>)]
    event_metadata: Option<Map<String, Value>>,
}

/// A text or a number.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes the body")]
#[serde(untagged)]
pub(crate) enum Timestamp {
    Text(String),
    Epoch(f64),
}

/// A number or a decimal text, which keeps every digit.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes the body")]
#[serde(untagged)]
pub(crate) enum Decimal {
    Number(f64),
    Text(String),
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use schemas::raw::Field;

    use super::*;

    #[test]
    fn the_document_names_every_field() {
        let document = serde_json::to_value(openapi()).unwrap();
        let described = document["components"]["schemas"]["Event"]["properties"]
            .as_object()
            .unwrap();
        let names: Vec<&str> = Field::ALL.iter().map(|field| field.name()).collect();
        assert_eq!(described.keys().collect::<Vec<_>>().len(), names.len());
        for name in names {
            assert!(described.contains_key(name), "{name}");
        }
        assert!(document["paths"]["/events"]["post"]["responses"]["202"].is_object());
    }
}
