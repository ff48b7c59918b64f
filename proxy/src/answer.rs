//! Our own failures, told apart from the provider's: a problem, with a header that no
//! provider sends.

use std::error::Error as _;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use service::Problem;

use crate::dial::DialError;
use crate::meter::End;

/// On every answer that the proxy gave itself; its value is the problem's code.
const OURS: HeaderName = HeaderName::from_static("llmobserve-proxy-error");
/// When to come again, where that may help.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Why there is no answer from the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The name is unknown.
    Lookup,
    /// The name leads to addresses that calls may not go to.
    Refused,
    /// Nobody answers there.
    Unreachable,
    /// Nobody answers there in time.
    ConnectTimeout,
    /// TLS could not be agreed on.
    Tls,
    /// The connection broke after the call was sent, or while it was.
    Broke,
    /// The provider took too long.
    Timeout,
    /// The client broke off while it sent.
    ClientLeft,
}

impl Failure {
    /// What the client's error means.
    pub(crate) fn of(error: &hyper_util::client::legacy::Error) -> Self {
        let mut source = error.source();
        while let Some(cause) = source {
            if let Some(dial) = cause.downcast_ref::<DialError>() {
                return match dial {
                    DialError::Lookup(_) => Self::Lookup,
                    DialError::Refused => Self::Refused,
                    DialError::Connect(_) => Self::Unreachable,
                    DialError::Timeout => Self::ConnectTimeout,
                };
            }
            if let Some(http) = cause.downcast_ref::<hyper::Error>()
                && http.is_user()
            {
                return Self::ClientLeft;
            }
            source = cause.source();
        }
        if error.is_connect() {
            Self::Tls
        } else {
            Self::Broke
        }
    }

    /// Stable, for programs, and the event's `error_type`.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Lookup => "upstream_name_unknown",
            Self::Refused => "upstream_address_not_allowed",
            Self::Unreachable => "upstream_unreachable",
            Self::ConnectTimeout => "upstream_connect_timeout",
            Self::Tls => "upstream_tls_failed",
            Self::Broke => "upstream_broke",
            Self::Timeout => "upstream_timeout",
            Self::ClientLeft => "client_left",
        }
    }

    /// Whether the provider may have seen the call.
    pub(crate) fn may_be_sent(self) -> bool {
        matches!(self, Self::Broke | Self::Timeout | Self::ClientLeft)
    }

    /// For the event.
    pub(crate) fn end(self) -> End {
        match self {
            Self::Timeout | Self::ConnectTimeout => End::Timeout,
            Self::ClientLeft => End::ClientGone,
            _ => End::UpstreamBroke,
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::Refused => StatusCode::FORBIDDEN,
            Self::Timeout | Self::ConnectTimeout => StatusCode::GATEWAY_TIMEOUT,
            Self::ClientLeft => StatusCode::BAD_REQUEST,
            _ => StatusCode::BAD_GATEWAY,
        }
    }

    fn detail(self) -> &'static str {
        match self {
            Self::Lookup => "the provider's host name cannot be looked up",
            Self::Refused => {
                "the provider's host name leads to a private address; the operator allows such \
                 hosts with LLMOBSERVE_PROXY_ALLOWED_HOSTS"
            }
            Self::Unreachable => "the provider cannot be connected to; the call was not sent",
            Self::ConnectTimeout => {
                "the provider did not accept a connection in time; the call was not sent"
            }
            Self::Tls => "no TLS connection with the provider; the call was not sent",
            Self::Broke => {
                "the provider closed the connection without an answer; the call may have been \
                 carried out, and was not sent again"
            }
            Self::Timeout => {
                "the provider did not answer in time; the call may still be carried out"
            }
            Self::ClientLeft => "the request's body ended early",
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self::new(failure.status(), failure.code(), failure.detail())
    }
}

/// More calls than may be under way.
pub(crate) fn busy() -> Problem {
    let detail = "too many calls are under way; the operator raises LLMOBSERVE_PROXY_CALLS_MAX";
    Problem::unavailable("overloaded", detail, RETRY_AFTER)
}

/// Protocols that are not passed on.
pub(crate) fn upgrade() -> Problem {
    let detail = "the proxy passes on HTTP calls, not WebSockets or tunnels: connect directly";
    Problem::new(StatusCode::NOT_IMPLEMENTED, "upgrade_not_supported", detail)
}

/// A problem as an answer of the proxy's own.
pub(crate) fn ours(problem: Problem) -> Response {
    let code = HeaderValue::from_static(problem.code());
    let mut response = problem.into_response();
    response.headers_mut().insert(OURS, code);
    response
}
