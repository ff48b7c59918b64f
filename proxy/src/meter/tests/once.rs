//! What is fetched often and paid for once: answers that ran in the background, batches.

use super::*;

#[test]
fn an_answer_that_is_fetched_costs_once_if_it_ran_in_the_background() {
    let fetched = |answer: Value| {
        Exchange {
            method: Method::GET,
            ..Exchange::json("openai", "/v1/responses/resp_1", &answer)
        }
        .metered()
    };
    let done = json!({"id": "resp_1", "background": true, "status": "completed", "usage": {"input_tokens": 15, "output_tokens": 9}});
    let metered = fetched(done.clone());
    assert_eq!(
        (metered.basis, metered.once.as_deref()),
        (Some(Basis::Measured), Some("resp_1"))
    );
    assert_eq!(
        fetched(json!({"id": "resp_1", "background": true, "status": "queued", "usage": null}))
            .basis,
        None
    );
    let mut foreground = done;
    foreground["background"] = false.into();
    assert_eq!(
        fetched(foreground).basis,
        None,
        "it was paid for when it was made"
    );
}

#[test]
fn a_batch_costs_once_and_half() {
    let path = "/v1/batches/batch_1";
    let polled = |answer: Value| {
        Exchange {
            method: Method::GET,
            ..Exchange::json("openai", path, &answer)
        }
        .metered()
    };
    assert_eq!(
        polled(json!({"id": "batch_1", "status": "in_progress"})).basis,
        None
    );
    let done = polled(
        json!({"id": "batch_1", "status": "completed", "model": "gpt-4o", "usage": {"input_tokens": 15, "output_tokens": 9}}),
    );
    assert_eq!(
        (
            done.basis,
            done.once.as_deref(),
            done.service_tier.as_deref()
        ),
        (Some(Basis::Measured), Some("batch_1"), Some("batch"))
    );
    let line = |input: u64| json!({"custom_id": "a", "result": {"type": "succeeded", "message": {"model": "claude-sonnet-5", "usage": {"input_tokens": input, "output_tokens": 2, "cache_creation": {"ephemeral_1h_input_tokens": 1}, "cache_creation_input_tokens": 1}}}});
    let lines = format!(
        "{}\n{}\n{}\n",
        line(5),
        json!({"custom_id": "b", "result": {"type": "errored"}}),
        line(6)
    );
    let path = "/v1/messages/batches/msgbatch_1/results";
    let results = Exchange {
        method: Method::GET,
        ..Exchange::of("anthropic", path, "application/x-jsonl", lines)
    }
    .metered();
    assert_eq!(
        (
            results.basis,
            results.once.as_deref(),
            results.model.as_deref()
        ),
        (
            Some(Basis::Measured),
            Some("msgbatch_1"),
            Some("claude-sonnet-5")
        )
    );
    assert_eq!(
        (
            results.usage.input_tokens,
            results.usage.output_tokens,
            results.usage.cache_write_1h_tokens
        ),
        (Some(13), Some(4), Some(2))
    );
}
