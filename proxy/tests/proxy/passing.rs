//! What passes, passes unchanged; and what it was is told.

use std::time::Duration;

use axum::http::{Request, Version};
use bytes::Bytes;
use http_body_util::Full;
use schemas::wire::Status;
use serde_json::json;

use crate::client::{http1, next, post, send};
use crate::upstream::{Upstream, pieces, streamed, whole};
use crate::world::{World, allow};

const CONTEXT: [(&str, &str); 9] = [
    ("X-LLMObserve-Tenant-ID", "acme"),
    ("X-LLMObserve-Customer-ID", "c1"),
    ("X-LLMObserve-Run-ID", "r1"),
    ("X-LLMObserve-Trace-ID", "t1"),
    ("X-LLMObserve-Span-ID", "s1"),
    ("X-LLMObserve-Parent-Span-ID", "p1"),
    ("X-LLMObserve-Section", "plan"),
    ("X-LLMObserve-Section-Path", "agent:a/tool:plan"),
    ("X-LLMObserve-Environment", "test"),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_path_form_needs_only_a_new_base_url() {
    let body = br#"{"id":"x",  "odd" : [1]}"#;
    let upstream = Upstream::start(move |_| async move {
        let mut response = whole(200, &body[..]);
        let headers = response.headers_mut();
        headers.insert("content-type", "application/json".parse().unwrap());
        headers.insert("x-request-id", "req_1".parse().unwrap());
        headers.append("set-cookie", "a=1".parse().unwrap());
        headers.append("set-cookie", "b=2".parse().unwrap());
        response
    })
    .await;
    let world = World::at(&upstream).await;
    let mut headers = CONTEXT.to_vec();
    headers.extend([
        ("Authorization", "Bearer sk-vendor"),
        ("Accept-Encoding", "gzip, br"),
        ("Connection", "keep-alive, x-hop"),
        ("X-Hop", "1"),
    ]);
    let sent = br#"{"model" : "gpt-4o-mini","messages":[]}"#;
    let url = world.url("/openai/v1/chat/completions?a=%2F&b=c%20d");
    let answer = send(&http1(), post(&url, &headers, &sent[..])).await;

    assert_eq!((answer.status.as_u16(), &answer.body[..]), (200, &body[..]));
    assert_eq!(answer.headers["x-request-id"], "req_1");
    assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 2);
    assert!(answer.ours().is_none());
    let seen = upstream.only();
    assert_eq!(seen.uri, "/v1/chat/completions?a=%2F&b=c%20d");
    assert_eq!(seen.headers["host"], upstream.address.to_string());
    assert_eq!(seen.headers["authorization"], "Bearer sk-vendor");
    assert_eq!(seen.headers["accept-encoding"], "gzip, br");
    assert_eq!(&seen.body[..], &sent[..]);
    assert!(!seen.headers.contains_key("x-hop"));
    let ours = |name: &&axum::http::HeaderName| name.as_str().contains("llmobserve");
    assert_eq!(seen.headers.keys().find(ours), None);

    let event = &world.end().await[0];
    assert_eq!(
        (event.tenant_id.as_str(), event.customer_id.as_str()),
        ("acme", "c1")
    );
    assert_eq!(
        (event.run_id.as_str(), event.trace_id.as_str()),
        ("r1", "t1")
    );
    assert_eq!(
        (event.span_id.as_str(), event.parent_span_id.as_str()),
        ("s1", "p1")
    );
    assert_eq!(event.section_path, "agent:a/tool:plan");
    assert_eq!(event.environment, "test");
    assert_eq!(event.provider, "openai");
    assert_eq!(event.endpoint, "/v1/chat/completions");
    assert_eq!((event.status(), event.http_status), (Status::Ok, 200));
    assert!(event.latency_us.unwrap() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_header_form_takes_the_whole_url_and_any_method() {
    let upstream = Upstream::start(|_| async { whole(200, "") }).await;
    let place = upstream.address.to_string();
    let world = World::with(&upstream, |settings| allow(settings, &place)).await;
    let client = http1();
    for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"] {
        let target = format!("http://{place}/v1/files/a%2Fb?x=1");
        let request = Request::builder()
            .method(method)
            .uri(world.url("/proxy"))
            .header("X-LLMObserve-Target-URL", target)
            .body(Full::default())
            .unwrap();
        let answer = send(&client, request).await;
        assert_eq!(answer.status, 200, "{method}: {answer:?}");
    }
    let seen = upstream.seen();
    assert!(seen.iter().all(|seen| seen.uri == "/v1/files/a%2Fb?x=1"));
    assert_eq!(seen[3].method, "DELETE");
    let events = world.end().await;
    assert_eq!(events.len(), 7);
    // At the address of two providers' base URLs: theirs.
    assert!(
        events
            .iter()
            .all(|event| event.endpoint == "/v1/files/a%2Fb")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_only_allowed_is_named_in_its_events() {
    let upstream = Upstream::start(|_| async { whole(404, "no") }).await;
    let port = upstream.address.port();
    let world = World::start(service::auth::Authenticator::off(false), |settings| {
        allow(settings, "localhost");
    })
    .await;
    let target = format!("http://LOCALHOST:{port}/search");
    let headers = [("X-LLMObserve-Target-URL", target.as_str())];
    let answer = send(&http1(), post(&world.url("/proxy"), &headers, "{}")).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.body[..]),
        (404, &b"no"[..])
    );
    let event = &world.end().await[0];
    assert_eq!(
        (event.provider.as_str(), event.http_status),
        ("localhost", 404)
    );
    assert_eq!(
        (event.status(), event.endpoint.as_str()),
        (Status::Error, "/search")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_passes_piece_by_piece_as_it_arrives() {
    let (pieces_in, response) = pieces();
    let response = std::sync::Mutex::new(Some(response));
    let upstream = Upstream::start(move |_| {
        let response = response.lock().unwrap().take().unwrap();
        async move { response }
    })
    .await;
    let world = World::at(&upstream).await;
    let request = post(
        &world.url("/openai/v1/chat/completions"),
        &[],
        r#"{"stream":true}"#,
    );
    let answer = http1().request(request).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let mut body = answer.into_body();
    // Each piece is with the client before the next one exists.
    for n in 0..20 {
        let piece = Bytes::from(format!("data: {{\"n\":{n}}}\n\n"));
        pieces_in.send(Ok(piece.clone())).await.unwrap();
        assert_eq!(next(&mut body).await.unwrap().unwrap(), piece);
    }
    drop(pieces_in);
    assert!(next(&mut body).await.is_none());
    assert_eq!(world.end().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn large_bodies_pass_both_ways_byte_for_byte() {
    let upstream = Upstream::start(|seen| async move {
        let pieces = seen.body.chunks(70_001).map(Bytes::copy_from_slice);
        streamed(pieces.collect(), Duration::ZERO)
    })
    .await;
    let world = World::at(&upstream).await;
    let sent: Vec<u8> = (0..8_000_000u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let sent = Bytes::from(sent);
    let answer = send(
        &http1(),
        post(&world.url("/openai/v1/files"), &[], sent.clone()),
    )
    .await;
    assert!(answer.body == sent, "the bytes differ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_the_clients_to_follow() {
    let upstream = Upstream::start(|_| async {
        let mut response = whole(302, "");
        let target = "http://169.254.169.254/latest".parse().unwrap();
        response.headers_mut().insert("location", target);
        response
    })
    .await;
    let world = World::at(&upstream).await;
    let answer = send(&http1(), post(&world.url("/openai/v1/models"), &[], "")).await;
    assert_eq!(answer.status, 302);
    assert_eq!(answer.headers["location"], "http://169.254.169.254/latest");
    assert_eq!(upstream.only().version, Version::HTTP_11);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_a_body_is_complete() {
    let upstream = Upstream::start(|seen| async move {
        whole(if seen.method == "DELETE" { 204 } else { 304 }, "")
    })
    .await;
    let world = World::at(&upstream).await;
    let client = http1();
    for method in ["DELETE", "GET"] {
        let request = Request::builder()
            .method(method)
            .uri(world.url("/openai/v1/files/f"));
        send(&client, request.body(Full::default()).unwrap()).await;
    }
    let events = world.end().await;
    assert_eq!(events.len(), 2);
    let cancelled = events
        .iter()
        .filter(|event| event.status() == Status::Cancelled);
    assert_eq!(cancelled.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_events_of_calls_follow_the_contract() {
    let upstream =
        Upstream::start(|_| async { whole(429, r#"{"error":{"type":"tokens"}}"#) }).await;
    let world = World::at(&upstream).await;
    let body = json!({"model": "gpt-4o-mini", "messages": []}).to_string();
    send(
        &http1(),
        post(&world.url("/openai/v1/chat/completions"), &[], body),
    )
    .await;
    let event = &world.end().await[0];
    assert_eq!(event.tenant_id, "default_tenant");
    assert_eq!(event.run_id, event.id);
    assert_eq!(
        (event.status(), event.http_status),
        (Status::RateLimited, 429)
    );
    // Refused: it cost nothing, which is known.
    assert_eq!(event.cost_pico_usd, Some(0));
}
