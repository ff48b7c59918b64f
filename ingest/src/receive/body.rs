//! Reading the body as it arrives.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, StatusCode};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use service::Problem;

use super::{SENT_BYTES_MAX, too_large};
use crate::admission::Share;

/// How long a request that was refused may go on sending.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(2);

/// # Errors
/// 413 above [`SENT_BYTES_MAX`], 408 when the client is slow, 400 when it stops halfway, 429
/// when there is no room.
pub(super) async fn collect(
    headers: &HeaderMap,
    body: &mut Body,
    within: Duration,
    share: &mut Share,
) -> Result<Bytes, Problem> {
    // Known before anything is read, as a rule.
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > SENT_BYTES_MAX) {
        return Err(body_too_large());
    }
    match tokio::time::timeout(within, read(body, share)).await {
        Ok(read) => read,
        Err(_) => {
            let detail = "the body did not arrive in time";
            Err(Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "body_timeout",
                detail,
            ))
        }
    }
}

async fn read(body: &mut Body, share: &mut Share) -> Result<Bytes, Problem> {
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let cut_off = |_| Problem::bad_request("body_cut_off", "the body ended before its end");
        let Ok(data) = frame.map_err(cut_off)?.into_data() else {
            continue;
        };
        length += data.len();
        if length > SENT_BYTES_MAX {
            return Err(body_too_large());
        }
        share.grow(data.len())?;
        // A small body comes in one piece, which is then used as it is.
        if first.is_empty() && all.is_empty() {
            first = data;
            continue;
        }
        if all.is_empty() {
            all.extend_from_slice(&first);
        }
        all.extend_from_slice(&data);
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

/// Reads on and keeps nothing: a connection that is closed with bytes unread is reset, and the
/// answer is lost with it.
pub(super) async fn discard(mut body: Body) {
    let reading = async {
        let mut left = SENT_BYTES_MAX;
        while let Some(Ok(frame)) = body.frame().await {
            left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
            if left == 0 {
                break;
            }
        }
    };
    // Whoever sends more, or too slowly, sees the connection end.
    let _ = tokio::time::timeout(DISCARD_TIMEOUT, reading).await;
}

fn body_too_large() -> Problem {
    too_large(
        "body_too_large",
        format!("a body has at most {SENT_BYTES_MAX} bytes"),
    )
}
