//! Files in the binary, in the form that the browser likes best.

use axum::body::Body;
use axum::http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

pub(super) struct File {
    pub(super) name: &'static str,
    etag: &'static str,
    plain: &'static [u8],
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

/// What `build.rs` found.
pub(super) const FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The file, or 304 when the browser has it; `None` when there is no such file.
pub(super) fn respond(name: &str, headers: &HeaderMap) -> Option<Response> {
    let file = FILES.iter().find(|file| file.name == name)?;
    let common = [
        (ETAG, file.etag),
        (VARY, "accept-encoding"),
        (CONTENT_TYPE, media_type(name)),
    ];
    let known = headers
        .get(IF_NONE_MATCH)
        .and_then(|tags| tags.to_str().ok())
        .is_some_and(|tags| tags.split(',').any(|tag| opaque(tag) == file.etag));
    if known {
        return Some((StatusCode::NOT_MODIFIED, common).into_response());
    }
    let (encoding, bytes) = match (file.brotli, file.gzip) {
        (Some(bytes), _) if accepts(headers, "br") => (Some("br"), bytes),
        (_, Some(bytes)) if accepts(headers, "gzip") => (Some("gzip"), bytes),
        _ => (None, file.plain),
    };
    let encoding = encoding.map(|encoding| [(CONTENT_ENCODING, encoding)]);
    let body = Body::from(bytes);
    Some(match encoding {
        Some(encoding) => (common, encoding, body).into_response(),
        None => (common, body).into_response(),
    })
}

/// A tag without the mark of weakness, which proxies that compress put there.
fn opaque(tag: &str) -> &str {
    let tag = tag.trim();
    tag.strip_prefix("W/").unwrap_or(tag)
}

fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let ranges = headers.get_all(ACCEPT_ENCODING).iter();
    ranges
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|range| {
            let (name, parameters) = range.split_once(';').unwrap_or((range, ""));
            let refused = matches!(parameters.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
            name.trim().eq_ignore_ascii_case(encoding) && !refused
        })
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}
