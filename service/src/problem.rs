//! Errors as clients see them: `application/problem+json` (RFC 9457). Never an internal
//! message, only what the caller can act on.

use std::borrow::Cow;
use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// The media type of every error.
pub const CONTENT_TYPE_PROBLEM: &str = "application/problem+json";

/// An error answer.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: Cow<'static, str>,
    retry_after: Option<Duration>,
    /// `RateLimit-…`; boxed, because few have it.
    rate_limit: Option<Box<HeaderMap>>,
    extensions: Map<String, Value>,
}

impl Problem {
    /// `code` is stable and for programs, `detail` for people.
    pub fn new(
        status: StatusCode,
        code: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        let detail = detail.into();
        Self {
            status,
            code,
            detail,
            retry_after: None,
            rate_limit: None,
            extensions: Map::new(),
        }
    }

    /// 400: the request cannot be understood.
    pub fn bad_request(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 401, with the challenge that the standard asks for.
    pub fn unauthorized(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
    }

    /// 403: understood, and refused.
    pub fn forbidden(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail)
    }

    /// 404.
    pub fn not_found(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// 503: something behind us is away; try again after `retry_after`.
    pub fn unavailable(
        code: &'static str,
        detail: impl Into<Cow<'static, str>>,
        retry_after: Duration,
    ) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).retry_after(retry_after)
    }

    /// 429: the tenant sends or asks too much.
    pub fn rate_limited(limit: &RateLimit) -> Self {
        let RateLimit {
            what,
            quota,
            window,
            ..
        } = limit;
        let detail = format!(
            "too many {what} of this tenant: at most {quota} in {} seconds",
            window.as_secs()
        );
        let mut problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail)
            .retry_after(limit.wait());
        problem.rate_limit = Some(Box::new(limit.headers()));
        problem
    }

    /// 500. What went wrong goes to the log, not into the answer.
    pub fn internal() -> Self {
        let detail = "an error on our side; it has been logged";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    /// Tells when to try again, in whole seconds, at least 1.
    #[must_use]
    pub fn retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    /// Adds a member of our own to the body.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extensions.insert(name.to_owned(), value.into());
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What is wrong, for people.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }
}

/// A limit that was reached.
#[derive(Debug, Clone, Copy)]
pub struct RateLimit {
    /// What is counted, in the plural.
    pub what: &'static str,
    /// How much of it within the window.
    pub quota: u32,
    /// See `quota`.
    pub window: Duration,
    /// When the same may be sent again.
    pub wait: Duration,
}

impl RateLimit {
    /// In whole seconds.
    fn wait(&self) -> Duration {
        let more = u64::from(self.wait.subsec_nanos() > 0);
        Duration::from_secs((self.wait.as_secs() + more).max(1))
    }

    /// As draft-ietf-httpapi-ratelimit-headers has them now (`RateLimit`, `RateLimit-Policy`),
    /// and as most clients still read them, from its seventh version.
    fn headers(&self) -> HeaderMap {
        let Self { what, quota, .. } = self;
        let (window, wait) = (self.window.as_secs(), self.wait().as_secs());
        let fields = [
            (
                "ratelimit-policy",
                format!("\"{what}\";q={quota};w={window}"),
            ),
            ("ratelimit", format!("\"{what}\";r=0;t={wait}")),
            ("ratelimit-limit", quota.to_string()),
            ("ratelimit-remaining", "0".to_owned()),
            ("ratelimit-reset", wait.to_string()),
        ];
        let valid = |(name, value): (&'static str, String)| {
            let value = HeaderValue::from_str(&value).ok()?;
            Some((HeaderName::from_static(name), value))
        };
        fields.into_iter().filter_map(valid).collect()
    }
}

/// The body of every error answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    /// Names the kind of problem.
    #[serde(rename = "type")]
    #[schema(rename = "type", example = "urn:llmobserve:problem:tenant_required")]
    kind: String,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// Stable, for programs.
    code: &'static str,
    /// For people: what is wrong and what to do.
    detail: String,
    /// Members of single problems.
    #[serde(flatten)]
    #[schema(ignore)]
    extensions: Map<String, Value>,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = ProblemBody {
            kind: format!("urn:llmobserve:problem:{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            code: self.code,
            detail: self.detail.into_owned(),
            extensions: self.extensions,
        };
        let mut response = (self.status, axum::Json(body)).into_response();
        let headers = response.headers_mut();
        headers.extend(self.rate_limit.map(|headers| *headers).unwrap_or_default());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE_PROBLEM));
        if let Some(after) = self.retry_after {
            headers.insert(RETRY_AFTER, after.as_secs().max(1).into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn a_problem_is_problem_json() {
        let problem = Problem::unavailable("kafka", "away", Duration::from_millis(10));
        let response = problem.with("missing", 3).into_response();
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["content-type"], CONTENT_TYPE_PROBLEM);
        assert_eq!(response.headers()["retry-after"], "1");
        let body = axum::body::to_bytes(response.into_body(), 10_000)
            .await
            .unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            body,
            serde_json::json!({
                "type": "urn:llmobserve:problem:kafka", "title": "Service Unavailable",
                "status": 503, "code": "kafka", "detail": "away", "missing": 3
            })
        );
    }

    #[test]
    fn a_401_carries_its_challenge() {
        let response = Problem::unauthorized("no key").into_response();
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
    }
}
