//! Every priced usage of genai-prices' own data set, to the last digit. The data stays out
//! of the repository: the test runs where `LLMOBSERVE_CORPUS` names its folder.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

#[path = "published/field.rs"]
mod field;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use genai_prices::PriceRequest;
use schemas::money::Usd;
use schemas::pricing::{PriceBook, Query, Usage};
use serde::Deserialize;

/// 2026-08-15T00:00:00Z, when the expected prices were computed.
const AUGUST_2026_US: i64 = 1_786_752_000_000_000;

#[derive(Deserialize)]
struct Case {
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
    input_price: Option<String>,
    output_price: Option<String>,
    total_price: Option<String>,
}

impl Expected {
    /// The published total, or the exact sum of its halves (both have at most 12 places
    /// once trailing zeros are gone, which `parse` would round otherwise).
    fn usd(&self) -> Option<Usd> {
        let usd = |text: &String| {
            let usd = Usd::parse(text).unwrap();
            assert!(
                text.trim_end_matches('0')
                    .split('.')
                    .nth(1)
                    .is_none_or(|f| f.len() <= 12)
            );
            usd
        };
        match (&self.total_price, &self.input_price, &self.output_price) {
            (Some(total), ..) => Some(usd(total)),
            (None, Some(input), Some(output)) => usd(input).checked_add(usd(output)),
            _ => None,
        }
    }
}

/// The event's fields for what has one, `units` for the rest.
fn usage(reported: &BTreeMap<String, f64>) -> Usage {
    let mut usage = Usage::default();
    for (name, quantity) in reported {
        let Some(field) = field::field(&mut usage, name) else {
            usage.units.insert(name.clone(), *quantity);
            continue;
        };
        *field = Some(*quantity as u64);
    }
    usage
}

/// Disagreements that are meant, with the reason; everything else fails the test.
fn reason(
    query: &Query<'_>,
    reported: &BTreeMap<String, f64>,
    ours: Option<Usd>,
) -> Option<&'static str> {
    match ours {
        None if reported.is_empty() => Some("no usage reported: unknown, not 0"),
        None if (query.provider, query.model) == ("cerebras", "qwen-3-coder-480b") => {
            Some("delisted, its price is gone: unknown, not 0")
        }
        // The expectations were computed with August's data, this data has been corrected.
        Some(_) if ours == crates_own(query, reported) => Some("price or name corrected since"),
        _ => None,
    }
}

/// What the crate answers with the same data, for amounts at which its floats suffice.
fn crates_own(query: &Query<'_>, reported: &BTreeMap<String, f64>) -> Option<Usd> {
    let usage = reported
        .iter()
        .map(|(name, quantity)| (name.as_str(), *quantity))
        .collect();
    let time = UNIX_EPOCH + Duration::from_micros(query.timestamp_us.unsigned_abs());
    let request = PriceRequest::new(query.model, &usage)
        .with_provider_id(query.provider)
        .with_timestamp(time);
    let price = genai_prices::calculate(&request).ok()?;
    Usd::from_f64_half_even(price.total_price).ok()
}

#[test]
fn every_published_price() {
    let Some(folder) = std::env::var_os("LLMOBSERVE_CORPUS") else {
        println!("LLMOBSERVE_CORPUS is not set: the corpus was not compared");
        return;
    };
    let file = std::fs::File::open(Path::new(&folder).join("priced-usages.json.gz")).unwrap();
    let mut json = String::new();
    flate2::read::GzDecoder::new(file)
        .read_to_string(&mut json)
        .unwrap();
    let cases: Vec<Case> = serde_json::from_str(&json).unwrap();
    let book = PriceBook::bundled().unwrap();
    let (mut agreed, mut unknown, mut meant, mut wrong) = (0, 0, BTreeMap::new(), Vec::new());
    for case in &cases {
        let Some(model) = &case.model else { continue };
        for extracted in &case.extracted {
            let usage = usage(&extracted.usage);
            for expected in &extracted.extractors {
                let provider = expected.provider_id.as_str();
                let query = Query {
                    tenant_id: None,
                    provider,
                    model,
                    service_tier: None,
                    timestamp_us: AUGUST_2026_US,
                    usage: &usage,
                };
                let ours = book.price(&query);
                match (ours, expected.usd()) {
                    (Some(ours), Some(theirs)) if ours == theirs => agreed += 1,
                    (None, None) => unknown += 1,
                    (ours, theirs) => match reason(&query, &extracted.usage, ours) {
                        Some(reason) => {
                            *meant.entry((reason, provider, model.as_str())).or_insert(0) += 1;
                        }
                        None => wrong.push(format!(
                            "{provider} {model}: {} not {} for {:?}",
                            ours.map_or("unknown".into(), |usd| usd.to_string()),
                            theirs.map_or("unknown".into(), |usd| usd.to_string()),
                            extracted.usage,
                        )),
                    },
                }
            }
        }
    }
    println!(
        "equal {agreed}, both unknown {unknown}, wrong {}, meant:",
        wrong.len()
    );
    for ((reason, provider, model), count) in &meant {
        println!("  {count} × {provider} {model}: {reason}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(agreed > 1000, "only {agreed} prices were compared");
}
