//! Our reading of genai-prices' extractors against the crate's own: the same findings in
//! every answer, whatever is missing in it, too much, or of another kind.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "published/field.rs"]
mod field;

use std::sync::LazyLock;

use genai_prices::{Calculator, ExtractRequest};
use proptest::prelude::*;
use schemas::pricing::{Extractors, Report, Usage};
use serde_json::{Map, Value, json};

/// Provider, flavor, and the extractor as it is published.
static PUBLISHED: LazyLock<Vec<(String, String, Value)>> = LazyLock::new(|| {
    let data: Value = serde_json::from_str(include_str!("../prices/genai-prices.json")).unwrap();
    let providers = data.as_array().unwrap().iter();
    let extractors = providers.flat_map(|provider| {
        let id = provider["id"].as_str().unwrap();
        let extractors = provider["extractors"].as_array().cloned();
        extractors.into_iter().flatten().map(move |extractor| {
            let flavor = extractor["api_flavor"].as_str().unwrap_or("default");
            (id.to_owned(), flavor.to_owned(), extractor.clone())
        })
    });
    extractors.collect()
});
static OURS: LazyLock<Extractors> = LazyLock::new(|| Extractors::bundled().unwrap());

fn theirs(provider: &str, flavor: &str, answer: &Value) -> Option<Usage> {
    let request = ExtractRequest::from_value(answer)
        .with_provider_id(provider)
        .with_api_flavor(flavor);
    let found = Calculator::bundled()
        .extract_provider_usage(&request)
        .ok()?;
    let mut usage = Usage::default();
    for (key, quantity) in &found.usage {
        let Some(field) = field::field(&mut usage, key.as_str()) else {
            usage.units.insert(key.as_str().to_owned(), quantity);
            continue;
        };
        // Nobody has half a token, nor more of them than a float can count.
        if quantity.fract() != 0.0 || quantity >= 9_007_199_254_740_992.0 {
            return None;
        }
        *field = format!("{quantity:.0}").parse().ok();
    }
    Some(usage)
}

fn ours(provider: &str, flavor: &str, answer: &Value) -> Option<Usage> {
    let members: Vec<(&String, Option<Report>)> = answer
        .as_object()?
        .iter()
        .map(|(name, value)| (name, Report::parse(value.to_string().as_bytes())))
        .collect();
    OURS.extract(provider, flavor, |name| {
        let (_, report) = members.iter().find(|(known, _)| *known == name)?;
        report.as_ref()?.root()
    })
}

/// Sets the value at a published path, making what leads there.
fn put(at: &mut Value, path: &[Value], leaf: &Value, in_lower_case: bool) {
    let Some((step, rest)) = path.split_first() else {
        at.clone_from(leaf);
        return;
    };
    let next = if let Value::String(key) = step {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        at.as_object_mut()
            .unwrap()
            .entry(key)
            .or_insert(Value::Null)
    } else {
        if !at.is_array() {
            *at = json!([{ "modality": "OTHER", "tokenCount": 9 }, null]);
        }
        let field = step["field"].as_str().unwrap();
        let text = step["match"]["equals"].as_str().unwrap();
        let text = if in_lower_case {
            text.to_lowercase()
        } else {
            text.to_owned()
        };
        let items = at.as_array_mut().unwrap();
        let known = items.iter().position(|item| item[field] == text);
        let index = known.unwrap_or_else(|| {
            items.push(json!({ field: text }));
            items.len() - 1
        });
        &mut items[index]
    };
    put(next, rest, leaf, in_lower_case);
}

fn steps(path: &Value) -> Vec<Value> {
    match path {
        Value::Array(steps) => steps.clone(),
        key => vec![key.clone()],
    }
}

fn leaf() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        10 => (0u32..5000).prop_map(|count| Some(json!(count))),
        3 => Just(None),
        1 => Just(Some(Value::Null)),
        1 => prop_oneof![
            Just(json!(-1)), Just(json!(0.5)), Just(json!(7.0)), Just(json!("12")), Just(json!(true)),
            Just(json!([])), Just(json!({})), Just(json!(1e300)), Just(json!(u64::MAX)),
        ].prop_map(Some),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(20_000) })]

    #[test]
    fn finds_what_the_crate_finds(
        which: prop::sample::Index,
        asked: prop::sample::Index,
        leaves in prop::collection::vec(leaf(), 32),
        in_lower_case: bool,
        spoilt in prop::option::weighted(0.1, (0usize..32, leaf())),
    ) {
        let (provider, flavor, extractor) = which.get(&PUBLISHED);
        let root = steps(&extractor["root"]);
        let mut answer = json!({ "model": "m", "usage": {} });
        for (mapping, leaf) in extractor["mappings"].as_array().unwrap().iter().zip(&leaves) {
            if let Some(leaf) = leaf {
                put(&mut answer, &[&*root, &*steps(&mapping["path"])].concat(), leaf, in_lower_case);
            }
        }
        if let Some((cut, Some(leaf))) = spoilt {
            let path = [root, steps(&extractor["mappings"][0]["path"])].concat();
            put(&mut answer, &path[..cut % path.len() + 1], &leaf, in_lower_case);
        }
        prop_assert_eq!(ours(provider, flavor, &answer), theirs(provider, flavor, &answer), "{}", answer);
        // Another's extractor, which mostly finds little.
        let (provider, flavor, _) = asked.get(&PUBLISHED);
        prop_assert_eq!(ours(provider, flavor, &answer), theirs(provider, flavor, &answer), "{}", answer);
    }
}

#[test]
fn what_is_not_published_finds_nothing() {
    let answer = json!({ "usage": { "prompt_tokens": 1, "completion_tokens": 1 } });
    assert!(ours("openai", "chat", &answer).is_some());
    assert_eq!(ours("openai", "none", &answer), None);
    assert_eq!(ours("nobody", "chat", &answer), None);
}
