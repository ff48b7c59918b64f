//! The description of the HTTP interface, generated from the handlers and committed as
//! `schemas/openapi.json`. A test keeps the two equal.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use service::problem::ProblemBody;
use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{InfoBuilder, OpenApi as Document, SecurityRequirement};

/// The committed document, of all services on the port.
const COMMITTED: &str = include_str!("../../schemas/openapi.json");

#[derive(OpenApi)]
#[openapi(
    paths(committed, docs),
    components(schemas(ProblemBody)),
    tags(
        (name = "runs", description = "Single pieces of work and their spans"),
        (name = "statistics", description = "Cost and usage by several keys, and over time"),
        (name = "dashboard", description = "The figures that the dashboard shows"),
        (name = "keys", description = "API keys"),
        (name = "insights", description = "What is unlike the weeks before"),
        (name = "audit", description = "Whether everything that was received is accounted for"),
    )
)]
struct Reading;

/// The reading routes, and those that manage keys.
pub fn openapi() -> Document {
    let mut reading = Reading::openapi();
    reading.merge(crate::routes().to_openapi());
    reading.merge(crate::key_routes().to_openapi());
    reading
}

/// Second names of routes.
const ALIASES: [(&str, &str); 4] = [
    ("/runs", "/runs/latest"),
    ("/dashboard/customers", "/stats/by-customer"),
    ("/events/", "/events"),
    ("/v1/traces/", "/v1/traces"),
];

/// The whole document: the reading routes and those of other services.
pub fn document(others: impl IntoIterator<Item = Document>) -> Document {
    let mut document = openapi();
    document.merge(service::health::openapi());
    for other in others {
        document.merge(other);
    }
    for (alias, path) in ALIASES {
        if let Some(mut item) = document.paths.paths.get(path).cloned() {
            for operation in [&mut item.get, &mut item.post].into_iter().flatten() {
                let id = operation.operation_id.as_deref().unwrap_or_default();
                operation.operation_id = Some(format!("{id}_alias"));
                operation.summary = Some(format!("The same as {path}"));
            }
            document.paths.paths.insert(alias.to_owned(), item);
        }
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

/// This document as a page. It is one of the dashboard's.
#[utoipa::path(
    get, path = "/docs", tag = "operation", security(()),
    responses((status = 200, description = "HTML", body = String, content_type = "text/html"))
)]
#[allow(dead_code)] // documentation; `crate::web` serves it
fn docs() {}

/// This document.
#[utoipa::path(
    get, path = "/openapi.json", tag = "operation", security(()),
    responses((status = 200, description = "OpenAPI 3.1", body = Object, content_type = "application/json"))
)]
pub(crate) async fn committed() -> impl IntoResponse {
    (
        [
            (CONTENT_TYPE, "application/json"),
            (CACHE_CONTROL, "no-cache"),
        ],
        COMMITTED,
    )
}
