//! The description of the HTTP interface, generated from the handlers and committed as
//! `schemas/openapi.json`. A test keeps the two equal.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{InfoBuilder, OpenApi as Document, SecurityRequirement};

/// The committed document, of all services on the port.
const COMMITTED: &str = include_str!("../../schemas/openapi.json");

#[derive(OpenApi)]
#[openapi(
    tags(
        (name = "runs", description = "Single pieces of work and their spans"),
        (name = "statistics", description = "Cost and usage by several keys, and over time"),
        (name = "dashboard", description = "The figures that the dashboard shows"),
        (name = "audit", description = "Whether everything that was received is accounted for"),
    )
)]
struct Reading;

/// The reading routes.
pub fn openapi() -> Document {
    let mut reading = Reading::openapi();
    reading.merge(crate::routes().to_openapi());
    reading
}

/// The whole document: the reading routes and those of other services.
pub fn document(others: impl IntoIterator<Item = Document>) -> Document {
    let mut document = openapi();
    for other in others {
        document.merge(other);
    }
    document.info = InfoBuilder::new()
        .title("LLMObserve")
        .version("1")
        .description(Some("Usage and cost of LLM calls: collector and query API"))
        .build();
    let mut http = Http::new(HttpAuthScheme::Bearer);
    http.description = Some("An API key or a JWT; none with authentication off".to_owned());
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("bearer", SecurityScheme::Http(http));
    document.security = Some(vec![SecurityRequirement::new("bearer", [""; 0])]);
    document
}

/// `GET /openapi.json`.
pub(crate) async fn committed() -> impl IntoResponse {
    (
        [
            (CONTENT_TYPE, "application/json"),
            (CACHE_CONTROL, "no-cache"),
        ],
        COMMITTED,
    )
}
