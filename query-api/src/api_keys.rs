//! `POST`, `GET` and `DELETE /api-keys`: a tenant's own keys; for a platform admin anyone's.

mod request;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, LINK};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use serde::Serialize;
use service::Problem;
use service::auth::{Access, Caller, KeyInfo, KeyManager};
use service::problem::ProblemBody;
use utoipa::ToSchema;

use crate::params::Params;
use request::{KeyWish, ListParams, OwnerParam, page};

/// What must not be kept by anyone on the way.
const NO_STORE: (axum::http::HeaderName, HeaderValue) =
    (CACHE_CONTROL, HeaderValue::from_static("no-store"));

/// A new key. `key` is shown this once and kept by no one but you.
#[derive(Debug, Serialize, ToSchema)]
struct CreatedKey {
    id: String,
    name: Option<String>,
    /// Send it as `Authorization: Bearer <key>`.
    #[schema(example = "llmo_sk_0f1e2d3c4b5a6978_…")]
    key: String,
    key_prefix: String,
    /// The tenant that it is bound to; null = a platform key.
    tenant_id: Option<String>,
    scopes: Vec<String>,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
}

/// Makes a key, valid at once. A bound caller makes keys of its own tenant; a platform admin
/// names the tenant, or asks for a platform key. A JWT may give every scope in its tenant, a
/// key (with the scope `admin`) those that it has itself.
#[utoipa::path(
    post,
    path = "/api-keys",
    tag = "keys",
    params(OwnerParam),
    request_body(content = KeyWish, content_type = "application/json"),
    responses(
        (status = 201, description = "Made; the key is shown this once", body = CreatedKey),
        (status = 400, description = "A wish that cannot be read or makes no sense; `tenant_required` when a platform admin names no tenant",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No valid credential",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Another tenant's, or more scopes than one's own",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The tenant has 1,000 keys",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is over 16 KiB",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Kafka did not store it; try again",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create(
    State(manager): State<KeyManager>,
    caller: Caller,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    let named = OwnerParam::read(&uri)?;
    let wish = KeyWish::read(body).await?;
    let access = wish.access(&caller, named.as_deref())?;
    let (info, key) = manager.create(&caller, &access, wish.into_key()?).await?;
    let created = CreatedKey {
        id: info.id,
        name: info.name,
        key: key.expose_secret().to_owned(),
        key_prefix: info.key_prefix,
        tenant_id: info.tenant_id,
        scopes: info.scopes,
        created_at: info.created_at,
        expires_at: info.expires_at,
    };
    Ok((StatusCode::CREATED, [NO_STORE], Json(created)).into_response())
}

/// The keys, newest first, without their secrets: also those that have expired or were revoked
/// in the last weeks.
#[utoipa::path(
    get,
    path = "/api-keys",
    tag = "keys",
    params(OwnerParam, ListParams),
    responses(
        (status = 200, body = [KeyInfo]),
        (status = 400, description = "A parameter that makes no sense",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No valid credential",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Another tenant's, or the scope `admin` is missing",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The keys are being read; try again",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    State(manager): State<KeyManager>,
    caller: Caller,
    uri: Uri,
) -> Result<Response, Problem> {
    let mut params = Params::parse(uri.query().unwrap_or_default())?;
    let named = OwnerParam::take(&mut params)?;
    let wanted = ListParams::take(&mut params)?;
    params.finish()?;
    let access = caller.keys_access(named.as_deref())?;
    let (keys, link) = page(manager.list(&access)?, &wanted, &uri)?;
    let mut response = ([NO_STORE], Json(keys)).into_response();
    // A link is percent-encoded, hence a valid header.
    if let Some(link) = link.and_then(|link| HeaderValue::from_str(&link).ok()) {
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}

/// Revokes a key, for good and everywhere within two seconds. Once more does no harm.
#[utoipa::path(
    delete,
    path = "/api-keys/{id}",
    tag = "keys",
    params(
        ("id" = String, Path, description = "The key's `id`"),
        OwnerParam,
    ),
    responses(
        (status = 204, description = "Revoked"),
        (status = 400, description = "A parameter that makes no sense",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No valid credential",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Another tenant's, or the scope `admin` is missing",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such key of this tenant",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Kafka did not store it; try again",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn revoke(
    State(manager): State<KeyManager>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    uri: Uri,
) -> Result<StatusCode, Problem> {
    let Path(id) = id.map_err(|_| Problem::not_found("there is no such key"))?;
    let named = OwnerParam::read(&uri)?;
    let access: Access = caller.keys_access(named.as_deref())?;
    manager.revoke(&caller, &access, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
