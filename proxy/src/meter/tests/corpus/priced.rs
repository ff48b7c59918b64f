//! Every usage body of genai-prices' data set, answered by each provider that could have.

use std::collections::BTreeMap;

use schemas::pricing::{PriceBook, Query};

use super::*;

/// Where a provider answers with this shape; `{}` is the model.
fn place(expected: &Expected) -> Option<(&'static str, &'static str)> {
    let chat = "/v1/chat/completions";
    Some(
        match (expected.provider_id.as_str(), expected.api_flavor.as_str()) {
            ("openai", "chat") => ("api.openai.com", chat),
            ("openai", "responses") => ("api.openai.com", "/v1/responses"),
            ("openai", "embeddings") => ("api.openai.com", "/v1/embeddings"),
            ("azure", "chat") => ("acme.openai.azure.com", "/openai/v1/chat/completions"),
            ("azure", "responses") => ("acme.openai.azure.com", "/openai/v1/responses"),
            ("azure", "embeddings") => ("acme.openai.azure.com", "/openai/v1/embeddings"),
            ("azure", "anthropic") => ("acme.services.ai.azure.com", "/anthropic/v1/messages"),
            ("anthropic", "default") => ("api.anthropic.com", "/v1/messages"),
            ("anthropic", "chat") => ("api.anthropic.com", chat),
            ("aws", "default") => (
                "bedrock-runtime.us-east-1.amazonaws.com",
                "/model/{}/converse",
            ),
            ("aws", "anthropic") => (
                "bedrock-runtime.us-east-1.amazonaws.com",
                "/model/{}/invoke",
            ),
            ("google", "default") => (
                "generativelanguage.googleapis.com",
                "/v1beta/models/{}:generateContent",
            ),
            ("google", "anthropic") => (
                "us-east5-aiplatform.googleapis.com",
                "/v1/projects/p/locations/l/publishers/anthropic/models/{}:rawPredict",
            ),
            ("google", "chat") => (
                "generativelanguage.googleapis.com",
                "/v1beta/openai/chat/completions",
            ),
            ("groq", "default") => ("api.groq.com", "/openai/v1/chat/completions"),
            ("mistral", "default") => ("api.mistral.ai", chat),
            ("cohere", "default") => ("api.cohere.com", "/v2/chat"),
            ("cohere", "embeddings") => ("api.cohere.com", "/v2/embed"),
            ("deepseek", "chat") => ("api.deepseek.com", "/chat/completions"),
            ("cerebras", "chat") => ("api.cerebras.ai", chat),
            ("fireworks", "chat") => ("api.fireworks.ai", "/inference/v1/chat/completions"),
            ("openrouter", "chat") => ("openrouter.ai", "/api/v1/chat/completions"),
            ("perplexity", "default") => ("api.perplexity.ai", "/chat/completions"),
            ("x-ai", "chat") => ("api.x.ai", chat),
            ("moonshotai", "chat") => ("api.moonshot.ai", chat),
            ("minimax", "chat") => ("api.minimax.io", chat),
            ("zai", "chat") => ("api.z.ai", "/api/paas/v4/chat/completions"),
            ("zhipuai", "chat") => ("open.bigmodel.cn", "/api/paas/v4/chat/completions"),
            ("doubleword", "chat") => ("api.doubleword.ai", chat),
            ("doubleword", "responses") => ("api.doubleword.ai", "/v1/responses"),
            ("doubleword", "embeddings") => ("api.doubleword.ai", "/v1/embeddings"),
            ("huggingface_novita", "chat") => {
                ("router.huggingface.co", "/novita/v1/chat/completions")
            }
            ("huggingface_groq", "chat") => ("router.huggingface.co", "/groq/v1/chat/completions"),
            ("huggingface_together", "chat") => {
                ("router.huggingface.co", "/together/v1/chat/completions")
            }
            ("huggingface_nebius", "chat") => {
                ("router.huggingface.co", "/nebius/v1/chat/completions")
            }
            ("huggingface_cerebras", "chat") => {
                ("router.huggingface.co", "/cerebras/v1/chat/completions")
            }
            // Not an HTTP provider of ours, or a shape that only its SDK shows.
            _ => return None,
        },
    )
}

