//! The route over a publisher in memory: what is sent away, to come again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use ingest::IngestArgs;
use serde_json::json;
use service::publish::PublishError;

use crate::support::{Bench, event, gzip};

#[tokio::test]
async fn what_is_not_stored_is_not_accepted() {
    let bench = Bench::new();
    for error in [PublishError::Unavailable, PublishError::QueueFull] {
        bench.fail_next(error);
        let answer = bench.post(json!([event("a"), {}]).to_string()).await;
        assert_eq!(answer.status, 503);
        assert!(answer.header("retry-after").parse::<u32>().unwrap() > 0);
        assert!(answer.body.get("accepted").is_none());
    }
    assert_eq!(bench.post(event("a").to_string()).await.status, 202);
}

#[tokio::test]
async fn too_much_at_once_is_sent_away_and_comes_again() {
    let args = IngestArgs {
        ingest_requests_max: 1,
        ..IngestArgs::default()
    };
    let bench = Bench::with_args(args);
    bench.hold(true);
    let first = tokio::spawn({
        let bench = bench.clone();
        async move { bench.post(event("a").to_string()).await.status }
    });
    while bench.ids().is_empty() {
        tokio::task::yield_now().await;
    }
    let second = bench.post(event("b").to_string()).await;
    assert_eq!((second.status, second.code()), (429, "overloaded"));
    assert_eq!(second.header("retry-after"), "1");
    bench.hold(false);
    assert_eq!(first.await.unwrap(), 202);
    assert_eq!(bench.post(event("b").to_string()).await.status, 202);
}

#[tokio::test]
async fn a_body_larger_than_the_room_is_sent_away() {
    let args = IngestArgs {
        ingest_inflight_bytes_max: 1 << 20,
        ..IngestArgs::default()
    };
    let bench = Bench::with_args(args);
    let bomb = gzip(&vec![b' '; 8 << 20]);
    assert_eq!(
        bench
            .send(bomb, &[("content-encoding", "gzip")])
            .await
            .status,
        429
    );
    assert_eq!(bench.post(vec![b' '; 2 << 20]).await.status, 429);
    assert_eq!(
        bench.post(event("a").to_string()).await.status,
        202,
        "and the room is free again"
    );
}

/// What is left unread resets the connection, and the answer never arrives.
#[tokio::test]
async fn a_request_that_is_refused_is_read_to_its_end() {
    let no_request = IngestArgs {
        ingest_requests_max: 0,
        ..IngestArgs::default()
    };
    let no_room = IngestArgs {
        ingest_inflight_bytes_max: 1 << 20,
        ..IngestArgs::default()
    };
    for args in [no_request, no_room] {
        let read = Arc::new(AtomicUsize::new(0));
        let pieces = (0..64).map({
            let read = Arc::clone(&read);
            move |_| {
                read.fetch_add(1, Ordering::Relaxed);
                Ok::<_, std::io::Error>(vec![b' '; 64 << 10])
            }
        });
        let body = Body::from_stream(futures::stream::iter(pieces));
        let answer = Bench::with_args(args).post(body).await;
        assert_eq!((answer.status, answer.code()), (429, "overloaded"));
        assert_eq!(read.load(Ordering::Relaxed), 64);
    }
}
