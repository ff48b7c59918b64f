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

/// What is known, by genai-prices' names; its data set leaves zeros out.
fn by_published_names(metered: &Metered) -> BTreeMap<String, f64> {
    let mut counts = BTreeMap::new();
    let said = usage(metered);
    for (name, value) in said.as_object().unwrap() {
        let name = match name.as_str() {
            "usage" => {
                counts.extend(metered.usage.units.clone());
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
