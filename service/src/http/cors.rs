//! Which web pages may call us from a browser: none, unless configured. A page sends its
//! user's key as a header of its own, so no cookie and no `credentials` are involved.

use std::time::Duration;

use axum::Router;
use axum::http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, LINK, LOCATION, RETRY_AFTER,
};
use axum::http::{HeaderName, HeaderValue, Method};
use tower_http::cors::CorsLayer;

use super::RequestId;
use crate::auth::TENANT_HEADER;
use crate::config::Origin;

/// How long a browser remembers what it may do.
const PREFLIGHT_AGE_MAX: Duration = Duration::from_secs(600);

/// Lets pages of these origins read the answers.
pub(super) fn allow(router: Router, origins: &[Origin]) -> Router {
    if origins.is_empty() {
        return router;
    }
    let origins: Vec<HeaderValue> = origins.iter().map(|o| o.header().clone()).collect();
    let name = HeaderName::from_static;
    let layer = CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allow_headers([
            AUTHORIZATION,
            CONTENT_TYPE,
            CONTENT_ENCODING,
            name("idempotency-key"),
            TENANT_HEADER,
            name(RequestId::HEADER),
        ])
        .expose_headers([
            LINK,
            LOCATION,
            RETRY_AFTER,
            name("llmobserve-range"),
            name(RequestId::HEADER),
        ])
        .max_age(PREFLIGHT_AGE_MAX);
    router.layer(layer)
}
