//! `POST /v1/traces` and what nobody sends by accident.

use serde_json::{Value, json};

use crate::otlp::{JSON, ONE, PROTOBUF, TWO, call, fixtures, post, request};
use crate::otlp_proto::encode;
use crate::support::{Bench, gzip};

/// Two bytes ask for a span, and three for one in JSON.
#[tokio::test]
async fn a_bomb_of_spans_is_too_large() {
    let bench = Bench::new();
    let spans = [0x12, 0x00].repeat(1 << 20);
    let mut scope = vec![0x12];
    prost::encoding::encode_varint(spans.len() as u64, &mut scope);
    scope.extend(spans);
    let mut body = vec![0x0a];
    prost::encoding::encode_varint(scope.len() as u64, &mut body);
    body.extend(scope);
    let answer = post(&bench, body, &[PROTOBUF]).await;
    assert_eq!(answer.status, 413);
    let resources = [0x0a, 0x00].repeat(1 << 20);
    assert_eq!(post(&bench, resources, &[PROTOBUF]).await.status, 413);
    let spans = vec!["{}"; 1 << 20].join(",");
    let body = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{spans}]}}]}}]}}"#);
    assert_eq!(post(&bench, body, &[JSON]).await.status, 413);
    let calls: Vec<Value> = (0..10_001)
        .map(|i| call(&format!("{:016x}", i + 1), &[]))
        .collect();
    let answer = post(
        &bench,
        gzip(request(&calls, &[]).to_string().as_bytes()),
        &[JSON, ("content-encoding", "gzip")],
    )
    .await;
    assert_eq!(answer.status, 413);
    assert!(bench.ids().is_empty());
}

/// Whatever is cut off or bent is a bad request or understood; nothing breaks.
#[tokio::test]
async fn every_cut_and_every_bent_byte_is_survived() {
    let bench = Bench::new();
    let body = encode(&fixtures()["vercel"]["request"]);
    for end in 0..body.len() {
        let status = post(&bench, &body[..end], &[PROTOBUF]).await.status;
        assert!(status == 200 || status == 400, "{status} at {end}");
    }
    for at in 0..body.len() {
        let mut bent = body.clone();
        bent[at] ^= 0x55;
        let status = post(&bench, bent, &[PROTOBUF]).await.status;
        assert!(status == 200 || status == 400, "{status} at {at}");
    }
    let text = fixtures()["vercel"]["request"].to_string();
    for end in (0..text.len())
        .step_by(7)
        .filter(|end| text.is_char_boundary(*end))
    {
        assert_eq!(
            post(&bench, &text[..end], &[JSON]).await.status,
            400,
            "{end}"
        );
    }
}

#[tokio::test]
async fn texts_that_no_field_takes_are_cut_not_refused() {
    let bench = Bench::new();
    let long = "x".repeat(5000);
    let attributes = [
        ("gen_ai.agent.name", "a/b\nc"),
        ("error.type", long.as_str()),
        ("gen_ai.request.model", "gpt-4o\n"),
    ];
    let mut span = call(ONE, &attributes);
    span["name"] = long.clone().into();
    for i in 0..40 {
        let key = format!("ai.telemetry.metadata.{i}");
        let value = json!({"key": key, "value": {"stringValue": "\u{1}".repeat(500)}});
        span["attributes"].as_array_mut().unwrap().push(value);
    }
    let answer = post(&bench, request(&[span], &[]).to_string(), &[JSON]).await;
    assert_eq!(String::from_utf8(answer.body).unwrap(), "{}");
    let event = &bench.events()[0];
    assert_eq!(event.section_path, "agent:a_b c");
    assert_eq!(
        (event.model.as_str(), event.error_type.len()),
        ("gpt-4o", 256)
    );
}

#[tokio::test]
async fn a_ring_of_parents_ends() {
    let bench = Bench::new();
    let mut one = call(ONE, &[]);
    let mut two = call(TWO, &[]);
    one["parentSpanId"] = TWO.into();
    two["parentSpanId"] = ONE.into();
    let answer = post(&bench, request(&[one, two], &[]).to_string(), &[JSON]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(bench.ids().len(), 2);
}
