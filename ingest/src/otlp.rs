//! `POST /v1/traces`: OpenTelemetry's spans become events, by the same rules and with the same
//! guarantee as those of `POST /events`.
//!
//! decode → classify → relate → describe, then as every event: judge → publish → respond.

mod attributes;
mod meaning;
mod span;
mod protobuf;
mod json;
mod kind;
mod label;
mod tree;
mod provider;
mod tokens;
mod status;
mod event;
mod answer;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::from_fn;
use axum::response::Response;
use axum::routing::post;
use schemas::{RawEvent, Rejection};
use service::Problem;
use service::auth::{Authenticator, Caller, Scope};

pub(crate) use answer::{PartialSuccess, Status, TraceResponse};

use crate::admission::Share;
use crate::hand_over::{Handed, beside, hand_over};
use crate::judge::Terms;
use crate::receive::{Received, receive};
use crate::split::Piece;
use crate::{Ingest, metrics};
use answer::{Encoding, in_otlp};
use span::{Export, SPANS_MAX, hex};
use tree::Tree;

/// Rejections that an answer explains; the others are counted.
const EXPLAINED_MAX: usize = 5;

/// The route, with answers in OTLP's form whoever gives them.
pub(crate) fn router(authenticator: &Authenticator) -> Router<Ingest> {
    let routes = Router::new()
        .route("/v1/traces", post(post_traces))
        .route("/v1/traces/", post(post_traces));
    authenticator.protect(routes).layer(from_fn(in_otlp))
}

/// Accepts traces of OpenTelemetry (OTLP/HTTP).
///
/// The request's body is an `ExportTraceServiceRequest`, in protobuf or JSON. Spans of
/// inference, embeddings and reranking are calls; agents, tools and workflows shape the tree;
/// others are ignored. The answer is in the request's encoding, and comes when every accepted
/// span is stored by all in-sync replicas.
#[utoipa::path(
    post,
    path = "/v1/traces",
    tag = "events",
    params(
        ("X-LLMObserve-Tenant-ID" = Option<String>, Header,
            description = "tenant of spans and resources that name none"),
    ),
    request_body(content(
        (Object = "application/json"),
        (String = "application/x-protobuf"),
    )),
    responses(
        (status = 200, description = "Stored, but for those in `partialSuccess`", body = TraceResponse),
        (status = 400, description = "Unreadable", body = Status),
        (status = 401, description = "No valid credential", body = Status),
        (status = 403, description = "Another tenant's, or a missing scope; nothing was stored", body = Status),
        (status = 413, description = "Too many spans or bytes", body = Status),
        (status = 415, description = "Neither protobuf nor JSON, or another encoding", body = Status),
        (status = 429, description = "Too much at once; see Retry-After", body = Status),
        (status = 503, description = "Not stored for certain; send the same again, see Retry-After", body = Status),
    )
)]
pub(crate) async fn post_traces(
    State(ingest): State<Ingest>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    caller.require(Scope::Ingest)?;
    let encoding = Encoding::of(&headers)?;
    let terms = Terms::read(caller, &headers)?;
    let (received, share) = receive(&ingest, terms.tenant(), &headers, body).await?;
    let heavy = received.is_heavy();
    let work = move || work(&ingest, received, encoding, &terms, share);
    let (handed, names) = beside(heavy, work).await?;
    let rejected = handed.stored().await?.rejected;
    let response = TraceResponse {
        partial_success: partial_success(&rejected, &names),
    };
    Ok(encoding.respond(StatusCode::OK, &response))
}

/// Everything between the body and the broker; with the spans' names, to tell which were rejected.
fn work(
    ingest: &Ingest,
    received: Received,
    encoding: Encoding,
    terms: &Terms,
    mut share: Share,
) -> Result<(Handed, Vec<String>), Problem> {
    let body = received.decode(&mut share)?;
    let export = read(&body, encoding)?;
    let tree = Tree::of(&export, ingest.0.args.otlp_keep_other_spans);
    let (kept, ignored): (Vec<usize>, Vec<usize>) =
        (0..export.spans.len()).partition(|span| tree.is_kept(*span));
    crate::split::at_most_events(kept.len())?;
    let events: Vec<Result<String, Rejection>> = kept
        .iter()
        .map(|span| event::event(&export, &tree, *span))
        .collect();
    let pieces: Vec<Piece<'_>> = events
        .iter()
        .map(|event| RawEvent::parse(event.as_deref().map_err(Clone::clone)?))
        .collect();
    let handed = hand_over(ingest, pieces, terms, share)?;
    metrics::spans_ignored(ignored.len());
    let name = |span: &usize| {
        let id = export.spans[*span].span_id;
        id.map(|id| hex(&id)).unwrap_or_default()
    };
    Ok((handed, kept.iter().map(name).collect()))
}

fn read(body: &[u8], encoding: Encoding) -> Result<Export<'_>, Problem> {
    match encoding {
        Encoding::Protobuf => protobuf::read(body).map_err(|error| match error {
            protobuf::Unreadable::TooMany => too_many(),
            protobuf::Unreadable::Malformed => Problem::bad_request(
                "unreadable_protobuf",
                "the body is not an ExportTraceServiceRequest in protobuf, or is cut off",
            ),
        }),
        Encoding::Json => {
            let text = std::str::from_utf8(body)
                .map_err(|_| Problem::bad_request("invalid_utf8", "the body is not UTF-8"))?;
            json::read(text).map_err(|error| match error {
                json::Unreadable::TooMany => too_many(),
                json::Unreadable::Malformed(error) => Problem::bad_request(
                    "unreadable_json",
                    format!("the body is not an ExportTraceServiceRequest in JSON: {error}"),
                ),
            })
        }
    }
}

fn too_many() -> Problem {
    let detail = format!("a request has at most {SPANS_MAX} spans");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_many_spans", detail)
}

fn partial_success(rejected: &[(usize, Rejection)], names: &[String]) -> Option<PartialSuccess> {
    if rejected.is_empty() {
        return None;
    }
    let explained = rejected
        .iter()
        .take(EXPLAINED_MAX)
        .map(|(index, rejection)| {
            let name = names.get(*index).map(String::as_str).unwrap_or_default();
            let code = rejection.code.as_str();
            format!("span {name}: {code}: {}", rejection.message)
        });
    let mut error_message = explained.collect::<Vec<String>>().join("; ");
    if let Some(more @ 1..) = rejected.len().checked_sub(EXPLAINED_MAX) {
        error_message.push_str(&format!("; and {more} more"));
    }
    Some(PartialSuccess {
        rejected_spans: i64::try_from(rejected.len()).unwrap_or(i64::MAX),
        error_message,
    })
}
