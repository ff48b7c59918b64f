//! Where calls may not go. A refused call is not made, and makes no event.

use axum::http::Request;
use http_body_util::Full;
use service::auth::Authenticator;

use crate::client::{Answer, http1, post, send};
use crate::upstream::{Upstream, whole};
use crate::world::{World, allow};

async fn try_target(world: &World, target: &str) -> Answer {
    let headers = [
        ("X-LLMObserve-Target-URL", target),
        ("Authorization", "Bearer vendor"),
    ];
    send(&http1(), post(&world.url("/proxy"), &headers, "{}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_listed_hosts_by_whatever_name() {
    let upstream = Upstream::start(|_| async { whole(200, "reached") }).await;
    let world = World::start(Authenticator::off(false), |_| ()).await;
    let port = upstream.address.port();
    let targets = [
        format!("http://127.0.0.1:{port}/"),
        format!("http://localhost:{port}/"),
        format!("http://LocalHost.:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://0x7f000001:{port}/"),
        format!("http://0177.0.0.1:{port}/"),
        format!("http://127.1:{port}/"),
        format!("http://0:{port}/"),
        format!("http://0.0.0.0:{port}/"),
        format!("http://[::1]:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://[::ffff:7f00:1]:{port}/"),
        format!("http://[64:ff9b::7f00:1]:{port}/"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://[fd00:ec2::254]/latest/meta-data/".to_owned(),
        "http://metadata.google.internal/".to_owned(),
        "http://168.63.129.16/".to_owned(),
        "https://example.com/".to_owned(),
        // Not by https, not on its port, or not they.
        "http://api.openai.com/v1/models".to_owned(),
        "https://api.openai.com:8443/v1/models".to_owned(),
        "https://api.openai.com.evil.example/v1/models".to_owned(),
        "https://evil.example/api.openai.com/v1/models".to_owned(),
        "https://evil-api.openai.com/v1/models".to_owned(),
    ];
    for target in &targets {
        let answer = try_target(&world, target).await;
        assert_eq!(answer.status, 403, "{target}: {answer:?}");
        assert_eq!(answer.ours(), Some("host_not_allowed"), "{target}");
    }
    assert_eq!(upstream.seen().len(), 0);
    assert_eq!(world.end().await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_is_one_plain_url() {
    let upstream = Upstream::start(|_| async { whole(200, "reached") }).await;
    let place = upstream.address.to_string();
    let world = World::with(&upstream, |settings| allow(settings, &place)).await;
    for target in [
        "",
        "/v1/models",
        "ftp://example.com/",
        "file:///etc/passwd",
        "example.com",
        &format!("http://user:pass@{place}/"),
        &format!("http://api.openai.com@{place}/"),
    ] {
        let answer = try_target(&world, target).await;
        assert_eq!(answer.status, 400, "{target}: {answer:?}");
        assert_eq!(answer.ours(), Some("invalid_target"), "{target}");
    }
    let request = Request::post(world.url("/proxy"))
        .body(Full::default())
        .unwrap();
    assert_eq!(send(&http1(), request).await.ours(), Some("invalid_target"));
    let target = format!("http://{place}/");
    let twice = [
        ("X-LLMObserve-Target-URL", &*target),
        ("X-LLMObserve-Target-URL", &*target),
    ];
    let answer = send(&http1(), post(&world.url("/proxy"), &twice, "")).await;
    assert_eq!(answer.ours(), Some("invalid_target"));
    assert_eq!(upstream.seen().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_is_listed_for_itself() {
    let upstream = Upstream::start(|_| async { whole(200, "reached") }).await;
    let other = Upstream::start(|_| async { whole(200, "reached") }).await;
    let place = upstream.address.to_string();
    let world = World::start(Authenticator::off(false), |settings| {
        allow(settings, &place)
    })
    .await;
    assert_eq!(
        try_target(&world, &format!("http://{place}/")).await.status,
        200
    );
    let answer = try_target(&world, &format!("http://{}/", other.address)).await;
    assert_eq!((answer.status.as_u16(), other.seen().len()), (403, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_begin_with_a_provider() {
    let upstream = Upstream::start(|_| async { whole(200, "reached") }).await;
    let world = World::at(&upstream).await;
    for path in [
        "/",
        "/v1/chat/completions",
        "/nobody/v1/x",
        "/OpenAI/v1/x",
        "/openai%2Fv1",
        "//openai/v1",
    ] {
        let answer = send(&http1(), post(&world.url(path), &[], "")).await;
        assert_eq!(answer.ours(), Some("not_found"), "{path}: {answer:?}");
    }
    // A parameter is part of a host's name, never another host.
    for path in [
        "/azure/evil.example%2F/openai/x",
        "/azure//openai/x",
        "/azure/evil.example:80/x",
        "/azure/a@evil.example/x",
        "/bedrock/us-east-1.evil/x",
    ] {
        let answer = send(&http1(), post(&world.url(path), &[], "")).await;
        assert_eq!(answer.ours(), Some("invalid_path"), "{path}: {answer:?}");
    }
    assert_eq!((upstream.seen().len(), world.end().await.len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn protocols_that_are_no_calls_are_refused() {
    let upstream = Upstream::start(|_| async { whole(200, "reached") }).await;
    let world = World::at(&upstream).await;
    let headers = [("Connection", "upgrade"), ("Upgrade", "websocket")];
    let answer = send(
        &http1(),
        post(&world.url("/openai/v1/realtime"), &headers, ""),
    )
    .await;
    assert_eq!(answer.ours(), Some("upgrade_not_supported"));
    assert_eq!(upstream.seen().len(), 0);
}
