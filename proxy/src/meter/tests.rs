#![allow(clippy::unwrap_used)]

mod corpus;
mod exchange;
mod once;
mod property;
mod shapes;

use super::*;
use crate::providers::{by_host, by_name, endpoint_elsewhere};
use axum::http::{HeaderName, HeaderValue, Method};
use exchange::{Exchange, headers};
use schemas::pricing::Usage;
use serde_json::{Value, json};

/// What is known, by the event's names.
fn usage(metered: &Metered) -> Value {
    let usage = &metered.usage;
    let mut members = json!({
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_tokens": usage.cached_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "cache_write_1h_tokens": usage.cache_write_1h_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "audio_input_tokens": usage.audio_input_tokens,
        "audio_output_tokens": usage.audio_output_tokens,
        "usage": (!usage.units.is_empty()).then_some(&usage.units),
    });
    let known = members.as_object_mut().unwrap();
    known.retain(|_, count| !count.is_null());
    members
}

const CHAT: &str = "/v1/chat/completions";

#[test]
fn what_an_answer_reports_is_measured() {
    let answer = json!({
        "id": "c", "model": "gpt-4o-2024-08-06", "service_tier": "flex",
        "choices": [{"message": {"content": "{\"usage\":{\"prompt_tokens\":9}}"}}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20,
            "prompt_tokens_details": {"cached_tokens": 60, "audio_tokens": 5},
            "completion_tokens_details": {"reasoning_tokens": 7, "audio_tokens": 0}},
    });
    let metered = Exchange::json("openai", CHAT, &answer).metered();
    assert_eq!(metered.basis, Some(Basis::Measured));
    assert_eq!(metered.model.as_deref(), Some("gpt-4o-2024-08-06"));
    assert_eq!(metered.service_tier.as_deref(), Some("flex"));
    assert!(!metered.is_streaming);
    assert_eq!(
        usage(&metered),
        json!({
            "input_tokens": 100, "output_tokens": 20, "cached_tokens": 60, "reasoning_tokens": 7,
            "audio_input_tokens": 5, "audio_output_tokens": 0,
        })
    );
}

#[test]
fn an_explicit_zero_is_a_measured_zero_and_nothing_is_unknown() {
    let zero = json!({"model": "m", "usage": {"prompt_tokens": 0, "completion_tokens": 0}});
    let metered = Exchange::json("openai", CHAT, &zero).metered();
    assert_eq!(metered.basis, Some(Basis::Measured));
    assert_eq!(
        usage(&metered),
        json!({"input_tokens": 0, "output_tokens": 0})
    );
    for answer in [
        json!({"model": "m"}),
        json!({"usage": null}),
        json!({"usage": {}}),
        json!(7),
    ] {
        let metered = Exchange::json("openai", CHAT, &answer).metered();
        assert_eq!(
            (metered.basis, usage(&metered)),
            (Some(Basis::Unknown), json!({})),
            "{answer}"
        );
    }
}

#[test]
fn what_was_refused_or_is_free_costs_nothing() {
    let answer =
        json!({"error": {"message": "m", "type": "requests", "code": "rate_limit_exceeded"}});
    let refused = Exchange {
        status: 429,
        ..Exchange::json("openai", CHAT, &answer)
    }
    .metered();
    assert_eq!(
        (refused.basis, refused.error_type.as_deref()),
        (None, Some("rate_limit_exceeded"))
    );
    assert_eq!(refused.model.as_deref(), Some("asked"));
    let answer = json!({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "m"}});
    let path = "/v1beta/models/gemini-2.5-pro:generateContent";
    let refused = Exchange {
        status: 429,
        ..Exchange::json("google", path, &answer)
    }
    .metered();
    assert_eq!(refused.error_type.as_deref(), Some("429"));
    let counted = Exchange::json(
        "anthropic",
        "/v1/messages/count_tokens",
        &json!({"input_tokens": 5}),
    );
    assert_eq!(counted.metered().basis, None);
}

#[test]
fn a_call_without_an_answer_is_unknown_unless_it_was_never_sent() {
    let endpoint = by_name("openai").unwrap().endpoint(&Method::POST, CHAT);
    let policy = MeterPolicy {
        include_usage: false,
    };
    for (end, basis) in [
        (End::NotSent, None),
        (End::Timeout, Some(Basis::Unknown)),
        (End::ClientGone, Some(Basis::Unknown)),
        (End::UpstreamBroke, Some(Basis::Unknown)),
    ] {
        let meter = Meter::new(
            by_name("openai"),
            endpoint.clone(),
            policy,
            &HeaderMap::new(),
        );
        assert_eq!(meter.finish(end).basis, basis, "{end:?}");
    }
}

