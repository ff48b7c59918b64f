//! Who answered a call.

use std::borrow::Cow;

use schemas::provider::canonical;

use super::meaning::Meaning;
use super::span::Span;

/// Of a call that names nobody: it is counted, and its cost is unknown.
const UNKNOWN: &str = "unknown";

/// Frameworks that some instrumentations name in place of who answers.
const FRAMEWORKS: [&str; 8] = [
    "langchain",
    "langgraph",
    "llamaindex",
    "llama_index",
    "crewai",
    "haystack",
    "autogen",
    "gateway",
];

/// Hosts that speak OpenAI's protocol, so that its client is told to be OpenAI's.
const OPENAI_SPEAKING: [(&str, &str); 14] = [
    ("openai.azure.com", "azure"),
    ("services.ai.azure.com", "azure"),
    ("cognitiveservices.azure.com", "azure"),
    ("api.groq.com", "groq"),
    ("api.deepseek.com", "deepseek"),
    ("openrouter.ai", "openrouter"),
    ("api.together.xyz", "together"),
    ("api.together.ai", "together"),
    ("api.fireworks.ai", "fireworks"),
    ("api.perplexity.ai", "perplexity"),
    ("api.x.ai", "xai"),
    ("api.cerebras.ai", "cerebras"),
    ("api.mistral.ai", "mistral"),
    ("generativelanguage.googleapis.com", "google"),
];

/// Whose model it is, where only the framework is named.
const FAMILIES: [(&str, &str); 15] = [
    ("gpt-3", "openai"),
    ("gpt-4", "openai"),
    ("gpt-5", "openai"),
    ("chatgpt", "openai"),
    ("o1", "openai"),
    ("o3", "openai"),
    ("o4", "openai"),
    ("text-embedding-", "openai"),
    ("claude", "anthropic"),
    ("gemini", "google"),
    ("mistral-", "mistral"),
    ("command-", "cohere"),
    ("deepseek-", "deepseek"),
    ("grok", "xai"),
    ("sonar", "perplexity"),
];

/// The provider of a call on this model.
pub(super) fn provider(span: &Span<'_>, model: Option<&str>) -> String {
    let named = span.attributes.text(Meaning::Provider);
    let named = named.as_deref().map(|name| vercel(span, canonical(name)));
    match named.as_deref() {
        None | Some("openai") => host(span).or(named.as_deref()).or_else(|| family(model)),
        Some(framework) if FRAMEWORKS.contains(&framework) => {
            host(span).or_else(|| family(model)).or(Some(framework))
        }
        provider => provider,
    }
    .unwrap_or(UNKNOWN)
    .to_owned()
}

/// Vercel names the part of the provider's interface, too: `fireworks.embedding`.
fn vercel<'n>(span: &Span<'_>, name: Cow<'n, str>) -> Cow<'n, str> {
    if !span.attributes.has(Meaning::VercelOperation) {
        return name;
    }
    match name.split_once('.') {
        Some((provider, _)) => Cow::Owned(canonical(provider).into_owned()),
        None => name,
    }
}

fn host(span: &Span<'_>) -> Option<&'static str> {
    let address = span.attributes.text(Meaning::ServerAddress)?;
    let is = |host: &str| {
        address
            .strip_suffix(host)
            .is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    let found = OPENAI_SPEAKING.iter().find(|(host, _)| is(host));
    found.map(|(_, provider)| *provider)
}

fn family(model: Option<&str>) -> Option<&'static str> {
    let model = model?;
    let found = FAMILIES
        .iter()
        .find(|(family, _)| model.starts_with(family));
    found.map(|(_, provider)| *provider)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::otlp::attributes::Value;

    fn of(attributes: &[(&str, &str)], model: &str) -> String {
        let mut span = Span::default();
        for (key, value) in attributes {
            let text = Value::Text((*value).to_owned().into());
            let added: Result<(), ()> = span.attributes.add(key, || Ok(Some(text)));
            added.unwrap();
        }
        provider(&span, Some(model).filter(|model| !model.is_empty()))
    }

    #[test]
    fn what_is_named_wins_but_for_frameworks() {
        let named = "gen_ai.provider.name";
        assert_eq!(of(&[(named, "aws.bedrock")], ""), "bedrock");
        assert_eq!(of(&[(named, "langchain")], "claude-sonnet-5"), "anthropic");
        assert_eq!(of(&[(named, "Langchain")], "own-model"), "langchain");
        assert_eq!(of(&[], "gpt-4o-mini"), "openai");
        assert_eq!(of(&[], "gpt-oss-120b"), UNKNOWN);
    }

    #[test]
    fn the_host_tells_whose_openai_protocol_it_is() {
        let openai = ("gen_ai.system", "openai");
        let at = |host: &str| of(&[openai, ("server.address", host)], "m");
        assert_eq!(at("api.openai.com"), "openai");
        assert_eq!(at("api.groq.com"), "groq");
        assert_eq!(at("acme.openai.azure.com"), "azure");
        assert_eq!(at("notapi.groq.com"), "openai");
    }

    #[test]
    fn vercel_names_interfaces() {
        let operation = ("ai.operationId", "ai.generateText.doGenerate");
        for (name, provider) in [
            ("openai.responses", "openai"),
            ("google.generative-ai", "google"),
            ("fireworks.embedding", "fireworks"),
            ("amazon-bedrock", "bedrock"),
        ] {
            assert_eq!(of(&[operation, ("gen_ai.system", name)], ""), provider);
        }
    }
}
