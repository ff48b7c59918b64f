//! What every reading route may answer instead, for the description of the interface.

use std::collections::BTreeMap;

use service::problem::{CONTENT_TYPE_PROBLEM, ProblemBody};
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

/// Errors of reading routes.
pub(crate) struct Refusals;

const REFUSALS: [(&str, &str); 6] = [
    ("400", "A parameter that is unknown, malformed or repeated"),
    ("401", "No valid credential"),
    ("403", "Another tenant's data, or a missing scope"),
    ("422", "Too many rows to read for one query"),
    ("429", "Too many queries at once; see Retry-After"),
    ("503", "ClickHouse does not answer; see Retry-After"),
];

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let refusal = |(status, description): (&str, &str)| {
            let schema = Ref::from_schema_name(ProblemBody::name());
            let response = ResponseBuilder::new()
                .description(description)
                .content(CONTENT_TYPE_PROBLEM, Content::new(Some(schema)))
                .build();
            (status.to_owned(), RefOr::T(response))
        };
        REFUSALS.into_iter().map(refusal).collect()
    }
}
