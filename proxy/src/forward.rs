//! One call on its way to the provider, and the answer on its way back. Nothing is ever sent
//! twice, no redirect is followed, and what the provider says passes unchanged.

use std::sync::Arc;
use std::time::Duration;

use axum::http::header::{ACCEPT_ENCODING, CONTENT_LENGTH};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Request, Response, Version};
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Either, Full};
use hyper::body::{Body as _, Incoming};
use hyper_util::client::legacy::ResponseFuture;

use crate::answer::Failure;
use crate::body::{RequestBody, RequestTee, ResponseTee, Rest};
use crate::call::Call;
use crate::config::Scheme;
use crate::drain::Drainer;
use crate::headers;
use crate::upstream::{Place, Upstream};

/// Largest request that is held for rewriting; a larger one passes as it is.
const REWRITE_BYTES_MAX: usize = 1 << 20;

/// How calls go on.
#[derive(Debug)]
pub(crate) struct Forwarder {
    pub(crate) upstream: Upstream,
    pub(crate) drainer: Drainer,
    pub(crate) response_timeout: Duration,
    pub(crate) idle_timeout: Duration,
}

impl Forwarder {
    /// # Errors
    /// When the provider gave no answer.
    pub(crate) async fn forward(
        &self,
        mut head: Parts,
        body: Incoming,
        scheme: Scheme,
        call: Arc<Call>,
    ) -> Result<Response<ResponseTee>, Failure> {
        let body = outgoing(&mut head, body, &call).await?;
        head.version = Version::HTTP_11;
        head.extensions.clear();
        let (place, answer) = self.upstream.send(scheme, Request::from_parts(head, body));
        call.sent();
        let waiting = Waiting {
            answer: Some((answer, place)),
            call: Arc::clone(&call),
            drainer: self.drainer.clone(),
        };
        let (response, place) = waiting.response(self.response_timeout).await?;
        let (mut head, body) = response.into_parts();
        let filter = call.response_head(head.status, &head.headers);
        if filter.is_some() {
            head.headers.remove(CONTENT_LENGTH);
        }
        headers::for_client(&mut head.headers);
        head.extensions.clear();
        let rest = Rest { body, call, place };
        let body = ResponseTee::new(rest, filter, self.idle_timeout, self.drainer.clone());
        Ok(Response::from_parts(head, body))
    }
}

/// The body as it is to be sent.
async fn outgoing(
    head: &mut Parts,
    mut body: Incoming,
    call: &Arc<Call>,
) -> Result<RequestBody, Failure> {
    let small = body.size_hint().lower() <= REWRITE_BYTES_MAX as u64;
    let begin = if small && call.may_rewrite() {
        Begin::read(&mut body).await.ok_or(Failure::ClientLeft)?
    } else {
        Begin::default()
    };
    if !begin.is_all {
        return Ok(Either::Left(RequestTee {
            read: Some(begin.bytes).filter(|bytes| !bytes.is_empty()),
            body,
            call: Arc::clone(call),
        }));
    }
    let Some(rewritten) = call.rewrite_request(&begin.bytes) else {
        return Ok(Either::Right(Full::new(begin.bytes)));
    };
    let headers = &mut head.headers;
    headers.insert(CONTENT_LENGTH, HeaderValue::from(rewritten.len()));
    // What is to be taken out of the response must be readable.
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    Ok(Either::Right(Full::new(rewritten)))
}

/// A body's beginning.
#[derive(Debug, Default)]
struct Begin {
    bytes: Bytes,
    /// Whether it is the whole body.
    is_all: bool,
}

impl Begin {
    /// Up to a little over [`REWRITE_BYTES_MAX`]. `None` when the client broke off.
    async fn read(body: &mut Incoming) -> Option<Self> {
        let mut first = Bytes::new();
        let mut more = BytesMut::new();
        let mut is_all = body.is_end_stream();
        while !is_all && first.len().max(more.len()) <= REWRITE_BYTES_MAX {
            let Some(frame) = body.frame().await else {
                is_all = true;
                break;
            };
            // Trailers come last, and are for one connection.
            if let Ok(data) = frame.ok()?.into_data() {
                if first.is_empty() {
                    first = data;
                } else {
                    if more.is_empty() {
                        more.extend_from_slice(&first);
                    }
                    more.extend_from_slice(&data);
                }
            }
            is_all = body.is_end_stream();
        }
        let bytes = if more.is_empty() {
            first
        } else {
            more.freeze()
        };
        Some(Self { bytes, is_all })
    }
}

/// A call that has been sent and has no answer yet. Dropped when the client leaves.
#[derive(Debug)]
struct Waiting {
    answer: Option<(ResponseFuture, Place)>,
    call: Arc<Call>,
    drainer: Drainer,
}

impl Waiting {
    async fn response(mut self, within: Duration) -> Result<(Response<Incoming>, Place), Failure> {
        let Some((answer, _)) = &mut self.answer else {
            return Err(Failure::Broke);
        };
        let outcome = tokio::time::timeout(within, answer).await;
        let place = self.answer.take().map(|(_, place)| place);
        let failure = match (outcome, place) {
            (Ok(Ok(response)), Some(place)) => return Ok((response, place)),
            (Ok(Err(error)), _) => Failure::of(&error),
            (Err(_), _) => Failure::Timeout,
            (Ok(Ok(_)), None) => Failure::Broke,
        };
        tracing::debug!("a call failed: {failure:?}");
        self.call.fail(failure);
        Err(failure)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some((answer, place)) = self.answer.take() {
            let call = Arc::clone(&self.call);
            self.drainer.client_left_early(answer, call, place);
        }
    }
}
