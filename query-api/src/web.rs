//! The dashboard: files that are in the binary, and what a browser may know before anyone
//! signed in. No data is here; the pages ask the API for it, as anyone else.

mod config;
mod file;

use axum::Router;
use axum::extract::Path;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use axum::routing::get;
use service::Problem;
use service::auth::Authenticator;
use service::config::AuthMode;

pub use config::DashboardArgs;

/// Hashed names never change their content.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// `/`, `/app/…` (the dashboard's own addresses), `/docs`, `/assets/…` and `/app/config.json`.
///
/// # Errors
/// When the settings of the sign-in make no sense.
pub fn dashboard(
    args: &DashboardArgs,
    mode: AuthMode,
    authenticator: &Authenticator,
) -> anyhow::Result<Router> {
    let policy = args.content_security_policy()?;
    let config = args.public(mode);
    let index = get(async move |headers: HeaderMap| page(&headers, policy));
    let router = Router::new()
        .route("/", index.clone())
        .route("/app/{*page}", index.clone())
        .route("/docs", index)
        .route("/app/config.json", get(async move || axum::Json(config)))
        .route("/assets/{*name}", get(asset));
    Ok(authenticator.guard(router))
}

/// Every page is the same document; which one it shows is in its address.
fn page(headers: &HeaderMap, policy: HeaderValue) -> Result<Response, Problem> {
    let mut response = file::respond("index.html", headers).ok_or_else(Problem::internal)?;
    let ours = [
        (CACHE_CONTROL, ASK_AGAIN),
        (CONTENT_SECURITY_POLICY, policy),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (OPENER_POLICY, HeaderValue::from_static("same-origin")),
    ];
    response.headers_mut().extend(ours);
    Ok(response)
}

async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    let mut response = file::respond(&format!("assets/{name}"), &headers)
        .ok_or_else(|| Problem::not_found("no such file"))?;
    let ours = [
        (CACHE_CONTROL, FOREVER),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    response.headers_mut().extend(ours);
    Ok(response)
}

#[cfg(test)]
mod tests;
