//! A client that leaves: one event, whenever it leaves, and honest about it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use proxy::OnDisconnect;
use schemas::wire::Status;

use crate::client::{http1, http2, next, post};
use crate::upstream::{Upstream, pieces, whole};
use crate::world::World;

/// A recorded stream's shape: the usage comes last.
fn stream() -> Vec<Bytes> {
    let mut events: Vec<String> = ["Hello", ",", " world", "!"]
        .iter()
        .map(|text| {
            format!(
                r#"data: {{"id":"c1","object":"chat.completion.chunk","model":"gpt-4o-mini-2024-07-18","choices":[{{"index":0,"delta":{{"content":"{text}"}}}}],"usage":null}}"#
            )
        })
        .collect();
    events.push(r#"data: {"id":"c1","object":"chat.completion.chunk","model":"gpt-4o-mini-2024-07-18","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13}}"#.to_owned());
    events.push("data: [DONE]".to_owned());
    events
        .iter()
        .map(|event| Bytes::from(format!("{event}\n\n")))
        .collect()
}

const ASKED: &str = r#"{"model":"gpt-4o-mini","stream":true,"stream_options":{"include_usage":true},"messages":[]}"#;

/// Reads so many pieces and leaves. The upstream sends each piece when the one before is read.
async fn leave_after(
    read: usize,
    policy: OnDisconnect,
    is_http2: bool,
) -> schemas::wire::UsageEvent {
    let all = stream();
    let (pieces_in, response) = pieces();
    let response = std::sync::Mutex::new(Some(response));
    let upstream = Upstream::start(move |_| {
        let response = response.lock().unwrap().take().unwrap();
        async move { response }
    })
    .await;
    let world = World::with(&upstream, |settings| {
        settings.upstream.proxy_on_disconnect = policy;
        settings.upstream.proxy_drain_bytes_max = 100_000_000;
    })
    .await;
    let client = if is_http2 { http2() } else { http1() };
    let request = post(&world.url("/openai/v1/chat/completions"), &[], ASKED);
    let mut body = client.request(request).await.unwrap().into_body();
    for piece in &all[..read] {
        pieces_in.send(Ok(piece.clone())).await.unwrap();
        assert_eq!(next(&mut body).await.unwrap().unwrap(), *piece);
    }
    drop((body, client));
    if policy == OnDisconnect::Drain {
        // More than the sockets between can hold: it only passes once the client is known gone.
        let more = Bytes::from(format!(": {}\n\n", "more ".repeat(20_000)));
        for _ in 0..200 {
            pieces_in.send(Ok(more.clone())).await.unwrap();
        }
        for piece in &all[read..] {
            pieces_in.send(Ok(piece.clone())).await.unwrap();
        }
        drop(pieces_in);
    } else {
        // The provider learns of it, and can stop.
        let begun = Instant::now();
        while !pieces_in.is_closed() {
            assert!(
                begun.elapsed() < Duration::from_secs(10),
                "the provider goes on"
            );
            let _ = pieces_in.try_send(Ok(Bytes::from_static(b": more\n\n")));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    world.events(1).await;
    let events = world.end().await;
    assert_eq!(events.len(), 1, "after {read} pieces");
    assert_eq!(upstream.seen().len(), 1);
    events.into_iter().next().unwrap()
}

/// Behind the last word there is nothing to wait for: OpenAI's own library leaves there.
fn status_after(read: usize) -> Status {
    if read == stream().len() {
        Status::Ok
    } else {
        Status::Cancelled
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_at_every_piece() {
    for is_http2 in [false, true] {
        for read in 0..=stream().len() {
            let event = leave_after(read, OnDisconnect::Cut, is_http2).await;
            assert_eq!(
                (event.status(), event.http_status),
                (status_after(read), 200)
            );
            assert!(event.ttft_us.is_some() || read == 0 || !event.is_streaming);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn drained_at_every_piece() {
    for read in 0..=stream().len() {
        let event = leave_after(read, OnDisconnect::Drain, false).await;
        assert_eq!(
            (event.status(), event.http_status),
            (status_after(read), 200)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn before_there_is_an_answer() {
    for policy in [OnDisconnect::Cut, OnDisconnect::Drain] {
        let upstream = Upstream::start(|_| async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            whole(
                200,
                r#"{"model":"gpt-4o-mini","usage":{"prompt_tokens":1,"completion_tokens":1}}"#,
            )
        })
        .await;
        let world = World::with(&upstream, |settings| {
            settings.upstream.proxy_on_disconnect = policy;
        })
        .await;
        let request = post(&world.url("/openai/v1/chat/completions"), &[], ASKED);
        let asking = tokio::time::timeout(Duration::from_millis(200), http1().request(request));
        assert!(asking.await.is_err());
        world.events(1).await;
        let events = world.end().await;
        assert_eq!(events.len(), 1);
        let status = if policy == OnDisconnect::Cut { 0 } else { 200 };
        assert_eq!(
            (events[0].status(), events[0].http_status),
            (Status::Cancelled, status)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_ends_at_its_bounds() {
    let (pieces_in, response) = pieces();
    let response = std::sync::Mutex::new(Some(response));
    let upstream = Upstream::start(move |_| {
        let response = response.lock().unwrap().take().unwrap();
        async move { response }
    })
    .await;
    let world = World::with(&upstream, |settings| {
        settings.upstream.proxy_on_disconnect = OnDisconnect::Drain;
        settings.upstream.proxy_drain_bytes_max = 1_000_000;
    })
    .await;
    let request = post(&world.url("/openai/v1/chat/completions"), &[], ASKED);
    let client = http1();
    let body = client.request(request).await.unwrap().into_body();
    drop((body, client));
    let piece = Bytes::from(vec![b'x'; 10_000]);
    let mut sent = 0;
    while pieces_in.send(Ok(piece.clone())).await.is_ok() {
        sent += 1;
        assert!(sent < 10_000, "drained without a bound");
    }
    assert!(sent >= 100);
    assert_eq!(world.events(1).await[0].status(), Status::Cancelled);
}
