//! Counters of every request. Labels are route patterns, never paths as sent.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;

/// Counter: requests answered, by `route`, `method` and `status`.
const REQUESTS: &str = "llmobserve_http_requests_total";
/// Histogram: seconds from the request's headers to the answer's, by `route`.
const DURATION: &str = "llmobserve_http_request_duration_seconds";

pub(super) async fn count(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let matched = request.extensions().get::<MatchedPath>();
    let route = matched.map_or_else(|| "other".to_owned(), |path| path.as_str().to_owned());
    let method = method_name(request.method());
    let response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    ::metrics::histogram!(DURATION, "route" => route.clone()).record(begun.elapsed().as_secs_f64());
    ::metrics::counter!(REQUESTS, "route" => route, "method" => method, "status" => status)
        .increment(1);
    response
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
