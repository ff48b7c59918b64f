//! Serving HTTP: one way for every role.

mod cors;
mod hygiene;
mod metrics;
mod request_id;
mod serve;
pub mod tls;

use std::any::Any;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument as _;

pub use request_id::RequestId;
pub use serve::{bind, serve};

use crate::Problem;

/// What every interface has around its routes: request ids, counters, headers against what a
/// browser could be talked into, a 500 instead of a broken connection when a handler panics,
/// and problems for what no route answers.
/// Call it once, on the whole router.
pub fn with_layers(router: Router) -> Router {
    router
        .fallback(async || Problem::not_found("no such path"))
        .method_not_allowed_fallback(async || {
            let detail = "this path does not answer this method";
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
        })
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(around))
}

fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let text = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    tracing::error!("a request handler panicked: {text}");
    Problem::internal().into_response()
}

/// All that goes around a request, in one layer, since each layer has its price: the id that the
/// log, the handler and the answer carry, the counters, the headers.
async fn around(mut request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers());
    let counted = metrics::Counted::begin(&request);
    request.extensions_mut().insert(id.clone());
    let span = tracing::info_span!("request", %id);
    let mut response = next.run(request).instrument(span).await;
    let headers = response.headers_mut();
    hygiene::harden(headers);
    id.mark(headers);
    counted.end(response.status());
    response
}

#[cfg(test)]
mod tests;
