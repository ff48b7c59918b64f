//! Which provider answers at a host.

use super::table::{NAMED, UNNAMED};
use super::{Base, Provider, by_name, is_label};

/// Other hosts of providers with one address.
const ALSO: [(&str, &str); 17] = [
    ("us.api.openai.com", "openai"),
    ("eu.api.openai.com", "openai"),
    ("aiplatform.googleapis.com", "vertex"),
    ("aiplatform.us.rep.googleapis.com", "vertex"),
    ("aiplatform.eu.rep.googleapis.com", "vertex"),
    ("codestral.mistral.ai", "mistral"),
    ("api.cohere.ai", "cohere"),
    ("api.openrouter.ai", "openrouter"),
    ("api.together.ai", "together"),
    ("us-east-1.api.x.ai", "xai"),
    ("us-west-1.api.x.ai", "xai"),
    ("eu-west-1.api.x.ai", "xai"),
    ("api.moonshot.cn", "moonshotai"),
    ("api.minimaxi.com", "minimax"),
    ("api.minimax.chat", "minimax"),
    ("api.minimaxi.chat", "minimax"),
    ("api-inference.huggingface.co", "huggingface"),
];

/// Hosts with one label of the customer's or a region's in the middle.
const AROUND: [(&str, &str, &str); 13] = [
    ("", ".openai.azure.com", "azure"),
    ("", ".openai.azure.us", "azure"),
    ("", ".openai.azure.cn", "azure"),
    ("", ".services.ai.azure.com", "azure"),
    ("", ".cognitiveservices.azure.com", "azure"),
    ("", ".models.ai.azure.com", "azure"),
    ("", "-aiplatform.googleapis.com", "vertex"),
    ("bedrock-runtime.", ".amazonaws.com", "bedrock"),
    ("bedrock-runtime.", ".amazonaws.com.cn", "bedrock"),
    ("bedrock-runtime-fips.", ".amazonaws.com", "bedrock"),
    ("bedrock-runtime.", ".api.aws", "bedrock"),
    ("bedrock-mantle.", ".api.aws", "bedrock"),
    ("bedrock.", ".amazonaws.com", "bedrock"),
];

/// By the name of its host in lower case, without a port.
pub(crate) fn by_host(host: &str) -> Option<&'static Provider> {
    let fixed = |provider: &&Provider| match provider.base {
        Base::Fixed(url) => url.strip_prefix("https://") == Some(host),
        _ => false,
    };
    let named = |name: &str| by_name(name).or_else(|| UNNAMED.iter().find(|p| p.name == name));
    let around = |(before, after, _): &&(&str, &str, &str)| {
        let middle = host
            .strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(after));
        middle.is_some_and(is_host_part)
    };
    NAMED
        .iter()
        .chain(&UNNAMED)
        .find(fixed)
        .or_else(|| {
            ALSO.iter()
                .find(|(other, _)| *other == host)
                .and_then(|(_, name)| named(name))
        })
        .or_else(|| {
            AROUND
                .iter()
                .find(around)
                .and_then(|(.., name)| named(name))
        })
}

/// A label, or two where a region's name follows the resource's
/// (`name.eastus.models.ai.azure.com`).
fn is_host_part(text: &str) -> bool {
    match text.split_once('.') {
        Some((first, second)) => is_label(first) && is_label(second),
        None => is_label(text),
    }
}
