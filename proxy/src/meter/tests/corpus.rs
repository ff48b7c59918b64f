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
use std::io::Read;
use std::path::PathBuf;

use schemas::pricing::Usage;
use serde::Deserialize;

use super::*;

/// 2026-08-15T00:00:00Z, when the expected prices were computed.
const AUGUST_2026_US: i64 = 1_786_752_000_000_000;

/// The corpus' file, unpacked; `None` where there is no corpus.
fn corpus(name: &str) -> Option<String> {
    let Some(folder) = std::env::var_os("LLMOBSERVE_CORPUS") else {
        println!("LLMOBSERVE_CORPUS is not set: the corpus was not compared");
        return None;
    };
    let file = std::fs::File::open(PathBuf::from(folder).join(name)).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(file)
        .read_to_string(&mut text)
        .unwrap();
    Some(text)
}

#[derive(Deserialize)]
struct Priced {
    body: Value,
    model: Option<String>,
    extracted: Vec<Extracted>,
}

#[derive(Deserialize)]
struct Extracted {
    usage: BTreeMap<String, f64>,
    extractors: Vec<Expected>,
}

#[derive(Deserialize)]
struct Expected {
    provider_id: String,
    api_flavor: String,
    input_price: Option<String>,
    output_price: Option<String>,
    total_price: Option<String>,
}

impl Expected {
    fn usd(&self) -> Option<schemas::money::Usd> {
        let usd = |text: &String| schemas::money::Usd::parse(text).unwrap();
        match (&self.total_price, &self.input_price, &self.output_price) {
            (Some(total), ..) => Some(usd(total)),
            (None, Some(input), Some(output)) => usd(input).checked_add(usd(output)),
            _ => None,
        }
    }
}

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
