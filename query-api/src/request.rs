//! What every route reads first: who asks, about which tenants, and in which form.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::Uri;
use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use schemas::money::MoneyFormat;
use service::Problem;
use service::auth::{Access, Caller};
use utoipa::IntoParams;

use crate::QueryState;
use crate::answer::Format;
use crate::params::Params;
use crate::store::Store;

/// Whose data, and how money is written.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)] // documentation; `Ask` reads them
pub(crate) struct CommonParams {
    /// The tenant. A bound key need not give it and may give no other; without one, a caller
    /// that may see everything sees all tenants.
    #[param(min_length = 1, max_length = 256)]
    tenant_id: Option<String>,
    /// `number` (default): amounts are JSON numbers in plain notation with all their digits;
    /// `string`: the same digits as strings.
    #[param(inline)]
    money: Option<MoneyParam>,
}

#[derive(Debug, utoipa::ToSchema)]
#[schema(rename_all = "lowercase")]
#[allow(dead_code)] // documentation
enum MoneyParam {
    Number,
    String,
}

/// An authenticated question whose own parameters have yet to be read.
pub(crate) struct Ask {
    pub(crate) store: Store,
    pub(crate) access: Access,
    pub(crate) money: MoneyFormat,
    pub(crate) params: Params,
    pub(crate) now: DateTime<Utc>,
    /// The form that the header `Accept` prefers.
    pub(crate) accept: Format,
    pub(crate) uri: Uri,
}

impl FromRequestParts<Arc<QueryState>> for Ask {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<QueryState>,
    ) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let mut params = Params::parse(parts.uri.query().unwrap_or_default())?;
        let access = caller.read_access(&params.values("tenant_id"))?;
        let money = params.choice(
            "money",
            &[
                ("number", MoneyFormat::Number),
                ("string", MoneyFormat::Text),
            ],
        )?;
        Ok(Self {
            store: state.store.clone(),
            access,
            money: money.unwrap_or_default(),
            params,
            now: Utc::now(),
            accept: Format::accepted(&parts.headers),
            uri: parts.uri.clone(),
        })
    }
}

/// # Errors
/// 403 where the answer is about all tenants, and the caller may not see them all or named one.
pub(crate) fn sees_all_tenants(access: &Access) -> Result<(), Problem> {
    match access {
        Access::All(_) => Ok(()),
        Access::Tenant(_) => {
            let detail = "this is for a platform key with the scope `admin`, without `tenant_id`";
            Err(Problem::forbidden("platform_admin_required", detail))
        }
    }
}
