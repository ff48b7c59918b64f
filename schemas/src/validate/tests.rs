#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const NOW_US: i64 = 1_795_000_000_000_000;

fn context() -> Context<'static> {
    Context {
        tenant_id: "acme",
        received_us: NOW_US,
        retention_us: 400 * 86_400_000_000,
        ingest_key_id: "",
    }
}

fn check(text: &str) -> Result<Event, Rejection> {
    let raw = RawEvent::parse(text)?;
    named_tenant(&raw)?;
    validate(&raw, &context(), || "generated".to_owned())
}

fn fixtures(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

#[test]
fn every_accepted_fixture_is_accepted() {
    for case in fixtures(include_str!("../../fixtures/accepted.json")) {
        let text = case["event"]
            .to_string()
            .replace("$now", "2026-11-18T12:00:00Z");
        check(&text).unwrap_or_else(|rejection| panic!("{}: {rejection:?}", case["name"]));
    }
}

#[test]
fn every_rejected_fixture_is_rejected_for_its_reason() {
    let cases = fixtures(include_str!("../../fixtures/rejected.json"));
    for case in &cases {
        let text = case["event_text"]
            .as_str()
            .map_or(case["event"].to_string(), Into::into);
        match check(&text) {
            Ok(_) => panic!("{}: accepted", case["name"]),
            Err(rejection) => assert_eq!(rejection.code.as_str(), case["code"], "{}", case["name"]),
        }
    }
    let tried: Vec<_> = cases
        .iter()
        .map(|case| case["code"].as_str().unwrap())
        .collect();
    // `invalid_id` is of spans, whose ids are bytes.
    let elsewhere = [
        "unreadable_json",
        "event_too_large",
        "metadata_too_large",
        "invalid_id",
    ];
    for code in Code::ALL {
        let code = code.as_str();
        assert!(
            tried.contains(&code) || elsewhere.contains(&code),
            "no fixture for {code}"
        );
    }
}

#[test]
fn sizes_are_bounded() {
    let with = |field: &str, bytes: usize| json!({"provider": "x", field: "y".repeat(bytes)});
    let code = |event: Value| check(&event.to_string()).unwrap_err().code;
    assert_eq!(code(with("note", EVENT_BYTES_MAX)), Code::EventTooLarge);
    assert_eq!(
        code(with("note", METADATA_BYTES_MAX)),
        Code::MetadataTooLarge
    );
    let metadata = json!({"provider": "x", "event_metadata": with("a", METADATA_BYTES_MAX)});
    assert_eq!(code(metadata), Code::MetadataTooLarge);
    assert_eq!(
        check("{\"provider\":").unwrap_err().code,
        Code::UnreadableJson
    );
}

#[test]
fn an_event_without_id_gets_the_fallback_and_a_run_of_its_own() {
    let event = check(r#"{"provider":"openai"}"#).unwrap();
    assert_eq!(
        (event.id(), event.wire.run_id.as_str()),
        ("generated", "generated")
    );
}

#[test]
fn times_are_understood_in_all_three_forms() {
    for text in [
        "1794996000",
        "1794996000000",
        "\"2026-11-18T11:00:00+01:00\"",
        "1794996000.0",
    ] {
        let event = check(&format!(r#"{{"provider":"x","timestamp":{text}}}"#)).unwrap();
        assert_eq!(event.wire.timestamp_us, 1_794_996_000_000_000, "{text}");
    }
}

proptest! {
    /// Whatever is sent, there is an answer; whatever is accepted keeps the rules.
    #[test]
    fn no_text_breaks_validation(text in "\\PC{0,200}") {
        let _ = check(&text);
    }

    #[test]
    fn counts_are_kept_exactly(input in 0u64..=TOKENS_MAX, cached in 0u64..=TOKENS_MAX) {
        let event = json!({"provider": "x", "input_tokens": input, "cached_tokens": cached});
        match check(&event.to_string()) {
            Ok(event) => {
                prop_assert!(cached <= input);
                prop_assert_eq!(event.wire.input_tokens, input);
                prop_assert_eq!(event.wire.cached_tokens, cached);
            }
            Err(rejection) => {
                prop_assert!(cached > input);
                prop_assert_eq!(rejection.code, Code::PartsExceedWhole);
            }
        }
    }

    #[test]
    fn unknown_fields_survive_in_the_metadata(name in "[a-z]{3,8}_x", value in any::<i32>()) {
        let event = json!({"provider": "x", "event_metadata": {"k": "v"}, name.clone(): value});
        let event = check(&event.to_string()).unwrap();
        let metadata: Value = serde_json::from_str(&event.wire.event_metadata).unwrap();
        prop_assert_eq!(&metadata["k"], "v");
        prop_assert_eq!(&metadata[name], value);
    }
}
