//! `GET /admin/limits`: how much each tenant may send, for whoever runs the place.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use service::Problem;
use service::auth::Caller;
use service::config::{LimitArgs, Rates};
use utoipa::ToSchema;

use crate::QueryState;
use crate::refusals::Refusals;
use crate::request::sees_all_tenants;

/// What tenants may send to one process of ingest, as its settings say.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TenantLimits {
    /// Of every tenant that has none of its own.
    everyone: SendLimits,
    /// By tenant, of those that have their own.
    own: BTreeMap<String, SendLimits>,
}

impl From<&LimitArgs> for TenantLimits {
    fn from(limits: &LimitArgs) -> Self {
        let own = limits.tenant_limits.iter();
        Self {
            everyone: limits.rates().into(),
            own: own
                .map(|(tenant_id, rates)| (tenant_id.to_owned(), rates.into()))
                .collect(),
        }
    }
}

/// null = no limit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SendLimits {
    requests_per_second: Option<u32>,
    events_per_second: Option<u32>,
    bytes_per_second: Option<u32>,
}

impl From<Rates> for SendLimits {
    fn from(rates: Rates) -> Self {
        let limit = |rate: u32| (rate > 0).then_some(rate);
        Self {
            requests_per_second: limit(rates.requests),
            events_per_second: limit(rates.events),
            bytes_per_second: limit(rates.bytes),
        }
    }
}

/// What each tenant may send a second; above it, ingest answers 429. Only for callers that may
/// see all tenants. Told from this service's own settings, which must be those of ingest.
#[utoipa::path(
    get,
    path = "/admin/limits",
    tag = "dashboard",
    responses((status = 200, body = TenantLimits), Refusals)
)]
#[allow(clippy::unused_async)] // handlers are
pub(crate) async fn limits(
    State(state): State<Arc<QueryState>>,
    caller: Caller,
) -> Result<Json<TenantLimits>, Problem> {
    sees_all_tenants(&caller.read_access(&[])?)?;
    Ok(Json(TenantLimits::from(&state.limits)))
}
