//! What goes wrong is told, and tried once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use proxy::List;
use schemas::wire::Status;
use service::auth::Authenticator;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::client::{http1, next, post, send};
use crate::upstream::{Upstream, pieces, whole};
use crate::world::World;

/// A server that reads a request's head and then does as it is told, and counts requests.
async fn raw(answer: &'static str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let counted = Arc::clone(&counted);
            tokio::spawn(async move {
                let mut answers = [answer, ""].into_iter();
                let mut head = Vec::new();
                while let Ok(byte) = stream.read_u8().await {
                    head.push(byte);
                    if head.ends_with(b"\r\n\r\n") {
                        head.clear();
                        counted.fetch_add(1, Ordering::SeqCst);
                        match answers.next() {
                            Some("") | None => return,
                            Some(answer) => stream.write_all(answer.as_bytes()).await.unwrap(),
                        }
                    }
                }
            });
        }
    });
    (base, count)
}

async fn world_at(base: &str) -> World {
    let named = List::parse(&format!("openai={base}")).unwrap();
    World::start(Authenticator::off(false), |settings| {
        settings.upstream.proxy_upstreams = named;
        settings.upstream.proxy_connect_timeout_ms = 2_000;
        settings.upstream.proxy_response_timeout_ms = 500;
        settings.upstream.proxy_idle_timeout_ms = 500;
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_may_have_been_sent_is_not_sent_again() {
    // The first request of a connection is answered, the second cut off: what a pooled
    // connection looks like that the provider closes at the moment we use it.
    let (base, count) = raw("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let world = world_at(&base).await;
    let client = http1();
    let url = world.url("/openai/v1/x");
    let first = send(&client, post(&url, &[], "")).await;
    assert_eq!(first.status, 200);
    let second = send(&client, post(&url, &[], "")).await;
    assert_eq!(second.ours(), Some("upstream_broke"), "{second:?}");
    assert_eq!(
        (second.status.as_u16(), count.load(Ordering::SeqCst)),
        (502, 2)
    );
    let events = world.end().await;
    assert_eq!(events.len(), 2);
    let broken = events
        .iter()
        .find(|event| event.status() == Status::Error)
        .unwrap();
    assert_eq!(broken.error_type, "upstream_broke");
    // It may have been carried out: what it cost is not known.
    assert_eq!(broken.cost_pico_usd, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_not_there_costs_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let world = world_at(&base).await;
    let answer = send(&http1(), post(&world.url("/openai/v1/x"), &[], "")).await;
    assert_eq!(
        (answer.status.as_u16(), answer.ours()),
        (502, Some("upstream_unreachable"))
    );
    let event = &world.end().await[0];
    assert_eq!((event.status(), event.http_status), (Status::Error, 0));
    assert_eq!(event.cost_pico_usd, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_unknown_is_told() {
    let world = world_at("http://no-such-host.invalid").await;
    let answer = send(&http1(), post(&world.url("/openai/v1/x"), &[], "")).await;
    assert_eq!(
        (answer.status.as_u16(), answer.ours()),
        (502, Some("upstream_name_unknown"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_does_not_answer_in_time() {
    let upstream = Upstream::start(|_| async {
        tokio::time::sleep(Duration::from_secs(60)).await;
        whole(200, "")
    })
    .await;
    let world = world_at(&format!("http://{}", upstream.address)).await;
    let answer = send(&http1(), post(&world.url("/openai/v1/x"), &[], "")).await;
    assert_eq!(
        (answer.status.as_u16(), answer.ours()),
        (504, Some("upstream_timeout"))
    );
    let event = &world.end().await[0];
    assert_eq!(
        (event.status(), event.cost_pico_usd),
        (Status::Timeout, None)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_breaks_off_breaks_off_for_the_client() {
    for pause in [false, true] {
        let (pieces_in, response) = pieces();
        let response = std::sync::Mutex::new(Some(response));
        let upstream = Upstream::start(move |_| {
            let response = response.lock().unwrap().take().unwrap();
            async move { response }
        })
        .await;
        let world = world_at(&format!("http://{}", upstream.address)).await;
        let request = post(&world.url("/openai/v1/x"), &[], "");
        let mut body = http1().request(request).await.unwrap().into_body();
        pieces_in
            .send(Ok(Bytes::from_static(b"data: 1\n\n")))
            .await
            .unwrap();
        assert_eq!(next(&mut body).await.unwrap().unwrap(), "data: 1\n\n");
        if !pause {
            let broken = std::io::Error::other("cut");
            pieces_in.send(Err(broken)).await.unwrap();
        }
        // Never an end that looks like one.
        assert!(next(&mut body).await.unwrap().is_err());
        let events = world.end().await;
        assert_eq!(events.len(), 1);
        let expected = if pause {
            Status::Timeout
        } else {
            Status::Error
        };
        assert_eq!((events[0].status(), events[0].http_status), (expected, 200));
        assert_eq!(events[0].cost_pico_usd, None);
    }
}
