//! Without authentication the browser is the attacker's way in: a page of another origin
//! may post blindly, and DNS rebinding makes such a page one of "our" origin. Both show in
//! the headers `Host` and `Origin`.

use std::net::{Ipv4Addr, Ipv6Addr};

use axum::extract::Request;
use axum::http::header::{HOST, ORIGIN};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;

use crate::Problem;

/// # Errors
/// 403 unless `Host` is a loopback name (or remote callers are allowed) and `Origin` is
/// absent or our own.
pub(super) fn check(parts: &Parts, allow_remote: bool) -> Result<(), Problem> {
    let host = host(parts).ok_or_else(|| refused("one `Host` is required"))?;
    let target = parts
        .uri
        .authority()
        .map_or(host, axum::http::uri::Authority::as_str);
    let foreign = !is_loopback(host) || !is_loopback(target);
    if foreign && !allow_remote {
        return Err(refused(
            "with authentication off, `Host` must be localhost or a loopback address",
        ));
    }
    let mut origins = parts.headers.get_all(ORIGIN).iter();
    let own = |value: &axum::http::HeaderValue| {
        value
            .to_str()
            .is_ok_and(|origin| is_own_origin(origin, host))
    };
    if !origins.all(own) {
        return Err(refused("requests from other web pages are refused"));
    }
    Ok(())
}

/// For ports without authentication that listen on this machine only: refuses web pages.
pub(crate) async fn local_only(request: Request, next: Next) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    check(&parts, false)?;
    Ok(next.run(Request::from_parts(parts, body)).await)
}

fn refused(detail: &'static str) -> Problem {
    Problem::forbidden("untrusted_origin", detail)
}

/// The one `Host`; HTTP/2 carries it as the URI's authority.
fn host(parts: &Parts) -> Option<&str> {
    let mut hosts = parts.headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok(),
        (None, _) => parts
            .uri
            .authority()
            .map(axum::http::uri::Authority::as_str),
        _ => None,
    }
}

/// `localhost`, 127.0.0.0/8 or `[::1]`, with any port.
fn is_loopback(host: &str) -> bool {
    let name = without_port(host);
    if let Some(address) = name
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        return address.parse::<Ipv6Addr>().is_ok_and(|ip| ip.is_loopback());
    }
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.chars().all(|c| c.is_ascii_digit()) => name,
        _ => host,
    }
}

/// A port speaks either HTTP or HTTPS, so an origin of the same host and port is ours. Each
/// scheme leaves its default port out.
fn is_own_origin(origin: &str, host: &str) -> bool {
    let is_own = |scheme: &str, port: &str| {
        let plain = |authority: &str| {
            let name = authority.strip_suffix(port).unwrap_or(authority);
            name.to_ascii_lowercase()
        };
        origin
            .strip_prefix(scheme)
            .is_some_and(|authority| plain(authority) == plain(host))
    };
    is_own("http://", ":80") || is_own("https://", ":443")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use axum::http::Request;

    use super::*;

    fn allowed(headers: &[(&str, &str)], allow_remote: bool) -> bool {
        let mut request = Request::builder().uri("/events");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        check(&request.body(()).unwrap().into_parts().0, allow_remote).is_ok()
    }

    #[test]
    fn only_loopback_names_are_our_host() {
        for host in [
            "localhost",
            "LOCALHOST:8000",
            "127.0.0.1:8000",
            "127.9.9.9",
            "[::1]:80",
            "[::1]",
        ] {
            assert!(allowed(&[("host", host)], false), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1:8000",
            "0.0.0.0",
            "[::2]",
            "",
            "127.1",
            "localhost:80@evil.example",
        ] {
            assert!(!allowed(&[("host", host)], false), "{host}");
        }
        assert!(!allowed(&[], false));
        assert!(!allowed(
            &[("host", "localhost"), ("host", "evil.example")],
            false
        ));
        assert!(allowed(&[("host", "collector.internal:8000")], true));
    }

    #[test]
    fn pages_of_other_origins_are_refused() {
        let from = |origin| allowed(&[("host", "localhost:8000"), ("origin", origin)], false);
        assert!(from("http://localhost:8000") && from("https://localhost:8000"));
        for origin in [
            "http://localhost:3000",
            "https://localhost:8001",
            "ftp://localhost:8000",
            "http://evil.example",
            "null",
            "http://127.0.0.1:8000",
            "http://localhost:8000.evil.example",
            "",
        ] {
            assert!(!from(origin), "{origin}");
        }
        assert!(allowed(
            &[("host", "localhost"), ("origin", "http://localhost:80")],
            false
        ));
        let remote = [
            ("host", "collector.internal"),
            ("origin", "http://evil.example"),
        ];
        assert!(!allowed(&remote, true));
    }
}
