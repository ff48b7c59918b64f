//! The charge against the published rates: in exact decimals, and model by model against
//! the crate's own calculation.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::{Duration, UNIX_EPOCH};

use genai_prices::{Calculator, PriceRequest, UsageKey};
use proptest::prelude::*;
use schemas::money::Usd;
use schemas::pricing::{PriceBook, Query, Usage};
use serde_json::value::RawValue;

const NOVEMBER_US: i64 = 1_795_176_000_000_000;

static BOOK: LazyLock<PriceBook> = LazyLock::new(|| PriceBook::bundled().unwrap());

/// Every (provider, model) of the data, by their ids.
static MODELS: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    let providers = Calculator::bundled().providers();
    providers
        .flat_map(|p| p.models().map(move |model| (p.id(), model.id())))
        .collect()
});

/// Input and output rates of the models that have just these two, as published, times 10^18.
static FLAT: LazyLock<Vec<(String, String, u128, u128)>> = LazyLock::new(|| {
    #[derive(serde::Deserialize)]
    struct Provider<'a> {
        id: String,
        #[serde(borrow)]
        models: Vec<Model<'a>>,
    }
    #[derive(serde::Deserialize)]
    struct Model<'a> {
        id: String,
        #[serde(borrow)]
        prices: &'a RawValue,
    }
    let json = include_str!("../prices/genai-prices.json");
    let providers: Vec<Provider<'_>> = serde_json::from_str(json).unwrap();
    let mut flat = Vec::new();
    for provider in providers {
        for model in provider.models {
            let prices: Result<BTreeMap<String, &RawValue>, _> =
                serde_json::from_str(model.prices.get());
            let Ok(prices) = prices else { continue };
            let rate = |key: &str| atto(prices.get(key)?.get());
            let (input, output) = (rate("input_mtok"), rate("output_mtok"));
            // Only models that are found by their own id: one before it may match it too.
            let nothing = genai_prices::Usage::new();
            let request = PriceRequest::new(&model.id, &nothing).with_provider_id(&provider.id);
            let found =
                genai_prices::calculate(&request).is_ok_and(|price| price.model_id == model.id);
            if let (2, Some(input), Some(output), true) = (prices.len(), input, output, found) {
                flat.push((provider.id.clone(), model.id, input, output));
            }
        }
    }
    assert!(flat.len() > 500, "{} flat models", flat.len());
    flat
});

/// A published decimal times 10^18.
fn atto(text: &str) -> Option<u128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 18
        || !text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
    {
        return None;
    }
    format!("{whole}{fraction:0<18}").parse().ok()
}

fn tokens(input: u64, output: u64) -> Usage {
    Usage {
        input_tokens: Some(input),
        output_tokens: Some(output),
        ..Usage::default()
    }
}

fn query<'a>(
    (provider, model): (&'a str, &'a str),
    usage: &'a Usage,
    timestamp_us: i64,
) -> Query<'a> {
    Query {
        tenant_id: None,
        provider,
        model,
        service_tier: None,
        timestamp_us,
        usage,
    }
}

/// The crate's own answer, in floats.
fn crates_own(query: &Query<'_>) -> Option<f64> {
    let fields = [
        (UsageKey::INPUT_TOKENS, query.usage.input_tokens),
        (UsageKey::OUTPUT_TOKENS, query.usage.output_tokens),
        (UsageKey::CACHE_READ_TOKENS, query.usage.cached_tokens),
        (UsageKey::CACHE_WRITE_TOKENS, query.usage.cache_write_tokens),
        (
            UsageKey::CACHE_WRITE_1H_TOKENS,
            query.usage.cache_write_1h_tokens,
        ),
        (
            UsageKey::OUTPUT_REASONING_TOKENS,
            query.usage.reasoning_tokens,
        ),
        (UsageKey::INPUT_AUDIO_TOKENS, query.usage.audio_input_tokens),
        (
            UsageKey::OUTPUT_AUDIO_TOKENS,
            query.usage.audio_output_tokens,
        ),
    ];
    let fields = fields
        .into_iter()
        .filter_map(|(key, count)| Some((key, count? as f64)));
    let units = query
        .usage
        .units
        .iter()
        .map(|(key, quantity)| (UsageKey::from(key.as_str()), *quantity));
    let usage = fields.chain(units).collect();
    let mut request = PriceRequest::new(query.model, &usage)
        .with_provider_id(query.provider)
        .with_timestamp(UNIX_EPOCH + Duration::from_micros(query.timestamp_us.unsigned_abs()));
    if let Some(tier) = query.service_tier {
        let key = if tier == "batch" {
            "processing"
        } else {
            "service_tier"
        };
        request = request.with_price_context(key, tier);
    }
    Some(genai_prices::calculate(&request).ok()?.total_price)
}