#[test]
fn every_priced_usage() {
    let Some(cases) = Priced::all() else {
        return;
    };
    let book = PriceBook::bundled().unwrap();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for case in &cases {
        for extracted in &case.extracted {
            for expected in &extracted.extractors {
                let Some((host, path)) = place(expected) else {
                    *seen.entry("not ours").or_default() += 1;
                    continue;
                };
                let model = case.model.as_deref().unwrap_or("none");
                let path = path.replace("{}", &model.replace('/', "%2F").replace(':', "%3A"));
                let mut exchange = Exchange::json("openai", &path, &case.body);
                exchange.provider = by_host(host);
                let metered = exchange.metered();
                let tokens = by_published_names(&metered);
                let verdict = if metered.basis == Some(Basis::Unknown)
                    && metered.usage == Usage::default()
                    && extracted.usage.is_empty()
                {
                    "no usage, no claim"
                } else if tokens != extracted.usage {
                    match explained(&metered, &tokens, &extracted.usage) {
                        Some(reason) => reason,
                        None => {
                            wrong.push(format!(
                                "{} {} {model}: {tokens:?} not {:?} of {}",
                                expected.provider_id,
                                expected.api_flavor,
                                extracted.usage,
                                case.body
                            ));
                            continue;
                        }
                    }
                } else {
                    let query = Query {
                        tenant_id: None,
                        provider: exchange.provider.unwrap().name(),
                        model: metered
                            .model
                            .as_deref()
                            .filter(|_| case.model.is_some())
                            .unwrap_or_default(),
                        service_tier: None,
                        timestamp_us: AUGUST_2026_US,
                        usage: &metered.usage,
                    };
                    let ours = book.price(&query);
                    // `schemas/tests/price_corpus.rs` answers for the difference between
                    // the prices of August and the same prices as corrected since.
                    let same_data = book.price(&Query {
                        provider: &expected.provider_id,
                        model,
                        ..query
                    });
                    match (ours, expected.usd()) {
                        (ours, theirs) if ours == theirs => "equal in tokens and price",
                        (Some(schemas::money::Usd::ZERO), None) if extracted.usage.is_empty() => {
                            "zeros reported: a cost of 0, where the data set claims nothing"
                        }
                        (ours, _) if ours == same_data => "equal in tokens, price corrected since",
                        (ours, theirs) => {
                            wrong.push(format!(
                                "{} {} {model}: {ours:?} not {theirs:?}",
                                expected.provider_id, expected.api_flavor
                            ));
                            continue;
                        }
                    }
                };
                *seen.entry(verdict).or_default() += 1;
            }
        }
    }
    println!("priced usages: {seen:#?}, {} wrong", wrong.len());
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(40)].join("\n")
    );
    assert!(seen["equal in tokens and price"] > 5_000);
}

/// Where another reading of the same body is meant: the expectations are of August, and the
/// published extractors have learnt since to read more.
fn explained(
    metered: &Metered,
    ours: &BTreeMap<String, f64>,
    theirs: &BTreeMap<String, f64>,
) -> Option<&'static str> {
    if metered.basis == Some(Basis::Unknown) && metered.usage != Usage::default() {
        return Some("parts larger than the whole: no price is made of it");
    }
    let without = |names: &[&str]| {
        let mut counts = ours.clone();
        counts.retain(|name, _| !names.contains(&name.as_str()));
        counts
    };
    let durations = ["cache_write_5m_tokens", "cache_write_1h_tokens"];
    if without(&durations) == *theirs {
        return Some("equal in tokens, durations of cache writes read since");
    }
    let writes = ["cache_write_tokens", durations[0], durations[1]];
    (without(&writes) == *theirs).then_some("equal in tokens, cache writes read since")
}
