//! What a call used, from a tee of its bodies. Bounded in memory, and never in the way:
//! what cannot be read makes a figure unknown, never an error.
//!
//! In the order of the journey: the request's body (`request`, `form`), the option that asks
//! for usage and the filter that hides it again (`include_usage`, `filter`), the response's
//! body (`decoder` → `reader`: `sse` or `frames` → `sieve` → `tally`), what it says was used
//! (`extract`), or what it seems to have been (`sample`), and the verdict (`judge`).

mod decoder;
mod extract;
mod filter;
mod form;
mod frames;
mod head;
mod include_usage;
mod judge;
mod metered;
mod paths;
mod reader;
mod request;
mod sample;
mod sieve;
mod sse;
mod tally;
mod told;

pub(crate) use extract::warm_up;
pub(crate) use filter::Filter;
pub(crate) use metered::{Basis, Metered};

use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use bytes::Bytes;

use crate::providers::{Billing, Endpoint, Provider};
use decoder::Decoder;
use head::Head;
use judge::Call;
use reader::Reader;
use request::RequestReader;

/// What the operator lets the meter do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MeterPolicy {
    /// `stream_options.include_usage` may be added to requests.
    pub(crate) include_usage: bool,
}

/// How a call ended, as seen from its response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The whole response was read, whoever got it.
    Complete,
    /// The client left, and the rest was not read.
    ClientGone,
    /// The provider broke off after it may have got the request.
    UpstreamBroke,
    /// A deadline passed after the provider may have got the request.
    Timeout,
    /// The provider never got the request.
    NotSent,
}

/// One call's meter.
#[derive(Debug)]
pub(crate) struct Meter {
    provider: Option<&'static Provider>,
    endpoint: Endpoint,
    may_rewrite: bool,
    was_rewritten: bool,
    request: Decoder<RequestReader>,
    response: Option<(Head, Decoder<Reader>)>,
}

impl Meter {
    /// `provider` is `None` at a host that is not in the table.
    pub(crate) fn new(
        provider: Option<&'static Provider>,
        endpoint: Endpoint,
        policy: MeterPolicy,
        request: &HeaderMap,
    ) -> Self {
        let encoding = text(request, &CONTENT_ENCODING);
        let is_json = text(request, &CONTENT_TYPE).is_some_and(says_json);
        Self {
            may_rewrite: policy.include_usage
                && endpoint.needs_include_usage
                && is_json
                && encoding.is_none(),
            was_rewritten: false,
            request: Decoder::new(encoding, RequestReader::new(request)),
            response: None,
            provider,
            endpoint,
        }
    }

    /// Whether [`Self::rewrite_request`] wants to see the body before it is sent. Asked once,
    /// before the first chunk. Then the provider must be asked to answer unencoded, or what
    /// was added to the answer cannot be taken out again.
    pub(crate) fn may_rewrite(&self) -> bool {
        self.may_rewrite
    }

    /// The whole body to send instead. Called at most once, in place of
    /// [`Self::request_chunk`] for the same bytes, when the body was small enough.
    pub(crate) fn rewrite_request(&mut self, body: &Bytes) -> Option<Bytes> {
        self.request_chunk(body);
        let asked = self.request.reader().map(RequestReader::facts);
        if !self.may_rewrite || !asked?.wants_stream {
            return None;
        }
        let rewritten = include_usage::rewritten(body)?;
        self.was_rewritten = true;
        Some(rewritten.into())
    }

    /// A piece of the request's body as it passes.
    pub(crate) fn request_chunk(&mut self, bytes: &[u8]) {
        self.request.feed(bytes);
    }

    /// The response's head.
    pub(crate) fn response_head(&mut self, status: StatusCode, headers: &HeaderMap) {
        let lines = self.endpoint.billing == Billing::BatchResults && status.is_success();
        let reader = Reader::new(headers, lines);
        let head = Head::read(status, headers, reader.is_stream());
        let encoding = text(headers, &CONTENT_ENCODING);
        self.response = Some((head, Decoder::new(encoding, reader)));
    }

    /// After [`Self::response_head`]: takes out of the response what the client did not ask
    /// for, when the request was rewritten so that it is there.
    pub(crate) fn filter(&self) -> Option<Filter> {
        let (head, decoder) = self.response.as_ref()?;
        let applies = self.was_rewritten && head.is_stream && decoder.is_plain();
        applies.then(Filter::default)
    }

    /// A piece of the response's body as it came, encodings included.
    pub(crate) fn response_chunk(&mut self, bytes: &[u8]) {
        if let Some((_, decoder)) = &mut self.response {
            decoder.feed(bytes);
        }
    }

    /// Whether the provider has said its last word, though its body may not have ended.
    pub(crate) fn has_heard_all(&mut self) -> bool {
        let reader = self.response.as_mut().and_then(|(_, body)| body.reader());
        reader.is_some_and(Reader::has_heard_all)
    }

    /// What is known in the end.
    pub(crate) fn finish(self, end: End) -> Metered {
        let asked = self.request.into_reader().map(RequestReader::end);
        let response = self.response.map(|(head, decoder)| {
            let is_lost = decoder.is_lost();
            let said = decoder.into_reader().map(Reader::end);
            (head, said.unwrap_or_default(), is_lost)
        });
        let call = Call {
            provider: self.provider,
            endpoint: self.endpoint,
            asked: asked.unwrap_or_default(),
            end,
        };
        call.judge(response)
    }
}

/// Of a media type in lower case. It is short: a search that has to be prepared takes longer.
fn says_json(media_type: &str) -> bool {
    media_type.as_bytes().windows(4).any(|word| word == b"json")
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests;
