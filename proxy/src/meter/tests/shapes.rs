//! Each provider's way to say what was used.
#![allow(clippy::too_many_lines)] // tables

use super::*;

#[test]
fn anthropic_reports_in_two_parts() {
    let start = json!({"type": "message_start", "message": {"model": "claude-sonnet-5", "usage": {
        "input_tokens": 10, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 50,
        "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 30},
        "output_tokens": 1, "service_tier": "standard"}}});
    let delta = json!({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Hello there, friend."}});
    let end = json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"},
        "usage": {"output_tokens": 59, "server_tool_use": {"web_search_requests": 2}}});
    let exchange = Exchange::sse(
        "anthropic",
        "/v1/messages",
        &[start.clone(), delta.clone(), end],
    );
    let metered = exchange.metered();
    assert_eq!(metered.basis, Some(Basis::Measured));
    assert_eq!(
        usage(&metered),
        json!({
            "input_tokens": 160, "output_tokens": 59, "cached_tokens": 100, "cache_write_tokens": 50,
            "cache_write_1h_tokens": 30, "usage": {"cache_write_5m_tokens": 20.0, "web_searches": 2.0},
        })
    );
    let cut = Exchange::sse("anthropic", "/v1/messages", &[start, delta]);
    let metered = cut.metered_by(&[&cut.answer], End::ClientGone);
    assert_eq!(metered.basis, Some(Basis::Estimated));
    assert_eq!(metered.usage.input_tokens, Some(160), "the provider's own");
    assert!(
        (3..=8).contains(&metered.usage.output_tokens.unwrap()),
        "{metered:?}"
    );
}

