//! What a call used, from a tee of its bodies. Bounded in memory, and never in the way:
//! what cannot be read makes a figure unknown, never an error.

use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;

use crate::providers::{Endpoint, Provider};

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
    /// The provider broke off, or was not reached.
    UpstreamBroke,
    /// A deadline passed.
    Timeout,
}

/// How far the figures can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Basis {
    /// The provider's own.
    Measured,
    /// Ours, from text that passed.
    Estimated,
    /// There are none.
    Unknown,
}

/// What a call used. Fields are named as the event's.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Metered {
    pub(crate) model: Option<String>,
    pub(crate) service_tier: Option<String>,
    /// The event's members from `input_tokens` to `usage`, as far as known.
    pub(crate) usage: serde_json::Map<String, serde_json::Value>,
    pub(crate) basis: Option<Basis>,
    pub(crate) is_streaming: bool,
    /// The provider's own name of an error, `rate_limit_exceeded`.
    pub(crate) error_type: Option<String>,
}

/// One call's meter.
#[derive(Debug)]
pub(crate) struct Meter;

impl Meter {
    /// `provider` is `None` at a host that is not in the table.
    pub(crate) fn new(
        _provider: Option<&'static Provider>,
        _endpoint: Endpoint,
        _policy: MeterPolicy,
        _request: &HeaderMap,
    ) -> Self {
        Self
    }

    /// Whether [`Self::rewrite_request`] wants to see the body before it is sent. Asked once,
    /// before the first chunk.
    pub(crate) fn may_rewrite(&self) -> bool {
        false
    }

    /// The whole body to send instead. Called at most once, in place of
    /// [`Self::request_chunk`] for the same bytes, when the body was small enough.
    pub(crate) fn rewrite_request(&mut self, _body: &Bytes) -> Option<Bytes> {
        None
    }

    /// A piece of the request's body as it passes.
    pub(crate) fn request_chunk(&mut self, _bytes: &[u8]) {}

    /// The response's head.
    pub(crate) fn response_head(&mut self, _status: StatusCode, _headers: &HeaderMap) {}

    /// After [`Self::response_head`]: takes out of the response what the client did not ask
    /// for, when the request was rewritten so that it is there.
    pub(crate) fn filter(&self) -> Option<Filter> {
        None
    }

    /// A piece of the response's body as it came, encodings included.
    pub(crate) fn response_chunk(&mut self, _bytes: &[u8]) {}

    /// What is known in the end.
    pub(crate) fn finish(self, _end: End) -> Metered {
        Metered::default()
    }
}

/// Withholds the usage chunk that only we asked for.
#[derive(Debug)]
pub(crate) struct Filter;

impl Filter {
    /// What of it the client gets now; may be empty, and may hold back an event's first half.
    pub(crate) fn pass(&mut self, bytes: Bytes) -> Bytes {
        bytes
    }

    /// What was held back, once the body has ended.
    pub(crate) fn finish(&mut self) -> Bytes {
        Bytes::new()
    }
}
