#![allow(clippy::unwrap_used)]
use std::io::Write;

use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};

use super::*;
use crate::admission::Admission;

fn headers(name: axum::http::HeaderName, value: &str) -> HeaderMap {
    HeaderMap::from_iter([(name, value.parse().unwrap())])
}

fn share(bytes: usize) -> Share {
    let args = IngestArgs {
        ingest_inflight_bytes_max: bytes,
        ..IngestArgs::default()
    };
    Admission::new(&args).admit().unwrap()
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn deflate(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn content_types() {
    assert_eq!(format(&HeaderMap::new()).unwrap(), Format::Json);
    for (value, expected) in [
        ("application/json", Some(Format::Json)),
        ("Application/JSON; charset=UTF-8", Some(Format::Json)),
        ("application/vnd.x+json", Some(Format::Json)),
        ("application/x-ndjson", Some(Format::Ndjson)),
        ("application/jsonl", Some(Format::Ndjson)),
        ("application/json; charset=latin1", None),
        ("text/plain", None),
        ("application/x-www-form-urlencoded", None),
        ("", None),
    ] {
        assert_eq!(
            format(&headers(CONTENT_TYPE, value)).ok(),
            expected,
            "{value}"
        );
    }
}

#[test]
fn content_encodings() {
    for (value, expected) in [
        ("gzip", Some(Encoding::Gzip)),
        ("ZSTD", Some(Encoding::Zstd)),
        ("deflate", Some(Encoding::Deflate)),
        ("identity", Some(Encoding::Identity)),
        ("br", None),
        ("gzip, zstd", None),
    ] {
        assert_eq!(
            encoding(&headers(CONTENT_ENCODING, value)).ok(),
            expected,
            "{value}"
        );
    }
}

#[test]
fn each_encoding_is_undone() {
    let data = b"x".repeat(1_000_000);
    let zstd = zstd::encode_all(&data[..], 1).unwrap();
    assert_eq!(
        decode::gzip(&gzip(&data), &mut share(4 << 20)).unwrap(),
        data
    );
    assert_eq!(
        decode::deflate(&deflate(&data), &mut share(4 << 20)).unwrap(),
        data
    );
    assert_eq!(decode::zstd(&zstd, &mut share(4 << 20)).unwrap(), data);
    let empty = decode::gzip(&gzip(b""), &mut share(4 << 20)).unwrap();
    assert!(empty.is_empty());
}

#[test]
fn bombs_are_noticed_before_they_fill_the_memory() {
    let zeros = vec![0; 100 << 20];
    for decoded in [
        decode::gzip(&gzip(&zeros), &mut share(512 << 20)),
        decode::deflate(&deflate(&zeros), &mut share(512 << 20)),
        decode::zstd(
            &zstd::encode_all(&zeros[..], 1).unwrap(),
            &mut share(512 << 20),
        ),
    ] {
        let problem = decoded.unwrap_err();
        assert_eq!(
            (problem.status().as_u16(), problem.code()),
            (413, "decoded_body_too_large")
        );
    }
    let problem = decode::gzip(&gzip(&zeros), &mut share(8 << 20)).unwrap_err();
    assert_eq!(problem.status(), 429, "no room is no reason to take it");
}

#[test]
fn what_is_not_what_it_says_is_a_bad_request() {
    let whole = gzip(b"some text, long enough to be cut off");
    for sent in [&b"plain"[..], &whole[..whole.len() - 5], b""] {
        assert_eq!(
            decode::gzip(sent, &mut share(4 << 20))
                .unwrap_err()
                .status(),
            400
        );
    }
    assert_eq!(
        decode::deflate(b"plain", &mut share(4 << 20))
            .unwrap_err()
            .status(),
        400
    );
    assert_eq!(
        decode::zstd(b"plain", &mut share(4 << 20))
            .unwrap_err()
            .status(),
        400
    );
    let whole = zstd::encode_all(&b"some text"[..], 1).unwrap();
    assert_eq!(
        decode::zstd(&whole[..6], &mut share(4 << 20))
            .unwrap_err()
            .status(),
        400
    );
}

#[tokio::test]
async fn a_body_is_read_to_its_limit() {
    let args = IngestArgs {
        ingest_body_timeout_ms: 100,
        ..IngestArgs::default()
    };
    let receive = async |mut body: Body| {
        read(&HeaderMap::new(), &mut body, &args, &mut share(64 << 20)).await
    };
    let status = |outcome: Result<Received, Problem>| outcome.unwrap_err().status().as_u16();
    let pieces = |n: usize| {
        Body::from_stream(futures::stream::iter(
            (0..n).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![b' '; 1 << 20]))),
        ))
    };
    assert_eq!(
        receive(pieces(10)).await.unwrap().sent.len(),
        SENT_BYTES_MAX
    );
    assert_eq!(status(receive(pieces(11)).await), 413);
    let slow = Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
    assert_eq!(status(receive(slow).await), 408);
    let broken = futures::stream::iter([Err::<Bytes, _>(std::io::Error::other("gone"))]);
    assert_eq!(status(receive(Body::from_stream(broken)).await), 400);
}
