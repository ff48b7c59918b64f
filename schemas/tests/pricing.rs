//! Prices: exact to the last digit, dated, and unknown rather than wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use schemas::money::Usd;
use schemas::pricing::{PriceBook, Query, Usage};

/// 2026-08-15, 2026-11-20T12:00Z.
const AUGUST_US: i64 = 1_786_752_000_000_000;
const NOVEMBER_US: i64 = 1_795_176_000_000_000;

fn book() -> PriceBook {
    PriceBook::bundled().unwrap()
}

fn tokens(input: u64, output: u64) -> Usage {
    Usage {
        input_tokens: Some(input),
        output_tokens: Some(output),
        ..Usage::default()
    }
}

fn units(list: &[(&str, f64)]) -> Usage {
    let units = list
        .iter()
        .map(|(name, quantity)| ((*name).to_owned(), *quantity))
        .collect();
    Usage {
        units,
        ..Usage::default()
    }
}

fn query<'a>(provider: &'a str, model: &'a str, usage: &'a Usage) -> Query<'a> {
    Query {
        tenant_id: None,
        provider,
        model,
        service_tier: None,
        timestamp_us: AUGUST_US,
        usage,
    }
}

fn price(provider: &str, model: &str, usage: &Usage) -> Option<String> {
    book()
        .price(&query(provider, model, usage))
        .map(|usd| usd.to_string())
}

#[test]
fn the_version_is_the_crates() {
    let lock =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock")).unwrap();
    let crate_at = lock.split("name = \"genai-prices\"").nth(1).unwrap();
    let version = crate_at.split('"').nth(1).unwrap();
    assert_eq!(book().version(), format!("genai-prices/{version}"));
}

#[test]
fn our_provider_names_are_priced() {
    let usage = tokens(1_000_000, 1_000);
    for (provider, model, usd) in [
        ("openai", "gpt-4o", "2.51"),
        ("azure", "gpt-4o", "2.51"),
        ("anthropic", "claude-sonnet-4-6", "3.015"),
        ("vertex", "claude-sonnet-4-6", "3.015"),
        (
            "bedrock",
            "anthropic.claude-3-haiku-20240307-v1:0",
            "0.25125",
        ),
        ("xai", "grok-3", "3.015"),
        ("litellm", "anthropic/claude-sonnet-4-6", "3.015"),
    ] {
        assert_eq!(
            price(provider, model, &usage).as_deref(),
            Some(usd),
            "{provider} {model}"
        );
    }
    let embedding = Usage {
        input_tokens: Some(1_000),
        ..Usage::default()
    };
    for (provider, model) in [
        ("google", "gemini-2.5-flash"),
        ("mistral", "mistral-large-latest"),
        ("groq", "llama-3.3-70b-versatile"),
        ("cohere", "command-r"),
        ("deepseek", "deepseek-chat"),
        ("openrouter", "openai/gpt-4o"),
        ("together", "meta-llama/Llama-3.3-70B-Instruct-Turbo"),
        ("fireworks", "accounts/fireworks/models/deepseek-v3p2"),
        ("perplexity", "sonar"),
        ("cerebras", "gpt-oss-120b"),
        ("huggingface", "Qwen/Qwen3-32B:groq"),
        ("voyage", "voyage-3"),
    ] {
        assert!(
            price(provider, model, &embedding).is_some(),
            "{provider} {model}"
        );
    }
}

#[test]
fn unknown_is_not_zero() {
    let usage = tokens(1_000, 10);
    assert_eq!(price("openai", "no-such-model", &usage), None);
    assert_eq!(price("acme", "gpt-4o", &usage), None);
    assert_eq!(
        price("my-openai-gateway", "gpt-4o", &usage),
        None,
        "names are not guessed at"
    );
    assert_eq!(
        price("huggingface", "Qwen/Qwen3-32B", &usage),
        None,
        "who served it is not known"
    );
    assert_eq!(price("openai", "gpt-4o", &Usage::default()), None);
    assert_eq!(
        price("openai", "gpt-4o", &units(&[("web_searches", 3.0)])),
        None
    );
    let cached = Usage {
        cached_tokens: Some(5),
        output_tokens: Some(5),
        ..Usage::default()
    };
    assert_eq!(
        price("openai", "gpt-4o", &cached),
        None,
        "a part without its whole"
    );
    let more = Usage {
        cached_tokens: Some(2_000),
        ..tokens(1_000, 10)
    };
    assert_eq!(
        price("openai", "gpt-4o", &more),
        None,
        "a part larger than its whole"
    );
    assert_eq!(
        price("openai", "gpt-4o", &tokens(u64::MAX, 0)),
        None,
        "no event costs a million"
    );
    for bad in [f64::NAN, -1.0, f64::INFINITY, 1e300, 1e-300] {
        let usage = Usage {
            units: BTreeMap::from([("audio_seconds".into(), bad)]),
            ..usage.clone()
        };
        assert_eq!(price("groq", "whisper-large-v3", &usage), None, "{bad}");
    }
    // Delisted: the price went with the listing.
    assert_eq!(price("cerebras", "qwen-3-coder-480b", &usage), None);
}

