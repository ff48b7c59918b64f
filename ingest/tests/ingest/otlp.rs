//! `POST /v1/traces` over a publisher in memory.

use std::collections::BTreeMap;

use prost::Message;
use schemas::wire::UsageEvent;
use serde_json::{Value, json};
use service::auth::Scope;

use crate::otlp_proto::{Response, RpcStatus, encode};
use crate::support::{Bench, Raw, gzip};
use ingest::IngestArgs;
use service::publish::PublishError;

pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");
pub(crate) const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");

/// `schemas/fixtures/otlp`, with its times made of now, by name.
pub(crate) fn fixtures() -> BTreeMap<String, Value> {
    let folder = format!("{}/../schemas/fixtures/otlp", env!("CARGO_MANIFEST_DIR"));
    let now = chrono::Utc::now().timestamp_millis() - 60_000;
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.unwrap().path();
        let mut fixture = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        fill_in_times(&mut fixture, now);
        (
            path.file_stem().unwrap().to_str().unwrap().to_owned(),
            fixture,
        )
    };
    std::fs::read_dir(folder).unwrap().map(read).collect()
}

/// `$ns+20` is 20 ms after `now_ms`.
fn fill_in_times(value: &mut Value, now_ms: i64) {
    match value {
        Value::String(text) => {
            if let Some(ms) = text.strip_prefix("$ns+") {
                *text = format!("{}000000", now_ms + ms.parse::<i64>().unwrap());
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| fill_in_times(item, now_ms)),
        Value::Object(fields) => fields
            .values_mut()
            .for_each(|item| fill_in_times(item, now_ms)),
        _ => {}
    }
}

/// An event's columns as a fixture names them.
pub(crate) fn columns(event: &UsageEvent) -> Value {
    let pico = |pico: i64| schemas::money::Usd::from_pico(pico.into()).to_string();
    let ms = |us: Option<u64>| us.map(|us| us as f64 / 1000.0);
    let metadata = match event.event_metadata.as_str() {
        "" => json!({}),
        text => serde_json::from_str(text).unwrap(),
    };
    json!({
        "id": event.id, "tenant_id": event.tenant_id, "customer_id": event.customer_id,
        "run_id": event.run_id, "trace_id": event.trace_id, "span_id": event.span_id,
        "parent_span_id": event.parent_span_id, "section_path": event.section_path,
        "span_type": event.span_type().name(), "provider": event.provider,
        "endpoint": event.endpoint, "model": event.model, "service_tier": event.service_tier,
        "environment": event.environment, "input_tokens": event.input_tokens,
        "output_tokens": event.output_tokens, "cached_tokens": event.cached_tokens,
        "cache_write_tokens": event.cache_write_tokens,
        "reasoning_tokens": event.reasoning_tokens,
        "latency_ms": ms(event.latency_us), "ttft_ms": ms(event.ttft_us),
        "status": event.status().name(), "http_status": event.http_status,
        "error_type": event.error_type, "is_streaming": event.is_streaming,
        "cost": event.cost_pico_usd.map(pico),
        "cost_source": format!("{:?}", event.cost_source()).to_lowercase(),
        "event_metadata": metadata,
    })
}

/// Each expected event is there with what is expected of it, and no other is.
pub(crate) fn assert_expected(name: &str, fixture: &Value, events: &[UsageEvent]) {
    let found: BTreeMap<&str, Value> = events
        .iter()
        .map(|event| (event.id.as_str(), columns(event)))
        .collect();
    let expected = fixture["expect"].as_array().unwrap();
    assert_eq!(found.len(), expected.len(), "{name}: {:#?}", found.keys());
    for event in expected {
        let found = &found[event["id"].as_str().unwrap()];
        for (column, value) in event.as_object().unwrap() {
            let same = match (value.as_f64(), found[column].as_f64()) {
                (Some(value), Some(found)) => (value - found).abs() < 1e-9,
                _ => value == &found[column],
            };
            assert!(same, "{name}: {column} of {found:#}\nexpected {value}");
        }
    }
}

pub(crate) async fn post(bench: &Bench, body: impl Into<Vec<u8>>, headers: &[(&str, &str)]) -> Raw {
    bench.post_raw("/v1/traces", body.into(), headers).await
}

/// One inference, with further attributes.
pub(crate) fn call(span_id: &str, attributes: &[(&str, &str)]) -> Value {
    let all = [
        ("gen_ai.operation.name", "chat"),
        ("gen_ai.provider.name", "openai"),
    ];
    let attribute =
        |(key, value): &(&str, &str)| json!({"key": key, "value": {"stringValue": value}});
    json!({
        "traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": span_id, "name": "chat",
        "attributes": all.iter().chain(attributes).map(attribute).collect::<Vec<_>>(),
    })
}

pub(crate) fn request(spans: &[Value], resource: &[(&str, &str)]) -> Value {
    let attribute =
        |(key, value): &(&str, &str)| json!({"key": key, "value": {"stringValue": value}});
    json!({"resourceSpans": [{
        "resource": {"attributes": resource.iter().map(attribute).collect::<Vec<_>>()},
        "scopeSpans": [{"scope": {"name": "test"}, "spans": spans}],
    }]})
}

pub(crate) const ONE: &str = "b7ad6b7169203331";
pub(crate) const TWO: &str = "b7ad6b7169203332";

#[tokio::test]
async fn every_convention_in_both_encodings_is_the_same_events() {
    for (name, fixture) in fixtures() {
        let json = fixture["request"].to_string().into_bytes();
        let protobuf = encode(&fixture["request"]);
        let zstd = zstd::encode_all(&protobuf[..], 1).unwrap();
        for (encoding, body, headers) in [
            ("json", json.clone(), vec![JSON]),
            (
                "json gzip",
                gzip(&json),
                vec![JSON, ("content-encoding", "gzip")],
            ),
            ("protobuf", protobuf.clone(), vec![PROTOBUF]),
            (
                "protobuf gzip",
                gzip(&protobuf),
                vec![PROTOBUF, ("content-encoding", "gzip")],
            ),
            (
                "protobuf zstd",
                zstd,
                vec![PROTOBUF, ("content-encoding", "zstd")],
            ),
        ] {
            let bench = Bench::new();
            let answer = post(&bench, body, &headers).await;
            assert_eq!(answer.status, 200, "{name} {encoding}");
            assert_eq!(answer.header("content-type"), headers[0].1);
            let nothing: &[u8] = if headers[0] == JSON { b"{}" } else { b"" };
            assert_eq!(answer.body, nothing, "{name} {encoding}");
            assert_expected(&format!("{name} {encoding}"), &fixture, &bench.events());
        }
    }
}

#[tokio::test]
async fn a_re_export_has_the_same_ids() {
    let bench = Bench::new();
    let body = fixtures()["genai"]["request"].to_string();
    post(&bench, body.clone(), &[JSON]).await;
    let first = bench.ids();
    post(&bench, body, &[JSON]).await;
    assert_eq!(bench.ids()[first.len()..], first);
}

#[tokio::test]
async fn what_is_rejected_is_told_in_the_requests_encoding() {
    let good = call(ONE, &[]);
    let costly = call(TWO, &[("llmobserve.cost_usd", "-1")]);
    let nameless = json!({"traceId": "00", "spanId": TWO, "attributes": good["attributes"]});
    let mut old = call(TWO, &[]);
    old["startTimeUnixNano"] = "1544712660000000000".into();
    let body = request(&[good, costly, nameless, old], &[]);
    let bench = Bench::new();
    let answer = post(&bench, body.to_string(), &[JSON]).await;
    assert_eq!(answer.status, 200);
    let told: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(told["partialSuccess"]["rejectedSpans"], "3");
    let message = told["partialSuccess"]["errorMessage"].as_str().unwrap();
    for part in [TWO, "invalid_cost", "invalid_id", "timestamp_too_old"] {
        assert!(message.contains(part), "{message}");
    }
    let answer = post(&bench, encode(&body), &[PROTOBUF]).await;
    let told = Response::decode(&answer.body[..]).unwrap().partial_success;
    assert_eq!(told.clone().unwrap().rejected_spans, 3);
    assert_eq!(told.unwrap().error_message, message);
    assert_eq!(bench.ids().len(), 2, "the good one, twice");
}

/// Body and headers, and the status and code that answer them.
type Case = (
    &'static [u8],
    &'static [(&'static str, &'static str)],
    u16,
    &'static str,
);

#[tokio::test]
async fn errors_are_a_status_in_the_requests_encoding() {
    let bench = Bench::new();
    let cases: [Case; 8] = [
        (b"{", &[JSON], 400, "unreadable_json"),
        (b"[]", &[JSON], 400, "unreadable_json"),
        (br#"{"resourceSpans": 7}"#, &[JSON], 400, "unreadable_json"),
        (b"\xff", &[JSON], 400, "invalid_utf8"),
        (b"\x0a\xff", &[PROTOBUF], 400, "unreadable_protobuf"),
        (
            b"plain",
            &[PROTOBUF, ("content-encoding", "gzip")],
            400,
            "unreadable_encoding",
        ),
        (
            b"{}",
            &[("content-type", "text/plain")],
            415,
            "unsupported_media_type",
        ),
        (b"{}", &[], 415, "unsupported_media_type"),
    ];
    for (body, headers, status, code) in cases {
        let answer = post(&bench, body, headers).await;
        assert_eq!(answer.status, status, "{code}");
        let message = if headers.first() == Some(&PROTOBUF) {
            assert_eq!(answer.header("content-type"), PROTOBUF.1);
            RpcStatus::decode(&answer.body[..]).unwrap().message
        } else {
            assert_eq!(answer.header("content-type"), "application/json");
            let told: Value = serde_json::from_slice(&answer.body).unwrap();
            told["message"].as_str().unwrap().to_owned()
        };
        assert!(message.starts_with(code), "{message}");
        assert!(
            answer.headers.get("retry-after").is_none(),
            "never comes again"
        );
    }
    assert_eq!(post(&bench, "{}", &[JSON]).await.status, 200);
    assert_eq!(post(&bench, "", &[PROTOBUF]).await.status, 200);
    assert_eq!(
        post(&bench, r#"{"resourceSpans":null}"#, &[JSON])
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn what_may_be_sent_again_says_when() {
    let bench = Bench::new();
    bench.fail_next(PublishError::Unavailable);
    let body = encode(&request(&[call(ONE, &[])], &[]));
    let answer = post(&bench, body.clone(), &[PROTOBUF]).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, "2"));
    let told = RpcStatus::decode(&answer.body[..]).unwrap();
    assert!(told.message.starts_with("broker_unavailable"));
    assert_eq!(post(&bench, body.clone(), &[PROTOBUF]).await.status, 200);

    let full = Bench::with_args(IngestArgs {
        ingest_requests_max: 0,
        ..IngestArgs::default()
    });
    let answer = post(&full, body, &[PROTOBUF]).await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, "1"));
}

#[tokio::test]
async fn the_answer_waits_until_every_span_is_stored() {
    let bench = Bench::new();
    bench.hold(true);
    let answer = tokio::spawn({
        let bench = bench.clone();
        async move { post(&bench, request(&[call(ONE, &[])], &[]).to_string(), &[JSON]).await }
    });
    while bench.ids().is_empty() {
        tokio::task::yield_now().await;
    }
    for _ in 0..100 {
        tokio::task::yield_now().await;
        assert!(!answer.is_finished());
    }
    bench.hold(false);
    assert_eq!(answer.await.unwrap().status, 200);
}

#[tokio::test]
async fn the_tenant_is_the_spans_else_the_resources_else_the_headers() {
    let bench = Bench::new();
    let spans = [
        call(ONE, &[("llmobserve.tenant_id", "of-the-span")]),
        call(TWO, &[("tenant.id", "somebody's own")]),
    ];
    let header = ("x-llmobserve-tenant-id", "of-the-header");
    post(
        &bench,
        request(&spans, &[("tenant.id", "of-the-resource")]).to_string(),
        &[JSON, header],
    )
    .await;
    post(&bench, request(&spans, &[]).to_string(), &[JSON, header]).await;
    post(&bench, request(&spans[1..], &[]).to_string(), &[JSON]).await;
    let expected = [
        "of-the-span",
        "of-the-resource",
        "of-the-span",
        "of-the-header",
        "default_tenant",
    ];
    assert_eq!(bench.tenants(), expected);
}

#[tokio::test]
async fn a_bound_key_that_names_another_tenant_is_refused() {
    let (bench, key) = Bench::with_key(Some("acme"), &[Scope::Ingest]);
    let bearer = format!("Bearer {key}");
    let auth = ("authorization", bearer.as_str());
    let own = request(&[call(ONE, &[])], &[("llmobserve.tenant_id", "acme")]);
    assert_eq!(
        post(&bench, own.to_string(), &[JSON, auth]).await.status,
        200
    );
    let foreign = [
        request(&[call(ONE, &[])], &[("tenant.id", "globex")]),
        request(
            &[
                call(ONE, &[]),
                call(TWO, &[("llmobserve.tenant_id", "globex")]),
            ],
            &[],
        ),
    ];
    for body in foreign {
        let answer = post(&bench, encode(&body), &[PROTOBUF, auth]).await;
        assert_eq!(answer.status, 403);
        let told = RpcStatus::decode(&answer.body[..]).unwrap();
        assert!(told.message.starts_with("other_tenant"), "{told:?}");
    }
    assert_eq!(bench.ids().len(), 1, "nothing of those was stored");
    let answer = post(&bench, "", &[PROTOBUF]).await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    assert_eq!(answer.header("content-type"), PROTOBUF.1);
}

#[tokio::test]
async fn other_spans_are_kept_when_asked() {
    let fixture = fixtures().remove("genai").unwrap();
    let bench = Bench::with_args(IngestArgs {
        otlp_keep_other_spans: true,
        ..IngestArgs::default()
    });
    let mut redis = call(TWO, &[]);
    redis["kind"] = 3.into();
    redis["attributes"] = json!([{"key": "db.system.name", "value": {"stringValue": "qdrant"}}]);
    let mut outside = redis.clone();
    outside["spanId"] = ONE.into();
    outside["attributes"] = json!([
        {"key": "http.request.method", "value": {"stringValue": "POST"}},
        {"key": "server.address", "value": {"stringValue": "api.search.example"}},
    ]);
    post(&bench, fixture["request"].to_string(), &[JSON]).await;
    post(&bench, request(&[redis, outside], &[]).to_string(), &[JSON]).await;
    let kept: Vec<Value> = bench.events().iter().map(columns).collect();
    let of = |span_id: &str| kept.iter().find(|event| event["span_id"] == span_id);
    let server = of("b7ad6b7169203301").unwrap();
    assert_eq!(
        (server["span_type"].as_str(), server["cost"].as_str()),
        (Some("other"), Some("0"))
    );
    let agent = of("b7ad6b7169203302").unwrap();
    assert_eq!(agent["parent_span_id"], server["span_id"]);
    assert_eq!(
        of("b7ad6b7169203304"),
        None,
        "the request within the call is the call"
    );
    let redis = of(TWO).unwrap();
    assert_eq!(
        (redis["span_type"].as_str(), redis["provider"].as_str()),
        (Some("vector_db"), Some("qdrant"))
    );
    assert_eq!(redis["cost"], Value::Null, "what it costs nobody knows");
    let outside = of(ONE).unwrap();
    assert_eq!(outside["span_type"], "api");
    assert_eq!(outside["provider"], "api.search.example");
}
