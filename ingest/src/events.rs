//! `POST /events`.

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use service::Problem;
use service::auth::{Caller, Scope};
use service::problem::ProblemBody;

use crate::Ingest;
use crate::hand_over::{beside, hand_over};
use crate::judge::Terms;
use crate::openapi::EventsBody;
use crate::receive::{format, receive};
use crate::respond::Summary;
use crate::split::split;

/// Accepts usage events: one object, an array, or one object a line.
///
/// At most 10,000 events, 10 MiB as sent (`Content-Encoding: gzip` or `zstd`), 64 MiB
/// decoded, 64 KiB an event. The answer comes when every accepted event is stored by all
/// in-sync replicas; an event that breaks a rule does not hold up the others.
#[utoipa::path(
    post,
    path = "/events",
    tag = "events",
    params(
        ("Idempotency-Key" = Option<String>, Header,
            description = "gives events without an `id` the id `<key>/<index>`; up to 123 characters"),
        ("X-LLMObserve-Tenant-ID" = Option<String>, Header,
            description = "tenant of events that name none"),
    ),
    request_body(content = EventsBody, content_type = "application/json"),
    responses(
        (status = 202, description = "Stored, but for those in `rejected`", body = Summary),
        (status = 400, description = "Unreadable", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No valid credential", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Another tenant's, or a missing scope; nothing was stored", body = ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "The body did not arrive in time", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Too many events or bytes", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Neither JSON nor NDJSON, or another encoding", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Every event was rejected", body = Summary),
        (status = 429, description = "Too much at once; see Retry-After", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Not stored for certain; send the same again, see Retry-After", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn post_events(
    State(ingest): State<Ingest>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Summary, Problem> {
    caller.require(Scope::Ingest)?;
    let terms = Terms::read(caller, &headers)?;
    let format = format(&headers)?;
    let (received, mut share) = receive(&ingest, terms.tenant(), &headers, body).await?;
    let heavy = received.is_heavy();
    let handed = beside(heavy, move || {
        let body = received.decode(&mut share)?;
        hand_over(&ingest, split(&body, format)?, &terms, share)
    });
    Ok(handed.await?.stored().await?.into())
}