/// There are no half tokens.
fn whole_tokens(unit: &str, quantity: f64) -> f64 {
    if unit.ends_with("_tokens") {
        quantity.floor()
    } else {
        quantity
    }
}

fn usages() -> impl Strategy<Value = Usage> {
    let part = || prop::option::weighted(0.5, 0_u64..100_000);
    let unit = prop::sample::select(vec![
        "web_searches",
        "storage_searches",
        "audio_seconds",
        "input_audio_seconds",
        "input_image_tokens",
        "cache_audio_read_tokens",
        "cache_image_read_tokens",
        "output_image_tokens",
        "input_document_pages",
        "input_annotated_document_pages",
        "input_characters",
        "input_text_messages",
        "output_citation_tokens",
        "input_video_tokens",
        "output_video_tokens",
        "made_up",
    ]);
    let quantity = prop_oneof![(0_u32..5_000).prop_map(f64::from), 0.0_f64..500.0];
    let whole = prop::option::weighted(0.9, 0_u64..2_000_000);
    (
        whole.clone(),
        whole,
        (part(), part(), part()),
        (part(), part(), part()),
        prop::collection::btree_map(unit, quantity, 0..3),
    )
        .prop_map(
            |(input, output, (cached, write, write_1h), (reasoning, heard, said), units)| Usage {
                input_tokens: input,
                output_tokens: output,
                cached_tokens: cached,
                cache_write_tokens: write,
                cache_write_1h_tokens: write_1h,
                reasoning_tokens: reasoning,
                audio_input_tokens: heard,
                audio_output_tokens: said,
                units: units
                    .into_iter()
                    .map(|(unit, quantity)| (unit.to_owned(), whole_tokens(unit, quantity)))
                    .collect(),
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(20_000) })]

    #[test]
    fn nothing_is_lost_in_the_multiplication(
        place in any::<prop::sample::Index>(), input in 0_u64..20_000_000_000, output in 0_u64..2_000_000_000,
    ) {
        let (provider, model, input_rate, output_rate) = place.get(&FLAT);
        let usage = tokens(input, output);
        let ours = BOOK.price(&query((provider, model), &usage, NOVEMBER_US));
        // 10^-18 per million tokens: 10^-24 dollars; 12 places are kept, half to even.
        let exact = input_rate * u128::from(input) + output_rate * u128::from(output);
        let (unit, half) = (10_u128.pow(12), 5 * 10_u128.pow(11));
        let (kept, rest) = (exact / unit, exact % unit);
        let pico = kept + u128::from(rest > half || (rest == half && kept % 2 == 1));
        let pico = i128::try_from(pico).unwrap();
        let expected = (pico < Usd::EVENT_MAX.pico()).then(|| Usd::from_pico(pico));
        prop_assert_eq!(ours, expected, "{} {}", provider, model);
    }

    #[test]
    fn every_model_costs_what_the_crate_says(
        place in any::<prop::sample::Index>(), usage in usages(),
        tier in prop::sample::select(vec![None, None, Some("batch"), Some("flex"), Some("priority"), Some("x")]),
        timestamp_us in 1_700_000_000_000_000_i64..1_800_000_000_000_000,
    ) {
        let model = *place.get(&MODELS);
        let query = Query { service_tier: tier, ..query(model, &usage, timestamp_us) };
        match (BOOK.price(&query), crates_own(&query)) {
            (Some(ours), Some(theirs)) => {
                let ours: f64 = ours.to_string().parse().unwrap();
                prop_assert!((ours - theirs).abs() <= 1e-12 + theirs * 1e-12, "{:?}: {} not {}", query, ours, theirs);
            }
            (None, None) => {}
            (Some(usd), None) => prop_assert!(false, "{:?}: {} where the crate refuses", query, usd),
            // We ask for more: usage that was reported, and a price that was published.
            (None, Some(theirs)) => {
                let untold = usage.input_tokens.is_none() && usage.output_tokens.is_none();
                prop_assert!(untold || theirs == 0.0, "{:?}: unknown, not {}", query, theirs);
            }
        }
    }
}

/// Why the multiplication is ours: rounding the crate's float at 12 places is not the price.
#[test]
fn f64_is_not_enough() {
    let wrong_of = |counts: std::ops::Range<u64>| {
        counts
            .clone()
            .step_by(997)
            .filter(|input| {
                let usage = tokens(*input, 7);
                let query = query(("openai", "gpt-4o"), &usage, NOVEMBER_US);
                let float = crates_own(&query).and_then(|usd| Usd::from_f64_half_even(usd).ok());
                float != BOOK.price(&query)
            })
            .count()
    };
    assert_eq!(
        wrong_of(0..1_000_000),
        0,
        "small calls are right in floats too"
    );
    assert!(
        wrong_of(4_000_000_000..4_001_000_000) > 300,
        "at 10,000 USD every third is not"
    );
}
