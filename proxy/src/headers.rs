//! Which headers go on: all but those of one connection (RFC 9110, 7.6.1) and our own.

use axum::http::header::{
    CONNECTION, EXPECT, HOST, HeaderName, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};
use axum::http::{HeaderMap, HeaderValue};

use crate::context::PREFIX;

static HOP_BY_HOP: [HeaderName; 9] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    HeaderName::from_static("http2-settings"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Leaves in a request what the provider is to see.
pub(crate) fn for_provider(headers: &mut HeaderMap) {
    let trailers = headers
        .get(TE)
        .is_some_and(|te| te.as_bytes() == b"trailers");
    // The host is the target's: the client makes it. And the body follows without a question.
    remove_with_hop_by_hop(headers, |name| {
        [TE, HOST, EXPECT].contains(name) || name.as_str().starts_with(PREFIX)
    });
    if trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
}

/// Leaves in a response what the client is to see.
pub(crate) fn for_client(headers: &mut HeaderMap) {
    remove_with_hop_by_hop(headers, |_| false);
}

/// Those of one connection, and those that `goes` names.
fn remove_with_hop_by_hop(headers: &mut HeaderMap, goes: impl Fn(&HeaderName) -> bool) {
    // `Connection` names further ones.
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    // Looks through those that are there, which are few.
    let all_going =
        |name: &&HeaderName| named.contains(name) || HOP_BY_HOP.contains(name) || goes(name);
    let going: Vec<HeaderName> = headers.keys().filter(all_going).cloned().collect();
    for name in going {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn neither_ours_nor_the_connections_go_on() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("Connection", "close, X-Secret-Hop"),
            ("X-Secret-Hop", "1"),
            ("Keep-Alive", "timeout=5"),
            ("TE", "trailers"),
            ("Transfer-Encoding", "chunked"),
            ("Host", "localhost"),
            ("Expect", "100-continue"),
            ("Proxy-Authorization", "Basic eA=="),
            ("X-LLMObserve-Api-Key", "llmo_sk_x"),
            ("X-LLMOBSERVE-Anything-New", "1"),
            ("Authorization", "Bearer vendor"),
            ("Accept-Encoding", "gzip"),
        ] {
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, value.parse().unwrap());
        }
        for_provider(&mut headers);
        let mut left: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["accept-encoding", "authorization", "te"]);
    }
}
