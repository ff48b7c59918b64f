//! Time of one price on the hot path: `cargo run --release -p schemas --example price_bench`.
#![allow(clippy::print_stdout)]

use std::time::Instant;

use schemas::pricing::{PriceBook, Query, Usage};

const ROUNDS: u32 = 200_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let start = Instant::now();
    let book = PriceBook::bundled()?;
    println!("{:>8} µs to load", start.elapsed().as_micros());
    let usage = Usage {
        input_tokens: Some(12_345),
        output_tokens: Some(678),
        cached_tokens: Some(9_000),
        reasoning_tokens: Some(300),
        ..Usage::default()
    };
    let mut searched = usage.clone();
    searched.units.insert("web_searches".to_owned(), 2.5);
    for (provider, model, usage) in [
        ("openai", "gpt-4o", &usage),
        ("anthropic", "claude-sonnet-4-5", &usage),
        ("google", "gemini-2.5-flash", &searched),
        ("openrouter", "z-ai/glm-4.6", &usage),
        ("acme", "unknown", &usage),
    ] {
        let timestamp_us = 1_795_176_000_000_000;
        let query = Query {
            tenant_id: None,
            provider,
            model,
            service_tier: Some("default"),
            timestamp_us,
            usage,
        };
        let first = Instant::now();
        let mut priced = u32::from(book.price(&query).is_some());
        let first = first.elapsed();
        let start = Instant::now();
        for _ in 0..ROUNDS {
            priced += u32::from(book.price(&query).is_some());
        }
        let each = start.elapsed() / ROUNDS;
        println!(
            "{:>8} ns, first {first:?}: {provider} {model} ({priced} priced)",
            each.as_nanos()
        );
    }
    Ok(())
}
