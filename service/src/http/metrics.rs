//! Counters of every request. Labels are route patterns, never paths as sent.

use std::sync::Arc;
use std::time::Instant;

use ::metrics::{counter, histogram};
use axum::extract::{MatchedPath, Request};
use axum::http::{Method, StatusCode};

/// Counter: requests answered, by `route`, `method` and `status`.
const REQUESTS: &str = "llmobserve_http_requests_total";
/// Histogram: seconds from the request's headers to the answer's, by `route`.
const DURATION: &str = "llmobserve_http_request_duration_seconds";

/// A request that is being answered.
pub(super) struct Counted {
    begun: Instant,
    route: Arc<str>,
    method: &'static str,
}

impl Counted {
    pub(super) fn begin(request: &Request) -> Self {
        let matched = request.extensions().get::<MatchedPath>();
        Self {
            begun: Instant::now(),
            route: matched.map_or("other", MatchedPath::as_str).into(),
            method: method_name(request.method()),
        }
    }

    pub(super) fn end(self, status: StatusCode) {
        let (route, method) = (self.route, self.method);
        let status = status.as_str().to_owned();
        histogram!(DURATION, "route" => Arc::clone(&route)).record(self.begun.elapsed());
        counter!(REQUESTS, "route" => route, "method" => method, "status" => status).increment(1);
    }
}

/// Anyone may make up a method; ours are few.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}
