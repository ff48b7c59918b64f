//! `POST /events`.

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use schemas::validate::Code;
use service::Problem;
use service::auth::{Caller, Scope};
use service::problem::ProblemBody;
use service::publish::PublishFuture;

use crate::admission::Share;
use crate::judge::{Rules, Terms, judge};
use crate::openapi::EventsBody;
use crate::receive::{Received, receive};
use crate::respond::Summary;
use crate::split::split;
use crate::{Ingest, metrics};

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
    let mut share = ingest.0.admission.admit()?;
    let received = receive(&headers, body, &ingest.0.args, &mut share).await?;
    let handed = if received.is_heavy() {
        let beside = ingest.clone();
        let work = move || hand_over(&beside, received, &terms, share);
        tokio::task::spawn_blocking(work).await.map_err(|error| {
            tracing::error!("a request's events could not be worked on: {error}");
            Problem::internal()
        })??
    } else {
        hand_over(&ingest, received, &terms, share)?
    };
    handed.stored().await
}

/// A request whose records are on their way.
struct Handed {
    valid: usize,
    rejected: Vec<(usize, schemas::Rejection)>,
    storing: PublishFuture,
    /// Held until the acks are here: the producer holds the records as long.
    _share: Share,
}

fn hand_over(
    ingest: &Ingest,
    received: Received,
    terms: &Terms,
    mut share: Share,
) -> Result<Handed, Problem> {
    let inner = &ingest.0;
    let format = received.format;
    let body = received.decode(&mut share)?;
    let pieces = split(&body, format)?;
    let book = inner.prices.book();
    let rules = Rules {
        book: &book,
        client_cost: inner.args.client_cost.into(),
        retention: &inner.retention,
    };
    let verdict = judge(pieces, terms, rules)?;
    let valid = verdict.records.len();
    let storing = inner.publisher.publish(verdict.records);
    Ok(Handed {
        valid,
        rejected: verdict.rejected,
        storing,
        _share: share,
    })
}

impl Handed {
    async fn stored(self) -> Result<Summary, Problem> {
        let codes: Vec<Code> = self
            .rejected
            .iter()
            .map(|(_, rejection)| rejection.code)
            .collect();
        if self.valid > 0
            && let Err(error) = self.storing.await
        {
            metrics::not_stored(self.valid, codes.into_iter());
            return Err(error.into());
        }
        metrics::judged(self.valid, codes.into_iter());
        Ok(Summary::new(self.valid, self.rejected))
    }
}