fn chat_stream() -> Exchange<'static> {
    let chunk = |delta: Value, stop: Value| {
        json!({
            "model": "gpt-4o", "choices": [{"delta": delta, "finish_reason": stop}], "usage": null,
        })
    };
    let mut exchange = Exchange::sse(
        "openai",
        CHAT,
        &[
            chunk(
                json!({"role": "assistant", "content": "The capital "}),
                Value::Null,
            ),
            chunk(json!({"content": "of Mexico is Mexico City."}), Value::Null),
            chunk(json!({}), json!("stop")),
            json!({"choices": [], "usage": {"prompt_tokens": 14, "completion_tokens": 8}}),
        ],
    );
    exchange.answer.extend_from_slice(b"data: [DONE]\n\n");
    exchange.request = json!({
        "model": "gpt-4o", "stream": true, "service_tier": "auto",
        "messages": [{"role": "user", "content": "What is the capital of Mexico?"}],
    })
    .to_string()
    .into_bytes();
    exchange
}

#[test]
fn a_stream_cut_anywhere_is_honest() {
    let exchange = chat_stream();
    let (mut unknown, mut estimated, mut measured) = (0, 0, 0);
    for cut in 0..=exchange.answer.len() {
        let metered = exchange.metered_by(&[&exchange.answer[..cut]], End::ClientGone);
        assert!(metered.is_streaming);
        let (input, output) = (metered.usage.input_tokens, metered.usage.output_tokens);
        match metered.basis {
            Some(Basis::Measured) => {
                measured += 1;
                assert_eq!((input, output), (Some(14), Some(8)));
            }
            Some(Basis::Estimated) => {
                estimated += 1;
                assert!((5..=12).contains(&input.unwrap()), "{metered:?}");
                assert!(output.unwrap() <= 12, "{metered:?}");
                assert_eq!(measured, 0, "what was known is forgotten at {cut}");
            }
            _ => unknown += 1,
        }
    }
    assert!(
        unknown == 0 && estimated > 100 && measured > 10,
        "{unknown} {estimated} {measured}"
    );
}

#[test]
fn a_stream_without_usage_is_estimated_never_zero() {
    let mut exchange = chat_stream();
    let text = String::from_utf8(exchange.answer).unwrap();
    let without = text
        .split_inclusive("\n\n")
        .filter(|event| !event.contains("prompt_tokens"));
    exchange.answer = without.collect::<String>().into_bytes();
    let metered = exchange.metered();
    assert_eq!(metered.basis, Some(Basis::Estimated));
    let output = metered.usage.output_tokens.unwrap();
    assert!((6..=12).contains(&output), "{output}");
}

#[test]
fn a_report_that_contradicts_itself_has_no_price() {
    let answer = json!({"usage": {"prompt_tokens": 10, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 11}}});
    let metered = Exchange::json("openai", CHAT, &answer).metered();
    assert_eq!(
        (usage(&metered), metered.basis),
        (
            json!({"input_tokens": 10, "output_tokens": 1}),
            Some(Basis::Unknown)
        )
    );
    // A cache write that is told only by its duration is a part of the input, too.
    let mut metered = Metered::default();
    metered.set_usage(Usage {
        input_tokens: Some(10),
        cache_write_1h_tokens: Some(11),
        ..Usage::default()
    });
    assert_eq!(
        (usage(&metered), metered.basis),
        (json!({"input_tokens": 10}), Some(Basis::Unknown))
    );
}

#[test]
fn only_what_was_added_is_taken_out_again() {
    let exchange = chat_stream();
    let endpoint = exchange.provider.unwrap().endpoint(&Method::POST, CHAT);
    let asked = headers(&[("content-type", "application/json".to_owned())]);
    for (allowed, request, rewritten) in [
        (true, exchange.request.clone(), true),
        (false, exchange.request.clone(), false),
        (
            true,
            br#"{"stream":true,"stream_options":{"include_usage":true}}"#.to_vec(),
            false,
        ),
        (true, br#"{"model":"m"}"#.to_vec(), false),
    ] {
        let mut meter = Meter::new(
            exchange.provider,
            endpoint.clone(),
            MeterPolicy {
                include_usage: allowed,
            },
            &asked,
        );
        assert_eq!(meter.may_rewrite(), allowed);
        assert_eq!(meter.rewrite_request(&request.into()).is_some(), rewritten);
        meter.response_head(StatusCode::OK, &headers(&exchange.headers));
        assert_eq!(meter.filter().is_some(), rewritten);
        meter.response_chunk(&exchange.answer);
        assert_eq!(meter.finish(End::Complete).basis, Some(Basis::Measured));
    }
}
