//! What a response's head says of what the call used.

use axum::http::{HeaderMap, HeaderName, StatusCode};

/// What Bedrock's headers count, by the names that the last chunk of its streams has for it.
static COUNTED_IN_HEADERS: [(HeaderName, &str); 4] = [
    (
        HeaderName::from_static("x-amzn-bedrock-input-token-count"),
        "inputTokenCount",
    ),
    (
        HeaderName::from_static("x-amzn-bedrock-output-token-count"),
        "outputTokenCount",
    ),
    (
        HeaderName::from_static("x-amzn-bedrock-cache-read-input-token-count"),
        "cacheReadInputTokenCount",
    ),
    (
        HeaderName::from_static("x-amzn-bedrock-cache-write-input-token-count"),
        "cacheWriteInputTokenCount",
    ),
];
/// One look at all names in place of six for each answer.
const AWS: &str = "x-amzn-";
const AWS_ERROR: HeaderName = HeaderName::from_static("x-amzn-errortype");
const AWS_TIER: HeaderName = HeaderName::from_static("x-amzn-bedrock-service-tier");
/// Of Hugging Face's router.
const SERVER: HeaderName = HeaderName::from_static("x-inference-provider");

/// What a response's head says.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) is_stream: bool,
    pub(super) is_refusal: bool,
    pub(super) counted: Vec<(&'static str, u64)>,
    pub(super) error: Option<String>,
    /// Who served the model, of a router.
    pub(super) server: Option<String>,
    pub(super) tier: Option<String>,
}

impl Head {
    pub(super) fn read(status: StatusCode, headers: &HeaderMap, is_stream: bool) -> Self {
        let text = |name: &HeaderName| super::text(headers, name);
        let is_of_aws = headers.keys().any(|name| name.as_str().starts_with(AWS));
        let of_aws = |name: &HeaderName| if is_of_aws { text(name) } else { None };
        let counted = COUNTED_IN_HEADERS.iter().filter_map(|(header, name)| {
            let count: u64 = of_aws(header)?.trim().parse().ok()?;
            Some((*name, count))
        });
        // `ValidationException:http://internal.amazon.com/…`
        let error = of_aws(&AWS_ERROR).and_then(|kind| kind.split(':').next());
        Self {
            is_stream,
            is_refusal: !status.is_success(),
            counted: counted.collect(),
            error: error.map(ToOwned::to_owned),
            server: text(&SERVER).map(ToOwned::to_owned),
            tier: of_aws(&AWS_TIER).map(ToOwned::to_owned),
        }
    }
}
