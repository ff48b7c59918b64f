//! Many streams at once, and a very long one.

use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::client::{http1, next, post};
use crate::upstream::{Upstream, pieces, streamed};
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_slow_streams_at_once() {
    const STREAMS: usize = 1000;
    const PIECES: usize = 10;
    let upstream = Upstream::start(|_| async {
        let piece = Bytes::from_static(b"data: {\"choices\":[]}\n\n");
        streamed(vec![piece; PIECES], Duration::from_millis(200))
    })
    .await;
    let world = World::at(&upstream).await;
    let url = world.url("/openai/v1/chat/completions");
    let begun = Instant::now();
    let streams = (0..STREAMS).map(|_| {
        let (client, url) = (http1(), url.clone());
        tokio::spawn(async move {
            let request = post(&url, &[], r#"{"stream":true}"#);
            let mut body = client.request(request).await.unwrap().into_body();
            let mut bytes = 0;
            while let Some(piece) = next(&mut body).await {
                bytes += piece.unwrap().len();
            }
            bytes
        })
    });
    let streams: Vec<_> = streams.collect();
    for stream in streams {
        assert_eq!(stream.await.unwrap(), PIECES * 22);
    }
    // One after the other they would take over half an hour.
    println!("{STREAMS} streams of 2 s took {:?}", begun.elapsed());
    assert_eq!(world.end().await.len(), STREAMS);
}

fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<usize>()
        .unwrap()
        * 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_stays_flat_over_a_gigabyte() {
    const PIECE: usize = 64 << 10;
    const TOTAL: usize = 1 << 30;
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
    let mut body = http1().request(request).await.unwrap().into_body();
    tokio::spawn(async move {
        // One event without an end, then many: neither may be collected.
        let endless = Bytes::from(vec![b'x'; PIECE]);
        let event = Bytes::from(format!("data: {}\n\n", "y".repeat(PIECE - 8)));
        for n in 0..TOTAL / PIECE {
            let piece = if n < TOTAL / PIECE / 2 {
                &endless
            } else {
                &event
            };
            pieces_in.send(Ok(piece.clone())).await.unwrap();
        }
    });
    let (mut bytes, mut first, mut most) = (0, 0, 0);
    while let Some(piece) = next(&mut body).await {
        let before = bytes;
        bytes += piece.unwrap().len();
        if before >> 26 != bytes >> 26 {
            first = if first == 0 { resident_bytes() } else { first };
            most = most.max(resident_bytes());
        }
    }
    assert_eq!(bytes, TOTAL);
    println!(
        "resident: {} MiB after 64 MiB, at most {} MiB after that",
        first >> 20,
        most >> 20
    );
    assert!(most < first + (64 << 20), "memory grows with the stream");
}