#[test]
fn zeros_that_were_reported_and_models_that_are_free_cost_nothing() {
    assert_eq!(
        price("openai", "gpt-4o", &tokens(0, 0)).as_deref(),
        Some("0")
    );
    let free = "google/gemini-2.0-flash-exp:free";
    assert_eq!(
        price("openrouter", free, &tokens(8, 17)).as_deref(),
        Some("0")
    );
}

#[test]
fn parts_have_their_own_price() {
    // claude-sonnet-4-6: 3 input, 0.3 cache read, 3.75 cache write, 6 for an hour, 15 output.
    let usage = Usage {
        cached_tokens: Some(1_000),
        cache_write_tokens: Some(500),
        cache_write_1h_tokens: Some(200),
        reasoning_tokens: Some(50),
        ..tokens(2_000, 100)
    };
    // 500 × 3 + 1000 × 0.3 + 300 × 3.75 + 200 × 6 + 100 × 15, per million
    assert_eq!(
        price("anthropic", "claude-sonnet-4-6", &usage).as_deref(),
        Some("0.005625")
    );
    let searched = Usage {
        units: units(&[("web_searches", 1.0)]).units,
        ..tokens(10_809, 644)
    };
    assert_eq!(
        price("anthropic", "claude-sonnet-4-6", &searched).as_deref(),
        Some("0.052087")
    );
    let unknown = Usage {
        units: units(&[("moon_phases", 7.5)]).units,
        ..tokens(2_000, 0)
    };
    assert_eq!(
        price("anthropic", "claude-sonnet-4-6", &unknown).as_deref(),
        Some("0.006")
    );
}

#[test]
fn sound_is_billed_by_the_second_or_the_token() {
    // 0.111 an hour; 7.25 s = 0.000223541666…, at least 10 s are billed.
    let long = price(
        "groq",
        "whisper-large-v3",
        &units(&[("audio_seconds", 72.5)]),
    );
    assert_eq!(long.as_deref(), Some("0.002235416667"));
    let short = price(
        "groq",
        "whisper-large-v3",
        &units(&[("audio_seconds", 7.25)]),
    );
    assert_eq!(short.as_deref(), Some("0.000308333333"));
    let spoken = Usage {
        audio_input_tokens: Some(60),
        audio_output_tokens: Some(30),
        ..tokens(100, 50)
    };
    let heard = price("openai", "gpt-audio", &spoken).unwrap();
    // 40 × 2.5 + 60 × 32 + 20 × 10 + 30 × 64, per million
    assert_eq!(heard, "0.00414");
}

#[test]
fn large_calls_are_billed_by_their_tier_as_a_whole() {
    let tier = |input| price("anthropic", "claude-sonnet-4-5", &tokens(input, 0)).unwrap();
    assert_eq!(tier(200_000), "0.6");
    assert_eq!(tier(200_001), "1.200006");
}

#[test]
fn prices_are_those_of_the_day_whatever_was_asked_before() {
    let book = book();
    let usage = tokens(1_000_000, 0);
    let at = |timestamp_us| {
        let query = Query {
            timestamp_us,
            ..query("mistral", "mistral-medium-latest", &usage)
        };
        book.price(&query).unwrap().to_string()
    };
    // From 0.4 to 1.5 on 2026-06-16.
    let change = 1_781_568_000_000_000;
    for _ in 0..2 {
        assert_eq!(at(change), "1.5");
        assert_eq!(at(change - 1), "0.4");
        assert_eq!(at(-1), "0.4");
    }
}

#[test]
fn tiers_of_service_have_their_price_or_an_estimate() {
    let book = book();
    let usage = tokens(1_000_000, 1_000_000);
    let quote = |tier, timestamp_us| {
        let o3 = query("openai", "o3", &usage);
        let quote = book
            .quote(&Query {
                service_tier: tier,
                timestamp_us,
                ..o3
            })
            .unwrap();
        (quote.usd.to_string(), quote.estimated)
    };
    assert_eq!(quote(None, NOVEMBER_US), ("10".into(), false));
    for standard in ["default", "", "standard", "ON_DEMAND"] {
        assert_eq!(
            quote(Some(standard), NOVEMBER_US),
            ("10".into(), false),
            "{standard}"
        );
    }
    for half in ["flex", "batch", "Batch"] {
        assert_eq!(
            quote(Some(half), NOVEMBER_US),
            ("5".into(), false),
            "{half}"
        );
        assert_eq!(
            quote(Some(half), AUGUST_US),
            ("10".into(), true),
            "not known at that time"
        );
    }
    assert_eq!(quote(Some("imaginary"), NOVEMBER_US), ("10".into(), true));
    // Azure resells it under OpenAI's list price, but not under OpenAI's tiers.
    let azure = query("azure", "o3", &usage);
    let azure = book.quote(&Query {
        service_tier: Some("flex"),
        timestamp_us: NOVEMBER_US,
        ..azure
    });
    assert_eq!(azure.map(|quote| quote.estimated), Some(true));
}

#[test]
fn many_unknown_names_do_no_harm() {
    let book = book();
    let usage = tokens(1_000_000, 0);
    for n in 0..9_000 {
        let model = format!("made-up-{n}");
        assert_eq!(book.price(&query("cohere", &model, &usage)), None);
    }
    assert_eq!(
        book.price(&query("openai", "gpt-4o", &usage)),
        Some(Usd::parse("2.5").unwrap())
    );
}
