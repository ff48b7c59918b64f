//! What callers say of keys.

use axum::body::Body;
use axum::http::{StatusCode, Uri};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use service::Problem;
use service::auth::{Access, Caller, KeyInfo, NewKey, Scopes};
use utoipa::{IntoParams, ToSchema};

use crate::page::LIMIT_MAX;
use crate::params::{Params, malformed};

/// Longest body, in bytes.
const BODY_BYTES_MAX: usize = 16 << 10;

/// What a new key shall be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyWish {
    /// What you call it.
    #[schema(max_length = 128)]
    name: Option<String>,
    /// `ingest`: sending events; `read`: asking; `admin`: managing keys.
    #[schema(min_items = 1, example = json!(["ingest", "read"]))]
    scopes: Vec<String>,
    /// From when on it is refused; never, when absent.
    expires_at: Option<DateTime<Utc>>,
    /// The tenant that it shall be bound to. A bound caller need not give it.
    #[schema(min_length = 1, max_length = 256)]
    tenant_id: Option<String>,
    /// Whether it shall be a platform key, which may name any tenant; for platform admins.
    #[serde(default)]
    platform: bool,
}

impl KeyWish {
    /// # Errors
    /// 413 when it is too long, 400 when it is no wish.
    pub(super) async fn read(body: Body) -> Result<Self, Problem> {
        let text = axum::body::to_bytes(body, BODY_BYTES_MAX).await;
        let text = text.map_err(|_| {
            let detail = format!("a body has at most {BODY_BYTES_MAX} bytes");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
        })?;
        serde_json::from_slice(&text).map_err(|error| {
            Problem::bad_request("invalid_json", format!("the body cannot be read: {error}"))
        })
    }

    /// Whose key it shall be; `named` is the query's `tenant_id`.
    ///
    /// # Errors
    /// 403 when the caller may not; 400 when it is not clear.
    pub(super) fn access(&self, caller: &Caller, named: Option<&str>) -> Result<Access, Problem> {
        let access = caller.keys_access(named)?;
        let access = match self.tenant_id.as_deref() {
            Some(name) => caller.keys_access(Some(name))?,
            None => access,
        };
        if named.is_some() && self.tenant_id.is_some() && named != self.tenant_id.as_deref() {
            return Err(malformed(
                "the query and the body name different tenants".to_owned(),
            ));
        }
        match (&access, self.platform) {
            (Access::All(_), true) | (Access::Tenant(_), false) => Ok(access),
            (Access::All(_), false) => Err(Problem::bad_request(
                "tenant_required",
                "name the tenant with `tenant_id`, or ask for a key of all tenants with \
                 `\"platform\": true`",
            )),
            (Access::Tenant(_), true) => Err(Problem::forbidden(
                "other_tenant",
                "a platform key is made by a platform admin, without a tenant",
            )),
        }
    }

    /// # Errors
    /// 400 when a scope is none.
    pub(super) fn into_key(self) -> Result<NewKey, Problem> {
        Ok(NewKey {
            name: self.name,
            scopes: Scopes::parse(&self.scopes).map_err(malformed)?,
            expires_at: self.expires_at,
        })
    }
}

/// Whose keys.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)] // documentation; read by `take`
pub(super) struct OwnerParam {
    /// The tenant. A bound caller need not give it and may give no other.
    #[param(min_length = 1, max_length = 256)]
    tenant_id: Option<String>,
}

impl OwnerParam {
    /// # Errors
    /// 400 when it is empty or repeated.
    pub(super) fn take(params: &mut Params) -> Result<Option<String>, Problem> {
        params.one("tenant_id")
    }

    /// The only parameter of a query.
    ///
    /// # Errors
    /// As [`Self::take`], and for other parameters.
    pub(super) fn read(uri: &Uri) -> Result<Option<String>, Problem> {
        let mut params = Params::parse(uri.query().unwrap_or_default())?;
        let named = Self::take(&mut params)?;
        params.finish()?;
        Ok(named)
    }
}

/// A page of the list. The next one is in the header `Link` (`rel="next"`).
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListParams {
    /// Most keys: 1000 when absent.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// Where the page before ended, as its `Link` says.
    cursor: Option<String>,
}

impl ListParams {
    /// # Errors
    /// 400 for a limit out of bounds.
    pub(super) fn take(params: &mut Params) -> Result<Self, Problem> {
        Ok(Self {
            limit: params.number("limit", 1..=LIMIT_MAX)?,
            cursor: params.one("cursor")?,
        })
    }
}

/// The page asked for, and the `Link` to the next. A cursor is the last key shown.
///
/// # Errors
/// 400 for a cursor that is not of this list.
pub(super) fn page(
    mut keys: Vec<KeyInfo>,
    wanted: &ListParams,
    uri: &Uri,
) -> Result<(Vec<KeyInfo>, Option<String>), Problem> {
    if let Some(cursor) = &wanted.cursor {
        let last = keys.iter().position(|key| key.id == *cursor);
        let last = last.ok_or_else(|| {
            let detail = "this cursor is not one of this list; begin again without it";
            Problem::bad_request("invalid_cursor", detail)
        })?;
        keys.drain(..=last);
    }
    let limit = wanted.limit.unwrap_or(LIMIT_MAX);
    let more = keys.len() > limit;
    keys.truncate(limit);
    let last = keys.last().filter(|_| more);
    let link = last.map(|key| crate::page::next_link(uri, &key.id));
    Ok((keys, link))
}
