//! What browsers are told.

use super::*;
use crate::config::Origin;

const PREFLIGHT: &str = "OPTIONS /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
    Origin: https://app.example.com\r\nAccess-Control-Request-Method: POST\r\n\
    Access-Control-Request-Headers: authorization,content-type\r\n\r\n";

fn from(origin: &str) -> String {
    request("/slow").replace("Host: x", &format!("Host: x\r\nOrigin: {origin}"))
}

#[tokio::test]
async fn every_answer_is_hardened() {
    let server = start(|_| ()).await;
    for path in ["/slow", "/nowhere", "/panic"] {
        let answer = exchange(server.address, &request(path)).await;
        for header in [
            "x-content-type-options: nosniff",
            "x-frame-options: DENY",
            "referrer-policy: no-referrer",
            "cache-control: no-store",
            "content-security-policy: default-src 'none'; frame-ancestors 'none'",
        ] {
            assert!(answer.contains(header), "{path}: {header} in {answer}");
        }
    }
    let page = exchange(server.address, &request("/page")).await;
    assert!(
        page.contains("script-src 'self'") && page.contains("cache-control: max-age=60"),
        "{page}"
    );
    assert!(!page.contains("unsafe-inline"), "{page}");
}

#[tokio::test]
async fn pages_of_other_origins_read_nothing_unless_configured() {
    let server = start(|_| ()).await;
    for asked in [PREFLIGHT.to_owned(), from("https://app.example.com")] {
        let answer = exchange(server.address, &asked).await;
        assert!(!answer.contains("access-control"), "{answer}");
    }
}

#[tokio::test]
async fn configured_origins_may_call_and_no_others() {
    let origin = Origin::parse("https://app.example.com").unwrap();
    let server = start(|http| http.cors_origins = vec![origin]).await;
    let allowed = "access-control-allow-origin: https://app.example.com";
    let answer = exchange(server.address, PREFLIGHT).await;
    assert!(
        answer.contains(allowed) && answer.contains("authorization"),
        "{answer}"
    );
    let answer = exchange(server.address, &from("https://app.example.com")).await;
    assert!(answer.contains(allowed), "{answer}");
    assert!(!answer.contains("allow-credentials"), "{answer}");
    for other in ["https://evil.example", "null", "http://app.example.com"] {
        let answer = exchange(server.address, &from(other)).await;
        assert!(!answer.contains("access-control-allow-origin"), "{answer}");
    }
}
