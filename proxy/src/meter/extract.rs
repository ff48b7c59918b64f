//! From what an answer said to what was used: by genai-prices' extractors, in the order in
//! which their shapes fit, and by ours where it has none.

use std::sync::LazyLock;

use schemas::pricing::{Extractors, Part, Report, Usage};

use super::told::Told;
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

/// By the published extractor of a provider for this flavor.
fn published(id: &str, name: &str, told: &Told) -> Option<Usage> {
    let extractors = EXTRACTORS.as_ref()?;
    extractors.extract(id, name, |member| told.get(member))
}

/// The same, of a usage that others call otherwise.
fn published_of(id: &str, usage: Part<'_>) -> Option<Usage> {
    let extractors = EXTRACTORS.as_ref()?;
    extractors.extract(id, "default", |_| Some(usage))
}

/// What the answer says was used. `None` when it does not say, or says nonsense.
pub(super) fn usage(
    provider: Option<&Provider>,
    server: Option<&str>,
    flavor: Flavor,
    told: &Told,
) -> Option<Usage> {
    let prices = provider.map_or("openai", Provider::prices);
    let routed = server.map(|server| format!("{prices}_{}", server.to_ascii_lowercase()));
    let id = routed.as_deref().unwrap_or(prices);
    let published = |id: &str, name: &str| published(id, name, told);
    let either = |name: &str| published(id, name).or_else(|| published("openai", name));
    match flavor {
        Flavor::Chat => published(id, "chat")
            .or_else(|| published(id, "default"))
            .or_else(|| published("openai", "chat"))
            .or_else(|| either("embeddings"))
            .or_else(|| either("responses")),
        Flavor::Responses => either("responses").or_else(|| either("chat")),
        Flavor::Embeddings => either("embeddings").or_else(|| total_tokens(told)),
        Flavor::Images => either("images").or_else(|| either("responses")),
        Flavor::Transcription => transcription(told).or_else(|| either("chat")),
        Flavor::Anthropic => published(id, "anthropic")
            .or_else(|| published("anthropic", "default"))
            .or_else(|| either("chat")),
        Flavor::Gemini => published("google", "default"),
        Flavor::VertexPredict => count(told.get("embeddedTokenCount")).map(input_only),
        Flavor::Converse => published("aws", "default"),
        Flavor::Invoke => invoke(told),
        Flavor::Cohere => cohere(told),
        Flavor::Ocr => published("mistral", "ocr"),
        Flavor::Speech | Flavor::Other => None,
    }
}

/// Bedrock's `invoke` returns what the model's maker defined.
fn invoke(told: &Told) -> Option<Usage> {
    published("aws", "anthropic", told)
        .or_else(|| published("aws", "default", told)) // Nova
        .or_else(|| published("openai", "chat", told)) // gpt-oss, Jamba, Mistral's newer ones
        .or_else(|| {
            let input = told
                .get("inputTextTokenCount")
                .or(told.get("prompt_token_count"));
            let output = [
                "tokenCount",
                "totalOutputTextTokenCount",
                "generation_token_count",
            ];
            let output = output.iter().find_map(|name| count(told.get(name)));
            Some(Usage {
                output_tokens: output,
                ..input_only(count(input)?)
            })
        })
        .or_else(|| metrics(told.get("metrics")?))
}

/// What Bedrock itself counted, beside the model's own answer: in the last chunk of a stream,
/// or in headers.
fn metrics(said: Part<'_>) -> Option<Usage> {
    let counted = |(name, theirs)| Some((name, count(said.get(theirs))?));
    let names = [
        ("inputTokens", "inputTokenCount"),
        ("outputTokens", "outputTokenCount"),
        ("cacheReadInputTokens", "cacheReadInputTokenCount"),
        ("cacheWriteInputTokens", "cacheWriteInputTokenCount"),
    ];
    let usage = Report::of_counts(names.into_iter().filter_map(counted));
    let usage = usage.root()?;
    match usage.get("outputTokens") {
        Some(_) => published_of("aws", usage),
        None => count(usage.get("inputTokens")).map(input_only), // it embeds
    }
}

/// Cohere bills units, which are fewer than the tokens that its models saw. Version 1 has them
/// in `meta`.
fn cohere(told: &Told) -> Option<Usage> {
    let version_1 = || {
        let meta = told.get("meta").filter(|_| told.get("usage").is_none())?;
        published_of("cohere", meta)
    };
    let searches = || {
        let units = told.get("meta")?.get("billed_units")?.get("search_units")?;
        let mut usage = Usage::default();
        usage
            .units
            .insert("rerank_searches".to_owned(), units.as_number()?.as_f64()?);
        Some(usage)
    };
    published("cohere", "default", told)
        .or_else(version_1)
        .or_else(|| published("cohere", "embeddings", told))
        .or_else(searches)
        .or_else(|| published("cohere", "tokens", told))
}

/// By the token or by the second; older models only say how long the sound was.
fn transcription(told: &Told) -> Option<Usage> {
    let said = told.get("usage");
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
    let seconds = member("seconds").or(mistral).or(told.get("duration"))?;
    let seconds = match seconds.as_str() {
        Some(text) => text.parse().ok()?, // Whisper's `duration` was a string once
        None => seconds.as_number()?.as_f64()?,
    };
    let mut usage = Usage::default();
    usage.units.insert("audio_seconds".to_owned(), seconds);
    Some(usage)
}

/// Voyage reports one number.
fn total_tokens(told: &Told) -> Option<Usage> {
    count(told.get("usage")?.get("total_tokens")).map(input_only)
}

fn input_only(tokens: u64) -> Usage {
    Usage {
        input_tokens: Some(tokens),
        ..Usage::default()
    }
}

fn count(value: Option<Part<'_>>) -> Option<u64> {
    value?.as_u64()
}
