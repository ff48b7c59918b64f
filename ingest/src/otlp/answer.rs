//! Answers as OTLP/HTTP wants them: in the request's own encoding, and when something is wrong a
//! `Status` that says what.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use prost::Message;
use serde::{Deserialize, Serialize};
use service::Problem;
use utoipa::ToSchema;

use crate::receive::{media_type, unsupported};

/// Largest body of an error of ours that is read again.
const PROBLEM_BYTES_MAX: usize = 64 << 10;

/// The encoding of a request, and so of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Protobuf,
    Json,
}

/// `ExportTraceServiceResponse`.
#[derive(Clone, PartialEq, Message, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TraceResponse {
    /// Absent when every span was accepted.
    #[prost(message, optional, tag = "1")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) partial_success: Option<PartialSuccess>,
}

/// `ExportTracePartialSuccess`.
#[derive(Clone, PartialEq, Message, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PartialSuccess {
    /// How many spans are not stored; in JSON a text, as all 64-bit numbers.
    #[prost(int64, tag = "1")]
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String, example = "2")]
    pub(super) rejected_spans: i64,
    /// Which, and why.
    #[prost(string, tag = "2")]
    pub(super) error_message: String,
}

/// `google.rpc.Status`, without a code: clients go by the HTTP status.
#[derive(Clone, PartialEq, Message, Serialize, ToSchema)]
#[schema(as = OtlpStatus)]
pub(crate) struct Status {
    /// What is wrong and what to do.
    #[prost(string, tag = "2")]
    message: String,
}

fn as_text<S: serde::Serializer>(number: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}

impl Encoding {
    /// # Errors
    /// 415 for what is neither.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        match media_type(headers)?.as_deref() {
            Some("application/x-protobuf" | "application/protobuf") => Ok(Self::Protobuf),
            Some("application/json") => Ok(Self::Json),
            _ => Err(unsupported(
                "Content-Type must be application/x-protobuf or application/json",
            )),
        }
    }

    pub(super) fn respond(
        self,
        status: StatusCode,
        message: &(impl Message + Serialize),
    ) -> Response {
        let (body, media) = match self {
            Self::Protobuf => (message.encode_to_vec(), "application/x-protobuf"),
            Self::Json => (
                serde_json::to_vec(message).unwrap_or_default(),
                "application/json",
            ),
        };
        let headers = [(CONTENT_TYPE, HeaderValue::from_static(media))];
        (status, headers, body).into_response()
    }
}

/// Puts every error, whoever made it, into OTLP's form.
pub(super) async fn in_otlp(request: Request, next: Next) -> Response {
    // Who asks in no encoding that we know can still read JSON's letters.
    let encoding = Encoding::of(request.headers()).unwrap_or(Encoding::Json);
    let response = next.run(request).await;
    if response.status().is_success() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    if parts.status == StatusCode::REQUEST_TIMEOUT {
        // Exporters drop what is answered with 408, and come again after 503.
        parts.status = StatusCode::SERVICE_UNAVAILABLE;
        parts
            .headers
            .insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    let message = message(body).await;
    let message = message.unwrap_or_else(|| parts.status.to_string());
    let mut response = encoding.respond(parts.status, &Status { message });
    parts.headers.remove(CONTENT_TYPE);
    parts.headers.remove(CONTENT_LENGTH);
    response.headers_mut().extend(parts.headers);
    response
}

async fn message(body: Body) -> Option<String> {
    #[derive(Deserialize)]
    struct Told {
        code: String,
        detail: String,
    }
    let body: Bytes = axum::body::to_bytes(body, PROBLEM_BYTES_MAX).await.ok()?;
    let told: Told = serde_json::from_slice(&body).ok()?;
    Some(format!("{}: {}", told.code, told.detail))
}
