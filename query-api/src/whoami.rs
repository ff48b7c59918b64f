//! `GET /whoami`: what a credential may do, for pages that show only what it may.

use axum::Json;
use serde::Serialize;
use service::Problem;
use service::auth::{Binding, Caller, Scope};
use service::problem::ProblemBody;
use utoipa::ToSchema;

/// The caller.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Identity {
    /// The one tenant whose data the caller may touch; null = any that it names.
    tenant_id: Option<String>,
    /// `ingest`, `read`, `admin`.
    scopes: Vec<&'static str>,
}

/// Whose data the caller may touch, and how.
#[utoipa::path(
    get,
    path = "/whoami",
    tag = "dashboard",
    responses(
        (status = 200, body = Identity),
        (status = 401, description = "No valid credential", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Another tenant's",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[allow(clippy::unused_async)] // handlers are
pub(crate) async fn whoami(caller: Caller) -> Result<Json<Identity>, Problem> {
    let tenant_id = match caller.binding() {
        Binding::Bound(tenant) => Some(tenant.as_str().to_owned()),
        Binding::Platform => None,
    };
    let scopes = [Scope::Ingest, Scope::Read, Scope::Admin];
    let held = scopes
        .into_iter()
        .filter(|scope| caller.require(*scope).is_ok());
    Ok(Json(Identity {
        tenant_id,
        scopes: held.map(Scope::name).collect(),
    }))
}