#[test]
fn gemini_streams_with_and_without_sse() {
    let chunk = |text: &str, out: u64, stop: Value| {
        json!({
            "candidates": [{"content": {"parts": [{"text": text}]}, "finishReason": stop}],
            "usageMetadata": {"promptTokenCount": 29, "candidatesTokenCount": out, "thoughtsTokenCount": 69,
                "cachedContentTokenCount": 9, "toolUsePromptTokenCount": 4,
                "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 20}, {"modality": "AUDIO", "tokenCount": 9}]},
            "modelVersion": "gemini-3-flash-preview",
        })
    };
    let chunks = [chunk("a", 3, Value::Null), chunk("b", 12, json!("STOP"))];
    let path = "/v1beta/models/gemini-flash-latest:streamGenerateContent";
    let array = format!("[{}\n,\r\n{}\n]", chunks[0], chunks[1]);
    for exchange in [
        Exchange::sse("google", path, &chunks),
        Exchange::of("google", path, "application/json", array),
    ] {
        let metered = exchange.metered();
        assert_eq!(metered.basis, Some(Basis::Measured));
        assert_eq!(metered.model.as_deref(), Some("gemini-3-flash-preview"));
        assert_eq!(usage(&metered)["input_tokens"], 33);
        assert_eq!(usage(&metered)["output_tokens"], 81);
        assert_eq!(usage(&metered)["reasoning_tokens"], 69);
        assert_eq!(usage(&metered)["cached_tokens"], 9);
        assert_eq!(usage(&metered)["audio_input_tokens"], 9);
        assert_eq!(usage(&metered)["usage"]["input_text_tokens"], 20.0);
    }
}

#[test]
fn bedrock_streams_both_ways() {
    use base64::Engine as _;
    let eventstream = "application/vnd.amazon.eventstream";
    let event = [(":event-type", "metadata"), (":message-type", "event")];
    let usage_of = |payload: Value| frames::tests::frame(&event, payload.to_string().as_bytes());
    let converse = [
        usage_of(json!({"delta": {"text": "hi"}, "p": "abc"})),
        usage_of(
            json!({"usage": {"inputTokens": 36, "outputTokens": 73, "cacheReadInputTokens": 4}}),
        ),
    ]
    .concat();
    let path = "/model/us.anthropic.claude-sonnet-4-20250514-v1%3A0/converse-stream";
    let metered = Exchange::of("bedrock", path, eventstream, converse).metered();
    assert_eq!(metered.basis, Some(Basis::Measured));
    assert_eq!(
        metered.model.as_deref(),
        Some("us.anthropic.claude-sonnet-4-20250514-v1:0")
    );
    assert_eq!(
        (metered.usage.input_tokens, metered.usage.output_tokens),
        (Some(40), Some(73))
    );
    let wrapped = |inner: Value| {
        let bytes = base64::engine::general_purpose::STANDARD.encode(inner.to_string());
        usage_of(json!({"bytes": bytes, "p": "abcdefg"}))
    };
    let invoke = [
        wrapped(json!({"outputText": "hello", "index": 0})),
        wrapped(json!({"outputText": "", "amazon-bedrock-invocationMetrics": {"inputTokenCount": 7, "outputTokenCount": 2}})),
    ].concat();
    let path = "/model/amazon.titan-text-express-v1/invoke-with-response-stream";
    let exchange = Exchange::of("bedrock", path, eventstream, invoke);
    let metered = exchange.metered_by(&[&exchange.answer], End::ClientGone);
    assert_eq!(
        metered.basis,
        Some(Basis::Measured),
        "the metrics are the last word"
    );
    assert_eq!(
        usage(&metered),
        json!({"input_tokens": 7, "output_tokens": 2})
    );
}

#[test]
fn bedrock_invoke_speaks_for_each_maker() {
    for (model, answer, expected) in [
        (
            "amazon.titan-text-lite-v1",
            json!({"inputTextTokenCount": 5, "results": [{"tokenCount": 3}, {"tokenCount": 4}]}),
            json!({"input_tokens": 5, "output_tokens": 7}),
        ),
        (
            "amazon.titan-embed-text-v2:0",
            json!({"embedding": [0.5], "inputTextTokenCount": 5}),
            json!({"input_tokens": 5}),
        ),
        (
            "meta.llama3-8b-instruct-v1:0",
            json!({"generation": "x", "prompt_token_count": 8, "generation_token_count": 2}),
            json!({"input_tokens": 8, "output_tokens": 2}),
        ),
        (
            "us.amazon.nova-pro-v1:0",
            json!({"usage": {"inputTokens": 9, "outputTokens": 1}}),
            json!({"input_tokens": 9, "output_tokens": 1}),
        ),
        (
            "anthropic.claude-3-haiku-20240307-v1:0",
            json!({"usage": {"input_tokens": 6, "output_tokens": 4}}),
            json!({"input_tokens": 6, "output_tokens": 4}),
        ),
        (
            "openai.gpt-oss-20b-1:0",
            json!({"usage": {"prompt_tokens": 6, "completion_tokens": 4}}),
            json!({"input_tokens": 6, "output_tokens": 4}),
        ),
        (
            "mistral.mistral-7b-instruct-v0:2",
            json!({"outputs": [{"text": "x"}]}),
            json!({"input_tokens": 11, "output_tokens": 3}),
        ),
    ] {
        let path = format!("/model/{model}/invoke");
        let mut exchange = Exchange::json("bedrock", &path, &answer);
        if model.starts_with("mistral") {
            exchange
                .headers
                .push(("x-amzn-bedrock-input-token-count", "11".to_owned()));
            exchange
                .headers
                .push(("x-amzn-bedrock-output-token-count", "3".to_owned()));
        }
        let metered = exchange.metered();
        assert_eq!(usage(&metered), expected, "{model}");
        assert_eq!(
            (metered.basis, metered.model.as_deref()),
            (Some(Basis::Measured), Some(model))
        );
    }
}

#[test]
fn others_have_shapes_of_their_own() {
    let v1 = json!({"text": "x", "meta": {"billed_units": {"input_tokens": 5, "output_tokens": 2}, "tokens": {"input_tokens": 70, "output_tokens": 2}}});
    for (provider, path, answer, expected) in [
        (
            "cohere",
            "/v2/chat",
            json!({"usage": {"billed_units": {"input_tokens": 5, "output_tokens": 2}, "tokens": {"input_tokens": 70, "output_tokens": 4}}}),
            json!({"input_tokens": 5, "output_tokens": 2}),
        ),
        (
            "cohere",
            "/v1/chat",
            v1,
            json!({"input_tokens": 5, "output_tokens": 2}),
        ),
        (
            "cohere",
            "/v2/embed",
            json!({"meta": {"billed_units": {"input_tokens": 3}}}),
            json!({"input_tokens": 3}),
        ),
        (
            "cohere",
            "/v2/rerank",
            json!({"meta": {"billed_units": {"search_units": 2}}}),
            json!({"usage": {"rerank_searches": 2.0}}),
        ),
        (
            "voyage",
            "/v1/embeddings",
            json!({"usage": {"total_tokens": 12}}),
            json!({"input_tokens": 12}),
        ),
        (
            "xai",
            CHAT,
            json!({"usage": {"prompt_tokens": 9, "completion_tokens": 2, "completion_tokens_details": {"reasoning_tokens": 30}}}),
            json!({"input_tokens": 9, "output_tokens": 32, "reasoning_tokens": 30}),
        ),
        (
            "perplexity",
            "/chat/completions",
            json!({"usage": {"prompt_tokens": 9, "completion_tokens": 2, "num_search_queries": 3}}),
            json!({"input_tokens": 9, "output_tokens": 2, "usage": {"web_searches": 3.0}}),
        ),
        (
            "openai",
            "/v1/audio/transcriptions",
            json!({"text": "x", "usage": {"type": "duration", "seconds": 12}}),
            json!({"usage": {"audio_seconds": 12.0}}),
        ),
        (
            "openai",
            "/v1/audio/transcriptions",
            json!({"usage": {"type": "tokens", "input_tokens": 14, "input_token_details": {"audio_tokens": 10, "text_tokens": 4}, "output_tokens": 9}}),
            json!({"input_tokens": 14, "output_tokens": 9, "audio_input_tokens": 10}),
        ),
        (
            "openai",
            "/v1/images/generations",
            json!({"data": [{"b64_json": "x".repeat(200_000)}], "usage": {"input_tokens": 50, "output_tokens": 50, "input_tokens_details": {"text_tokens": 10, "image_tokens": 40}}}),
            json!({"input_tokens": 50, "output_tokens": 50, "usage": {"input_text_tokens": 10.0, "input_image_tokens": 40.0}}),
        ),
        (
            "mistral",
            "/v1/ocr",
            json!({"pages": [], "usage_info": {"pages_processed": 3}}),
            json!({"usage": {"input_document_pages": 3.0}}),
        ),
        (
            "groq",
            "/openai/v1/chat/completions",
            json!({"x_groq": {"usage": {"prompt_tokens": 4, "completion_tokens": 5}}}),
            json!({"input_tokens": 4, "output_tokens": 5}),
        ),
        (
            "vertex",
            "/v1/projects/p/locations/l/publishers/google/models/gemini-embedding-001:predict",
            json!({"predictions": [{"embeddings": {"statistics": {"token_count": 3}, "values": [1]}}, {"embeddings": {"statistics": {"token_count": 4}}}]}),
            json!({"input_tokens": 7}),
        ),
    ] {
        let metered = Exchange::json(provider, path, &answer).metered();
        assert_eq!(
            (usage(&metered), metered.basis),
            (expected, Some(Basis::Measured)),
            "{provider} {path}"
        );
    }
}

#[test]
fn cohere_ends_its_streams_with_the_bill() {
    let v2 = [
        json!({"type": "content-delta", "delta": {"message": {"content": {"text": "hi"}}}}),
        json!({"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": {"billed_units": {"input_tokens": 5, "output_tokens": 2}}}}),
    ];
    let v1 = [
        json!({"event_type": "text-generation", "text": "hi"}),
        json!({"event_type": "stream-end", "response": {"meta": {"billed_units": {"input_tokens": 5, "output_tokens": 2}}}}),
    ];
    let lines: String = v1.iter().map(|event| format!("{event}\n")).collect();
    for exchange in [
        Exchange::sse("cohere", "/v2/chat", &v2),
        Exchange::sse("cohere", "/v1/chat", &v1),
        Exchange::of("cohere", "/v1/chat", "application/stream+json", lines),
    ] {
        let metered = exchange.metered();
        assert_eq!(
            (usage(&metered), metered.basis),
            (
                json!({"input_tokens": 5, "output_tokens": 2}),
                Some(Basis::Measured)
            )
        );
    }
}

