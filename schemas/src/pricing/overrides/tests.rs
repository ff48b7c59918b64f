#![allow(clippy::unwrap_used)]
use crate::pricing::{PriceBook, Query, Usage};

/// 2026-11-20T12:00Z.
const NOVEMBER_US: i64 = 1_795_176_000_000_000;

const FILE: &str = r#"
version = "acme-7"

[[price]]
provider = "openai"
model = "gpt-4o"
per_million = { input_tokens = "2.00", cached_tokens = 0.5, output_tokens = 8 }

[[price]]
provider = "openai"
model = "gpt-4o"
tenant = "acme"
from = 2026-10-01
until = 2027-01-01
per_million = { input_tokens = 1, output_tokens = 1 }
tiers = [{ above = 1000000, per_million = { input_tokens = 3 } }]

[[price]]
provider = "openai"
model = "gpt-4o"
service_tier = "batch"
per_million = { input_tokens = "0.1", output_tokens = "0.1" }

[[price]]
provider = "claude"
model = "claude-*"
multiply = "0.85"

[[price]]
provider = "gpu.internal"
model = "*"
per_unit = { images = "0.04", seconds = "0.0001" }
"#;

fn used(input: u64, output: u64) -> Usage {
    Usage {
        input_tokens: Some(input),
        output_tokens: Some(output),
        ..Usage::default()
    }
}

fn query<'a>(provider: &'a str, model: &'a str, usage: &'a Usage) -> Query<'a> {
    Query {
        tenant_id: None,
        provider,
        model,
        service_tier: None,
        timestamp_us: NOVEMBER_US,
        usage,
    }
}

fn book() -> PriceBook {
    PriceBook::bundled().unwrap().with_overrides(FILE).unwrap()
}

fn quoted(query: &Query<'_>) -> Option<(String, String)> {
    let book = book();
    let quote = book.quote(query)?;
    Some((quote.usd.to_string(), quote.version.to_owned()))
}

fn own(usd: &str) -> Option<(String, String)> {
    Some((usd.to_owned(), "acme-7".to_owned()))
}

#[test]
fn the_last_entry_that_applies_wins() {
    let usage = Usage {
        cached_tokens: Some(500_000),
        ..used(1_000_000, 1_000_000)
    };
    let general = query("openai", "GPT-4o", &usage);
    assert_eq!(quoted(&general), own("9.25"), "0.5 × 2 + 0.5 × 0.5 + 8");
    let acme = Query {
        tenant_id: Some("acme"),
        ..general
    };
    assert_eq!(quoted(&acme), own("2"));
    let large = used(1_000_001, 0);
    assert_eq!(
        quoted(&Query {
            usage: &large,
            ..acme
        }),
        own("3.000003")
    );
    let before = Query {
        timestamp_us: NOVEMBER_US - 90 * 86_400_000_000,
        ..acme
    };
    assert_eq!(quoted(&before), own("9.25"), "not yet agreed");
    let globex = Query {
        tenant_id: Some("globex"),
        ..general
    };
    assert_eq!(quoted(&globex), own("9.25"));
    let batch = Query {
        service_tier: Some("batch"),
        ..acme
    };
    assert_eq!(quoted(&batch), own("0.2"));
    let flex = Query {
        service_tier: Some("flex"),
        ..general
    };
    assert_ne!(
        quoted(&flex).unwrap().1,
        "acme-7",
        "its price was not agreed on"
    );
}

#[test]
fn what_the_file_does_not_name_keeps_the_published_price() {
    let usage = used(1_000_000, 0);
    let published = quoted(&query("openai", "gpt-4o-mini", &usage));
    assert_eq!(
        published,
        Some((
            "0.15".into(),
            PriceBook::bundled().unwrap().version().into()
        ))
    );
}

#[test]
fn a_discount_is_exact_and_dated_as_the_price_is() {
    let usage = used(1_000_001, 7);
    let claude = query("anthropic", "claude-sonnet-4-6", &usage);
    // (1000001 × 3 + 7 × 15) × 0.85 / 10^6, above 200,000 tokens at twice the price or not
    let published = PriceBook::bundled()
        .unwrap()
        .quote(&claude)
        .unwrap()
        .usd
        .pico();
    let pico = book().quote(&claude).unwrap().usd.pico();
    assert_eq!(pico, published * 85 / 100);
}

#[test]
fn units_of_ones_own_have_prices() {
    let images = Usage {
        units: [("images".to_owned(), 3.0)].into(),
        ..Usage::default()
    };
    assert_eq!(quoted(&query("gpu.internal", "sdxl", &images)), own("0.12"));
    let both = Usage {
        units: [("images".to_owned(), 1.0), ("seconds".to_owned(), 2.5)].into(),
        ..used(10, 10)
    };
    assert_eq!(
        quoted(&query("gpu.internal", "sdxl", &both)),
        own("0.04025")
    );
    assert_eq!(
        quoted(&query("gpu.internal", "sdxl", &used(1, 1))),
        None,
        "nothing it bills"
    );
}

#[test]
fn json_says_the_same() {
    let json = r#"{"price":[{"provider":"openai","model":"gpt-4o","from":"2026-01-01T00:00:00+02:00",
        "per_million":{"input_tokens":2.00,"output_tokens":"8"}}]}"#;
    let book = PriceBook::bundled().unwrap().with_overrides(json).unwrap();
    let usage = used(1_000_000, 0);
    let quote = book.quote(&query("openai", "gpt-4o", &usage)).unwrap();
    assert_eq!(quote.usd.to_string(), "2");
    assert!(quote.version.starts_with("overrides/"), "{}", quote.version);
}

#[test]
fn mistakes_are_named() {
    let entry = |rest: &str| format!("[[price]]\nprovider = \"p\"\nmodel = \"m\"\n{rest}");
    let rates = "per_million = { input_tokens = 1 }";
    for (text, named) in [
        (entry(""), "no price"),
        (entry("multiply = -1"), "`multiply`"),
        (entry(&format!("multiply = 1\n{rates}")), "exclude"),
        (
            entry("per_million = { input_tokens = \"x\" }"),
            "`input_tokens`",
        ),
        (
            entry("per_million = { input_tokens = -1 }"),
            "`input_tokens`",
        ),
        (entry("per_unit = { images = 20000 }"), "`images`"),
        (
            entry("per_million = { cached_tokens = 1, cache_read_tokens = 2 }"),
            "two prices",
        ),
        (entry(&format!("from = \"soon\"\n{rates}")), "`from`"),
        (
            entry(&format!("from = 2027-01-01\nuntil = 2026-01-01\n{rates}")),
            "before",
        ),
        (
            entry(&format!(
                "{rates}\ntiers = [{{ above = 1, per_million = {{ x = 1 }} }}]"
            )),
            "tier",
        ),
        (entry(&format!("modle = \"x\"\n{rates}")), "modle"),
        (
            format!("[[price]]\nprovider = \"p\"\nmodel = \"a*b*\"\n{rates}"),
            "more than one",
        ),
        ("version = \"\"".to_owned(), "`version`"),
        ("{".to_owned(), "JSON"),
        ("price = 7".to_owned(), "sequence"),
        ("[[price".to_owned(), "TOML"),
    ] {
        let error = PriceBook::bundled()
            .unwrap()
            .with_overrides(&text)
            .unwrap_err();
        assert!(error.to_string().contains(named), "{text}: {error}");
    }
}
