//! What a response's head says of what the call used.

use axum::http::{HeaderMap, StatusCode};
use serde_json::{Map, Value};

/// What Bedrock's headers count, by the names that the last chunk of its streams has for it.
const COUNTED_IN_HEADERS: [(&str, &str); 4] = [
    ("x-amzn-bedrock-input-token-count", "inputTokenCount"),
    ("x-amzn-bedrock-output-token-count", "outputTokenCount"),
    (
        "x-amzn-bedrock-cache-read-input-token-count",
        "cacheReadInputTokenCount",
    ),
    (
        "x-amzn-bedrock-cache-write-input-token-count",
        "cacheWriteInputTokenCount",
    ),
];

/// What a response's head says.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) is_stream: bool,
    pub(super) is_refusal: bool,
    pub(super) counted: Map<String, Value>,
    pub(super) error: Option<String>,
    /// Who served the model, of a router.
    pub(super) server: Option<String>,
    pub(super) tier: Option<String>,
}

impl Head {
    pub(super) fn read(status: StatusCode, headers: &HeaderMap, is_stream: bool) -> Self {
        let text = |name: &str| super::text(headers, name);
        let counted = COUNTED_IN_HEADERS.iter().filter_map(|(header, name)| {
            let count: u64 = text(header)?.trim().parse().ok()?;
            Some(((*name).to_owned(), count.into()))
        });
        // `ValidationException:http://internal.amazon.com/…`
        let error = text("x-amzn-errortype").and_then(|kind| kind.split(':').next());
        Self {
            is_stream,
            is_refusal: !status.is_success(),
            counted: counted.collect(),
            error: error.map(ToOwned::to_owned),
            server: text("x-inference-provider").map(ToOwned::to_owned),
            tier: text("x-amzn-bedrock-service-tier").map(ToOwned::to_owned),
        }
    }
}
