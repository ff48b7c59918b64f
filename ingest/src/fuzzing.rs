//! Bodies of `POST /events`, whatever they are: for `fuzz/`, and for the test of its seeds.
//! Compiled for tests and with the feature `fuzzing` only.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt as _;
use schemas::{Record, record};
use serde_json::Value;
use service::auth::Authenticator;
use service::config::RetentionArgs;
use service::publish::{PublishFuture, Publisher};
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

use crate::{Ingest, IngestArgs, router};

/// Small enough for a fuzzer's memory.
const INFLIGHT_BYTES_MAX: usize = 64 << 20;

/// A body of JSON, or behind a first line break of NDJSON.
///
/// # Panics
/// When an event is neither accepted nor rejected, or a record is not one that the
/// aggregator can read.
pub fn events(data: &[u8]) {
    match data.strip_prefix(b"\n") {
        Some(lines) => send(lines, ("content-type", "application/x-ndjson")),
        None => send(data, ("content-type", "application/json")),
    }
}

/// A compressed body: by the first byte gzip or zstd.
///
/// # Panics
/// As [`events`].
pub fn encoded(data: &[u8]) {
    match data.split_first() {
        Some((0..128, body)) => send(body, ("content-encoding", "gzip")),
        Some((_, body)) => send(body, ("content-encoding", "zstd")),
        None => {}
    }
}

/// Reads every record as the aggregator does.
#[derive(Default)]
struct Reader(Mutex<usize>);

impl Publisher for Reader {
    fn publish(&self, records: &[Record]) -> PublishFuture {
        for made in records {
            let read = record::decode(Some(made.key()), Some(&made.value()));
            assert_eq!(read.as_ref(), Ok(made.event()), "accepted, and poison");
        }
        *self.0.lock().unwrap() += records.len();
        Box::pin(std::future::ready(Ok(())))
    }
}

struct Bench {
    runtime: Runtime,
    router: Router,
    reader: Arc<Reader>,
}

impl Bench {
    fn new() -> Self {
        let args = IngestArgs {
            ingest_inflight_bytes_max: INFLIGHT_BYTES_MAX,
            ..IngestArgs::default()
        };
        let reader = Arc::new(Reader::default());
        let retention = RetentionArgs::new(400, 1200);
        let publisher = Arc::<Reader>::clone(&reader);
        let ingest = Ingest::new(args, retention, Authenticator::off(false), publisher).unwrap();
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        Self {
            runtime: runtime.enable_time().build().unwrap(),
            router: router(ingest),
            reader,
        }
    }
}

fn send(body: &[u8], header: (&str, &str)) {
    thread_local! {
        static BENCH: Bench = Bench::new();
    }
    BENCH.with(|bench| {
        *bench.reader.0.lock().unwrap() = 0;
        let request = Request::post("/events")
            .header("host", "localhost")
            .header(header.0, header.1)
            .body(Body::from(body.to_vec()))
            .unwrap();
        let (status, answer) = bench.runtime.block_on(async {
            let response = bench.router.clone().oneshot(request).await.unwrap();
            let status = response.status().as_u16();
            (
                status,
                response.into_body().collect().await.unwrap().to_bytes(),
            )
        });
        check(status, &answer, *bench.reader.0.lock().unwrap());
    });
}

fn check(status: u16, answer: &[u8], published: usize) {
    let answer: Value = serde_json::from_slice(answer).unwrap();
    match status {
        202 | 422 => {
            assert_eq!(answer["accepted"], published);
            let rejected = answer["rejected"].as_array().unwrap().len();
            assert!(status == 202 || (published == 0 && rejected > 0));
        }
        400 | 413 | 429 => assert_eq!(published, 0),
        other => panic!("{other}: {answer}"),
    }
}

#[cfg(test)]
#[path = "../../fuzz/mutate.rs"]
mod mutate;

#[cfg(test)]
mod tests {
    use super::mutate;

    #[test]
    fn bodies_are_answered() {
        mutate::each("events", super::events);
    }

    #[test]
    fn compressed_bodies_are_answered() {
        mutate::each("encoded", super::encoded);
    }
}
