//! What recorded calls cost, beside what the data set of expected prices says.

use std::collections::BTreeMap;

use schemas::money::Usd;
use schemas::pricing::{PriceBook, Query, Usage};
use schemas::wire::UsageEvent;
use serde_json::Value;

use crate::corpus::{Recording, basis};
use crate::expected::{AUGUST_2026_US, Priced};

/// The provider's name in the data set.
fn prices_id(event: &UsageEvent) -> String {
    match (event.provider.as_str(), event.model.rsplit_once(':')) {
        ("bedrock", _) => "aws".to_owned(),
        ("huggingface", Some((_, server))) => format!("huggingface_{server}"),
        (name, _) => name.to_owned(),
    }
}

/// The event's tokens and units by the data set's names; it leaves zeros out.
fn tokens(event: &UsageEvent) -> BTreeMap<String, f64> {
    #[allow(clippy::cast_precision_loss)] // Tokens of one call.
    let counts = [
        ("input_tokens", event.input_tokens),
        ("output_tokens", event.output_tokens),
        ("cache_read_tokens", event.cached_tokens),
        ("cache_write_tokens", event.cache_write_tokens),
        ("cache_write_1h_tokens", event.cache_write_1h_tokens),
        ("output_reasoning_tokens", event.reasoning_tokens),
        ("input_audio_tokens", event.audio_input_tokens),
        ("output_audio_tokens", event.audio_output_tokens),
    ]
    .map(|(name, count)| (name.to_owned(), count as f64));
    let units = event.usage.iter().map(|(name, n)| (name.clone(), *n));
    let all = counts.into_iter().chain(units);
    all.filter(|(_, count)| *count != 0.0).collect()
}

/// Back to what prices are made of.
fn usage(event: &UsageEvent) -> Usage {
    Usage {
        input_tokens: Some(event.input_tokens),
        output_tokens: Some(event.output_tokens),
        cached_tokens: Some(event.cached_tokens),
        cache_write_tokens: Some(event.cache_write_tokens),
        cache_write_1h_tokens: Some(event.cache_write_1h_tokens),
        reasoning_tokens: Some(event.reasoning_tokens),
        audio_input_tokens: Some(event.audio_input_tokens),
        audio_output_tokens: Some(event.audio_output_tokens),
        units: event.usage.clone().into_iter().collect(),
    }
}

/// The cost of every answer whose price is expected is that price, to the last digit.
pub(crate) fn compare(recordings: &[Recording], events: &[UsageEvent]) {
    let cases = Priced::all().unwrap();
    let book = PriceBook::bundled().unwrap();
    let (mut equal, mut unpriced, mut corrected, mut wrong) = (0, 0, 0, Vec::new());
    // OpenRouter says itself what it charged.
    let by_the_book = events
        .iter()
        .filter(|event| basis(event) == "measured" && event.provider != "openrouter");
    for event in by_the_book {
        let which = event.run_id.strip_prefix("recording-").unwrap();
        let recording = &recordings[which.parse::<usize>().unwrap()];
        let answer: Value = serde_json::from_slice(&recording.pieces.concat()).unwrap_or_default();
        let id = prices_id(event);
        let tokens = tokens(event);
        let mut same = cases.iter().filter(|case| case.is_of(&answer));
        let Some((case, expected)) = same.find_map(|case| Some((case, case.of(&id, &tokens)?)))
        else {
            continue; // not in the data set, or read in another shape there
        };
        let ours = event.cost_pico_usd.map(|pico| Usd::from_pico(pico.into()));
        match (ours, expected.usd()) {
            (None, None) => unpriced += 1,
            // Bedrock names the model in the path only, which the data set leaves out.
            (Some(_), None) if case.model.is_none() => unpriced += 1,
            (ours, theirs) if ours == theirs => equal += 1,
            (ours, theirs) => {
                let query = Query {
                    tenant_id: None,
                    provider: &expected.provider_id,
                    model: case.model.as_deref().unwrap_or_default(),
                    service_tier: None,
                    timestamp_us: AUGUST_2026_US,
                    usage: &usage(event),
                };
                if ours == book.price(&query) {
                    corrected += 1; // the data set is older than the prices
                } else {
                    wrong.push(format!(
                        "{} {}: {ours:?} not {theirs:?}",
                        event.provider, event.model
                    ));
                }
            }
        }
    }
    println!(
        "prices: {equal} equal, {unpriced} without one on both sides, {corrected} corrected since"
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(equal > 300, "{equal}");
}