#[test]
fn openrouter_names_its_price() {
    let answer = |usage: Value| {
        Exchange::json(
            "openrouter",
            "/api/v1/chat/completions",
            &json!({"model": "m/n", "usage": usage}),
        )
        .metered()
    };
    let plain = answer(
        json!({"prompt_tokens": 1, "completion_tokens": 1, "cost": 4e-05, "is_byok": false}),
    );
    assert_eq!(plain.charged.unwrap().to_string(), "0.00004");
    let own_key = answer(
        json!({"prompt_tokens": 1, "completion_tokens": 1, "cost": 0, "is_byok": true, "cost_details": {"upstream_inference_cost": 0.0003253}}),
    );
    assert_eq!(own_key.charged.unwrap().to_string(), "0.0003253");
    assert_eq!(
        answer(json!({"prompt_tokens": 1, "completion_tokens": 1})).charged,
        None
    );
    let other = Exchange::json(
        "openai",
        CHAT,
        &json!({"usage": {"prompt_tokens": 1, "completion_tokens": 1, "cost": 9}}),
    );
    assert_eq!(
        other.metered().charged,
        None,
        "only of whom it is the seller's own"
    );
}

#[test]
fn a_router_says_who_served() {
    let answer =
        json!({"model": "Qwen/Qwen3-32B", "usage": {"prompt_tokens": 1, "completion_tokens": 1}});
    let path = Exchange::json("huggingface", "/novita/v3/openai/chat/completions", &answer);
    assert_eq!(
        path.metered().model.as_deref(),
        Some("Qwen/Qwen3-32B:novita")
    );
    let mut header = Exchange::json("huggingface", CHAT, &answer);
    header
        .headers
        .push(("x-inference-provider", "groq".to_owned()));
    assert_eq!(
        header.metered().model.as_deref(),
        Some("Qwen/Qwen3-32B:groq")
    );
}

#[test]
fn hosts_nobody_knows_have_their_tokens_counted() {
    let answer = json!({"model": "llama", "usage": {"prompt_tokens": 10, "completion_tokens": 1}});
    assert!(by_host("gateway.internal").is_none());
    let exchange = Exchange {
        provider: None,
        ..Exchange::json("openai", CHAT, &answer)
    };
    assert_eq!(
        usage(&exchange.metered()),
        json!({"input_tokens": 10, "output_tokens": 1})
    );
    let exchange = Exchange {
        provider: None,
        ..Exchange::json("openai", "/other", &answer)
    };
    assert_eq!(exchange.metered().basis, Some(Basis::Unknown));
}
