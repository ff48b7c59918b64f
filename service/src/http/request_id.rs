//! A name for each request, the caller's own when it sent a sensible one.

use std::fmt;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue};
use uuid::Uuid;

/// Longest id taken from a caller, in bytes.
const LENGTH_MAX: usize = 64;

/// The request's id; handlers find it among the request's extensions.
#[derive(Debug, Clone)]
pub struct RequestId(Arc<str>);

impl RequestId {
    pub(super) const HEADER: &str = "x-request-id";

    /// The id in `X-Request-ID` when it is short and plain, else a new one.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
        let own = headers
            .get(Self::HEADER)
            .and_then(|value| value.to_str().ok())
            .filter(|id| !id.is_empty() && id.len() <= LENGTH_MAX && id.chars().all(plain));
        Self(own.map_or_else(|| Uuid::now_v7().simple().to_string().into(), Arc::from))
    }

    pub(super) fn mark(&self, headers: &mut HeaderMap) {
        if let Ok(value) = HeaderValue::from_str(&self.0) {
            headers.insert(Self::HEADER, value);
        }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
