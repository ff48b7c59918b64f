//! From what an answer said to what was used: by genai-prices' extractors, in the order in
//! which their shapes fit, and by ours where it has none.

use std::sync::LazyLock;

use schemas::pricing::{Extractors, Usage};
use serde_json::{Value, json};

use crate::providers::{Flavor, Provider};

/// The price data are built in and tested; without them nothing is extracted.
static EXTRACTORS: LazyLock<Option<Extractors>> = LazyLock::new(|| {
    Extractors::bundled()
        .inspect_err(|error| tracing::error!("no usage can be extracted: {error}"))
        .ok()
});

/// Reads the published extractors now, so that no call has to wait for it.
pub(crate) fn warm_up() {
    LazyLock::force(&EXTRACTORS);
}

/// What the answer says was used. `None` when it does not say, or says nonsense.
pub(super) fn usage(
    provider: Option<&Provider>,
    server: Option<&str>,
    flavor: Flavor,
    answer: &Value,
) -> Option<Usage> {
    let prices = provider.map_or("openai", Provider::prices);
    let routed = server.map(|server| format!("{prices}_{server}"));
    let id = routed.as_deref().unwrap_or(prices);
    let published = |id: &str, name: &str| EXTRACTORS.as_ref()?.extract(id, name, answer);
    let either = |name: &str| published(id, name).or_else(|| published("openai", name));
    match flavor {
        Flavor::Chat => published(id, "chat")
            .or_else(|| published(id, "default"))
            .or_else(|| published("openai", "chat"))
            .or_else(|| either("embeddings"))
            .or_else(|| either("responses")),
        Flavor::Responses => either("responses").or_else(|| either("chat")),
        Flavor::Embeddings => either("embeddings").or_else(|| total_tokens(answer)),
        Flavor::Images => either("images").or_else(|| either("responses")),
        Flavor::Transcription => transcription(answer).or_else(|| either("chat")),
        Flavor::Anthropic => published(id, "anthropic")
            .or_else(|| published("anthropic", "default"))
            .or_else(|| either("chat")),
        Flavor::Gemini => published("google", "default"),
        Flavor::VertexPredict => count(answer.get("embeddedTokenCount")).map(input_only),
        Flavor::Converse => published("aws", "default"),
        Flavor::Invoke => invoke(answer, &published),
        Flavor::Cohere => cohere(answer, &published),
        Flavor::Ocr => published("mistral", "ocr"),
        Flavor::Speech | Flavor::Other => None,
    }
}

/// Bedrock's `invoke` returns what the model's maker defined.
fn invoke(answer: &Value, published: &dyn Fn(&str, &str) -> Option<Usage>) -> Option<Usage> {
    published("aws", "anthropic")
        .or_else(|| published("aws", "default")) // Nova
        .or_else(|| published("openai", "chat")) // gpt-oss, Jamba, Mistral's newer ones
        .or_else(|| {
            let input = answer
                .get("inputTextTokenCount")
                .or(answer.get("prompt_token_count"));
            let output = [
                "tokenCount",
                "totalOutputTextTokenCount",
                "generation_token_count",
            ];
            let output = output.iter().find_map(|name| count(answer.get(*name)));
            Some(Usage {
                output_tokens: output,
                ..input_only(count(input)?)
            })
        })
        .or_else(|| metrics(answer.get("metrics")?))
}

/// What Bedrock itself counted, beside the model's own answer: in the last chunk of a stream,
/// or in headers.
fn metrics(said: &Value) -> Option<Usage> {
    let said_count = |name: &str| said.get(name).cloned().unwrap_or(Value::Null);
    let mut usage = json!({
        "inputTokens": said_count("inputTokenCount"),
        "outputTokens": said_count("outputTokenCount"),
        "cacheReadInputTokens": said_count("cacheReadInputTokenCount"),
        "cacheWriteInputTokens": said_count("cacheWriteInputTokenCount"),
    });
    if let Value::Object(members) = &mut usage {
        members.retain(|_, count| !count.is_null());
        let embeds = !members.contains_key("outputTokens");
        if embeds {
            return count(members.get("inputTokens")).map(input_only);
        }
    }
    EXTRACTORS
        .as_ref()?
        .extract("aws", "default", &json!({ "usage": usage }))
}

/// Cohere bills units, which are fewer than the tokens that its models saw. Version 1 has them
/// in `meta`.
fn cohere(answer: &Value, published: &dyn Fn(&str, &str) -> Option<Usage>) -> Option<Usage> {
    let version_1 = || {
        let meta = answer
            .get("meta")
            .filter(|_| answer.get("usage").is_none())?;
        let said = json!({ "usage": meta });
        EXTRACTORS.as_ref()?.extract("cohere", "default", &said)
    };
    let searches = || {
        let units = answer
            .get("meta")?
            .get("billed_units")?
            .get("search_units")?;
        let mut usage = Usage::default();
        usage
            .units
            .insert("rerank_searches".to_owned(), units.as_f64()?);
        Some(usage)
    };
    published("cohere", "default")
        .or_else(version_1)
        .or_else(|| published("cohere", "embeddings"))
        .or_else(searches)
        .or_else(|| published("cohere", "tokens"))
}

/// By the token or by the second; older models only say how long the sound was.
fn transcription(answer: &Value) -> Option<Usage> {
    let said = answer.get("usage");
    let member = |name: &str| said.and_then(|said| said.get(name));
    if let Some(input) = count(member("input_tokens")) {
        let audio = member("input_token_details").and_then(|parts| parts.get("audio_tokens"));
        return Some(Usage {
            output_tokens: count(member("output_tokens")),
            audio_input_tokens: count(audio),
            ..input_only(input)
        });
    }
    let mistral = member("prompt_audio_seconds");
    let seconds = member("seconds").or(mistral).or(answer.get("duration"))?;
    let seconds = match seconds {
        Value::String(text) => text.parse().ok()?, // Whisper's `duration` was a string once
        number => number.as_f64()?,
    };
    let mut usage = Usage::default();
    usage.units.insert("audio_seconds".to_owned(), seconds);
    Some(usage)
}

/// Voyage reports one number.
fn total_tokens(answer: &Value) -> Option<Usage> {
    count(answer.get("usage")?.get("total_tokens")).map(input_only)
}

fn input_only(tokens: u64) -> Usage {
    Usage {
        input_tokens: Some(tokens),
        ..Usage::default()
    }
}

fn count(value: Option<&Value>) -> Option<u64> {
    value?.as_u64()
}
