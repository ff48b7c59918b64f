//! One name per provider. Senders spell providers as OpenTelemetry does
//! (`gen_ai.provider.name` and the older `gen_ai.system`), as LiteLLM, LangChain or the
//! AI SDK do; answers group by one lower-case name. The table is published:
//! `provider_aliases.csv`. Unknown names stay as they are, in lower case.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

/// The alias table: `alias,provider`, all lower case, one step deep.
const TABLE: &str = include_str!("../provider_aliases.csv");

static ALIASES: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    TABLE
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(','))
        .collect()
});

/// The provider's name in events, filters and answers. Allocates only for an unknown name
/// with upper-case letters.
pub fn canonical(name: &str) -> Cow<'_, str> {
    if let Some(provider) = ALIASES.get(name) {
        return Cow::Borrowed(provider);
    }
    if name
        .bytes()
        .all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase())
    {
        return Cow::Borrowed(name);
    }
    let lower = name.to_lowercase();
    match ALIASES.get(lower.as_str()) {
        Some(provider) => Cow::Borrowed(provider),
        None => Cow::Owned(lower),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alias_is_one_step_from_a_canonical_name() {
        assert_eq!(
            TABLE.lines().count() - 1,
            ALIASES.len(),
            "an alias twice, or a line that is none"
        );
        for (alias, provider) in ALIASES.iter() {
            assert_eq!(alias.to_lowercase(), *alias);
            assert_eq!(provider.to_lowercase(), *provider);
            assert!(
                !ALIASES.contains_key(provider),
                "{alias} -> {provider} is an alias itself"
            );
            assert_eq!(canonical(alias), *provider);
        }
    }

    #[test]
    fn spellings_meet() {
        let cases = [
            ("OpenAI", "openai"),
            ("aws.bedrock", "bedrock"),
            ("AWS", "bedrock"),
            ("gcp.gen_ai", "google"),
            ("gcp.vertex_ai", "vertex"),
            ("az.ai.openai", "azure"),
            ("azure.ai.inference", "azure"),
            ("mistral_ai", "mistral"),
            ("x_ai", "xai"),
            ("Acme-Köln", "acme-köln"),
            ("ÄRGER", "ärger"),
            ("", ""),
        ];
        for (name, provider) in cases {
            assert_eq!(canonical(name), provider);
        }
    }

    #[test]
    fn canonical_names_are_borrowed() {
        for name in ["openai", "AWS.Bedrock", "something-else"] {
            assert!(matches!(canonical(name), Cow::Borrowed(_)), "{name}");
        }
    }
}
