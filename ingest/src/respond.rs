//! The answer.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemas::Rejection;
use serde::Serialize;
use utoipa::ToSchema;

use crate::hand_over::Outcome;

/// What became of a request's events.
#[derive(Debug, Serialize, ToSchema)]
pub struct Summary {
    /// Events that are stored now, duplicates included.
    pub accepted: usize,
    /// The others.
    pub rejected: Vec<Rejected>,
}

/// An event that was not accepted.
#[derive(Debug, Serialize, ToSchema)]
pub struct Rejected {
    /// Its place in the request, from 0; blank NDJSON lines do not count.
    pub index: usize,
    /// Which rule it broke; stable, for programs.
    pub code: &'static str,
    /// In words.
    pub message: String,
}

impl From<Outcome> for Summary {
    fn from(outcome: Outcome) -> Self {
        let told = |(index, rejection): (usize, Rejection)| Rejected {
            index,
            code: rejection.code.as_str(),
            message: rejection.message.into_owned(),
        };
        Self {
            accepted: outcome.accepted,
            rejected: outcome.rejected.into_iter().map(told).collect(),
        }
    }
}

impl IntoResponse for Summary {
    /// 202, or 422 when there were events and none was accepted.
    fn into_response(self) -> Response {
        let none = self.accepted == 0 && !self.rejected.is_empty();
        let status = if none {
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            StatusCode::ACCEPTED
        };
        (status, Json(self)).into_response()
    }
}
