//! What a client may send to the HTTP interface, up to the engine: for `fuzz/`, and for the
//! test of its seeds. Compiled for tests and with the feature `fuzzing` only.
#![allow(clippy::unwrap_used)]

use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use bytes::Bytes;
use futures::FutureExt as _;

use super::request::Request;
use super::statement::Statement;
use super::{compression, format, sql};

/// Small enough for a fuzzer's memory.
const BODY_BYTES_MAX: usize = 1 << 20;

/// A request: the URL's query, the content type and the content encoding, a line each; the
/// rest is the body.
///
/// # Panics
/// When an insert's data is not what was sent, or a part of the request is made up.
pub fn request(data: &[u8]) {
    let mut lines = data.splitn(4, |byte| *byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let (url, content_type, encoding, body) = (line(), line(), line(), line());
    let Ok(url) = std::str::from_utf8(url) else {
        return;
    };
    let mut headers = HeaderMap::new();
    for (name, value) in [(CONTENT_TYPE, content_type), (CONTENT_ENCODING, encoding)] {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.insert(name, value);
        }
    }
    let request = Request::from_url(url, &headers);
    let Ok(body) = request.unpack(Bytes::copy_from_slice(body), BODY_BYTES_MAX) else {
        return;
    };
    assert!(body.len() <= BODY_BYTES_MAX);
    // The whole body is there: nothing is waited for.
    let taken = request.with_body(&headers, body).now_or_never().unwrap();
    if let Ok(request) = taken {
        statement(request);
    }
}

fn statement(request: Request) {
    let text = request.text();
    let statement = Statement::new(request, "/*tag*/".to_owned());
    let (sql, insert) = statement.parts();
    assert!(text.starts_with(sql), "the engine gets another statement");
    if let Some((name, data)) = insert {
        assert_eq!(sql::first_word(sql), "INSERT");
        assert!(!name.is_empty());
        assert!(sql.len() + data.len() <= text.len());
        // A line break stands between a query and a body that are both there.
        assert!(text.ends_with(data) || data.len() < text.len());
    }
    let _ = (statement.is_empty(), sql::reaches_files(&text));
    let _ = format::joining(statement.output_format());
    let _ = format::content_type(statement.output_format());
    let _ = format::header_length(&text);
}

/// ClickHouse's compressed blocks, or what should be such.
///
/// # Panics
/// When a limit is passed, or what was framed does not come back.
pub fn blocks(data: &[u8]) {
    if let Ok(plain) = compression::read_blocks(data, BODY_BYTES_MAX) {
        assert!(plain.len() <= BODY_BYTES_MAX);
    }
    let framed = compression::write_blocks(data);
    let back = compression::read_blocks(&framed, data.len()).unwrap();
    assert_eq!(back, data);
}

#[cfg(test)]
#[path = "../../../fuzz/mutate.rs"]
mod mutate;

#[cfg(test)]
mod tests {
    use super::mutate;

    #[test]
    fn requests_are_understood_or_refused() {
        mutate::each("clickhouse_requests", super::request);
    }

    #[test]
    fn blocks_are_read_or_refused() {
        mutate::each("clickhouse_blocks", super::blocks);
    }
}
