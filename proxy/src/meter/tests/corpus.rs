//! Every recorded exchange and every priced usage, where `LLMOBSERVE_CORPUS` names their
//! folder. `proxy/tests/CORPUS.md` lists what does not agree, with the reason.
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::panic,
    clippy::too_many_lines
)]

mod priced;
mod recorded;

use std::collections::BTreeMap;

use schemas::pricing::Usage;

use super::*;

#[path = "../../../tests/proxy/expected.rs"]
mod expected;

use expected::{AUGUST_2026_US, Expected, Priced, corpus};

/// The event's members, by genai-prices' names; its data set leaves zeros out.
fn by_published_names(metered: &Metered) -> BTreeMap<String, f64> {
    let mut counts = BTreeMap::new();
    for (name, value) in &metered.usage {
        let name = match name.as_str() {
            "usage" => {
                let units = value.as_object().unwrap();
                counts.extend(
                    units
                        .iter()
                        .map(|(name, n)| (name.clone(), n.as_f64().unwrap())),
                );
                continue;
            }
            "cached_tokens" => "cache_read_tokens",
            "reasoning_tokens" => "output_reasoning_tokens",
            "audio_input_tokens" => "input_audio_tokens",
            "audio_output_tokens" => "output_audio_tokens",
            name => name,
        };
        counts.insert(name.to_owned(), value.as_f64().unwrap());
    }
    counts.retain(|_, count| *count != 0.0);
    counts
}

/// Back to what prices are made of.
fn usage_of(metered: &Metered) -> Usage {
    let n = |name: &str| metered.usage.get(name).and_then(Value::as_u64);
    let units = metered.usage.get("usage").and_then(Value::as_object);
    let units = units.into_iter().flatten();
    Usage {
        input_tokens: n("input_tokens"),
        output_tokens: n("output_tokens"),
        cached_tokens: n("cached_tokens"),
        cache_write_tokens: n("cache_write_tokens"),
        cache_write_1h_tokens: n("cache_write_1h_tokens"),
        reasoning_tokens: n("reasoning_tokens"),
        audio_input_tokens: n("audio_input_tokens"),
        audio_output_tokens: n("audio_output_tokens"),
        units: units
            .map(|(name, n)| (name.clone(), n.as_f64().unwrap()))
            .collect(),
    }
}
