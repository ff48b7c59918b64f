#![allow(clippy::unwrap_used)]
use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::*;

async fn ask(args: &DashboardArgs, path: &str, headers: &[(&str, &str)]) -> Response {
    let off = Authenticator::off(false);
    let router = dashboard(args, AuthMode::Off, &off).unwrap();
    let mut request = Request::builder().uri(path);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header("host", "localhost");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    router.oneshot(request).await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

async fn text(response: Response) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn every_page_is_the_document_and_lets_nothing_else_in() {
    let args = DashboardArgs::default();
    for path in [
        "/",
        "/docs",
        "/app/runs",
        "/app/runs/a%2Fb",
        "/app/customers/x",
    ] {
        let page = ask(&args, path, &[]).await;
        assert_eq!(page.status(), 200, "{path}");
        assert_eq!(header(&page, "cache-control"), "no-cache");
        assert_eq!(header(&page, "x-frame-options"), "DENY");
        let policy = header(&page, "content-security-policy").to_owned();
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"));
        assert!(!policy.contains("unsafe") && !policy.contains("http"));
        assert!(text(page).await.starts_with("<!doctype html>"), "{path}");
    }
    assert_eq!(ask(&args, "/assets/none.js", &[]).await.status(), 404);
    let foreign = ask(&args, "/", &[("host", "evil.example")]).await;
    assert_eq!(foreign.status(), 403);
}

#[tokio::test]
async fn the_issuer_may_be_asked_and_no_one_else() {
    let args = DashboardArgs {
        oidc_issuer: Some("https://id.example/realm".to_owned()),
        oidc_client_id: Some("dashboard".to_owned()),
        ..DashboardArgs::default()
    };
    let page = ask(&args, "/", &[]).await;
    let policy = header(&page, "content-security-policy");
    assert!(policy.contains("connect-src 'self' https://id.example;"));
    let config = text(ask(&args, "/app/config.json", &[]).await).await;
    assert!(config.contains(r#""auth":"off""#) && config.contains(r#""client_id":"dashboard""#));
    for bad in ["id.example", "ftp://id.example", "https://id.example;x"] {
        let args = DashboardArgs {
            oidc_issuer: Some(bad.to_owned()),
            ..args.clone()
        };
        let off = Authenticator::off(false);
        assert!(dashboard(&args, AuthMode::Off, &off).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn what_the_browser_has_is_not_sent_again() {
    let args = DashboardArgs::default();
    let page = ask(&args, "/", &[]).await;
    let etag = header(&page, "etag").to_owned();
    for tags in [etag.clone(), format!("\"x\", W/{etag}")] {
        let again = ask(&args, "/", &[("if-none-match", &tags)]).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(text(again).await, "");
    }
    let other = ask(&args, "/", &[("if-none-match", "\"x\"")]).await;
    assert_eq!(other.status(), 200);
}

#[tokio::test]
async fn files_with_hashed_names_are_kept_forever_and_sent_compressed() {
    // Only there when the dashboard has been built.
    for file in file::FILES.iter().filter(|file| file.name.ends_with(".js")) {
        let path = format!("/{}", file.name);
        let args = DashboardArgs::default();
        let sent = ask(&args, &path, &[("accept-encoding", "gzip, br")]).await;
        assert_eq!(header(&sent, "content-encoding"), "br", "{path}");
        assert!(header(&sent, "cache-control").ends_with("immutable"));
        assert!(header(&sent, "content-type").starts_with("text/javascript"));
        let sent = ask(&args, &path, &[("accept-encoding", "br;q=0, gzip")]).await;
        assert_eq!(header(&sent, "content-encoding"), "gzip", "{path}");
        assert_eq!(
            header(&ask(&args, &path, &[]).await, "content-encoding"),
            ""
        );
    }
}
