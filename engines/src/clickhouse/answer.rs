//! Answers as a ClickHouse server words them: headers, summary, and what
//! happens when a result fails halfway.

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::response::Builder;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use futures::stream::{self, StreamExt};
use tokio::sync::mpsc::Receiver;
use uuid::Uuid;

use super::error::Error;
use super::face::Abandoned;
use super::format;
use super::library::Statistics;
use super::statement::Piece;

/// `X-ClickHouse-Server-Display-Name`.
const DISPLAY_NAME: &str = "llmobserve";
/// Hyper drops what is unsent when a body fails, so its last words get a moment.
const LAST_WORDS: Duration = Duration::from_millis(50);

/// What every answer to a request repeats.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    pub(super) query_id: String,
    pub(super) format: String,
}

impl Identity {
    /// The client's `query_id`, or a new one.
    pub(super) fn new(parts: &Parts) -> Self {
        let given = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
            .find(|pair| pair.0 == "query_id")
            .map(|pair| pair.1.into_owned())
            .filter(|id| !id.is_empty() && HeaderValue::from_str(id).is_ok());
        Self {
            query_id: given.unwrap_or_else(|| Uuid::now_v7().to_string()),
            format: format::DEFAULT.to_owned(),
        }
    }

    fn response(&self, status: StatusCode) -> Builder {
        Response::builder()
            .status(status)
            .header("X-ClickHouse-Query-Id", &self.query_id)
            .header("X-ClickHouse-Server-Display-Name", DISPLAY_NAME)
            .header("X-ClickHouse-Timezone", "UTC")
    }

    fn success(&self) -> Builder {
        // A made-up format name never gets here: the engine refuses it.
        let format = HeaderValue::from_str(&self.format)
            .unwrap_or(HeaderValue::from_static(format::DEFAULT));
        self.response(StatusCode::OK)
            .header("X-ClickHouse-Format", format)
            .header(CONTENT_TYPE, format::content_type(&self.format))
    }
}

/// Names and values here are valid, so building does not fail.
fn finish(response: Builder, body: Body) -> Response {
    response.body(body).unwrap_or_default()
}

/// A request that failed before any of its result was sent.
pub(super) fn failed(identity: &Identity, error: &Error) -> Response {
    let response = identity
        .response(error.status())
        .header("X-ClickHouse-Exception-Code", error.code())
        .header(CONTENT_TYPE, "text/plain; charset=UTF-8");
    finish(response, Body::from(format!("{}\n", error.text())))
}

/// Answers with what a statement sends. One piece ahead tells whether the
/// result is complete: then it has a length, a summary and a true status.
pub(super) async fn from_pieces(
    identity: &Identity,
    mut pieces: Receiver<Result<Piece, Error>>,
    mut abandoned: Abandoned,
) -> Result<Response, Error> {
    let first = next(&mut pieces, &mut abandoned).await?;
    let first = match first {
        Piece::End(statistics) => return Ok(whole(identity, Bytes::new(), statistics)),
        Piece::Data(data) => data,
    };
    match next(&mut pieces, &mut abandoned).await? {
        Piece::End(statistics) => Ok(whole(identity, first, statistics)),
        Piece::Data(second) => Ok(streamed(identity, [first, second], pieces, abandoned)),
    }
}

async fn next(
    pieces: &mut Receiver<Result<Piece, Error>>,
    abandoned: &mut Abandoned,
) -> Result<Piece, Error> {
    let piece = pieces
        .recv()
        .await
        .unwrap_or_else(|| Err(Error::from("the statement broke off".to_owned())));
    if !matches!(piece, Ok(Piece::Data(_))) {
        abandoned.ended();
    }
    piece
}

fn whole(identity: &Identity, data: Bytes, statistics: Statistics) -> Response {
    finish(
        identity
            .success()
            .header("X-ClickHouse-Summary", summary(statistics)),
        Body::from(data),
    )
}

/// `X-ClickHouse-Summary`, its numbers as strings like the server's.
fn summary(statistics: Statistics) -> String {
    let Statistics {
        elapsed_seconds,
        rows_read,
        bytes_read,
        rows_written,
        bytes_written,
        result_rows,
        result_bytes,
    } = statistics;
    let elapsed_ns = Duration::from_secs_f64(elapsed_seconds.max(0.0)).as_nanos();
    format!(
        "{{\"read_rows\":\"{rows_read}\",\"read_bytes\":\"{bytes_read}\",\"written_rows\":\"{rows_written}\",\
         \"written_bytes\":\"{bytes_written}\",\"total_rows_to_read\":\"0\",\"result_rows\":\"{result_rows}\",\
         \"result_bytes\":\"{result_bytes}\",\"elapsed_ns\":\"{elapsed_ns}\"}}"
    )
}

/// Sends pieces as they come. A failure on the way is told as servers since
/// 25.11 do: a marked block at the end, and a body that breaks off.
fn streamed(
    identity: &Identity,
    sent: [Bytes; 2],
    pieces: Receiver<Result<Piece, Error>>,
    abandoned: Abandoned,
) -> Response {
    let tag = Uuid::now_v7().simple().to_string()[16..].to_owned();
    let block_tag = tag.clone();
    let rest = stream::unfold(Some((pieces, abandoned)), move |state| {
        let tag = block_tag.clone();
        async move {
            let (mut pieces, mut abandoned) = state?;
            match next(&mut pieces, &mut abandoned).await {
                Ok(Piece::Data(data)) => Some((Ok(data), Some((pieces, abandoned)))),
                Ok(Piece::End(_)) => None,
                Err(error) => Some((Err(exception_block(&tag, error.text())), None)),
            }
        }
    });
    let body = stream::iter(sent.map(Ok))
        .chain(rest)
        .flat_map(|piece: Result<Bytes, Bytes>| match piece {
            Ok(data) => stream::iter([Ok(data)]).left_stream(),
            Err(block) => stream::iter([Ok(block)])
                .chain(stream::once(break_off()))
                .right_stream(),
        });
    finish(
        identity.success().header("X-ClickHouse-Exception-Tag", tag),
        Body::from_stream(body),
    )
}

async fn break_off() -> io::Result<Bytes> {
    tokio::time::sleep(LAST_WORDS).await;
    Err(io::Error::other(
        "the statement failed while its result was sent",
    ))
}

/// After `WriteBufferFromHTTPServerResponse::cancelWithException`.
fn exception_block(tag: &str, text: &str) -> Bytes {
    let length = text.len() + 1;
    format!("\r\n__exception__\r\n{tag}\r\n{text}\n{length} {tag}\r\n__exception__\r\n").into()
}
