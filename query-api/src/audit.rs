//! `GET /audit/conservation`: whether everything that was received is accounted for.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use maintenance::audit::{Conservation, Hours, Scope};
use service::Problem;
use service::auth::Access;

use crate::QueryState;
use crate::answer::json;
use crate::range::{Range, RangeParams, invalid};
use crate::refusals::Refusals;
use crate::request::{Ask, CommonParams};
use crate::store::problem;

const HOUR: u32 = 3_600;

/// Proof, hour by hour, that nothing was lost and nothing counted twice: what the ledger
/// received, the raw rows, and every rollup beside them. The range is widened to whole hours
/// and at most 31 days long. Batches that are under way are left out; what waits in Kafka is
/// told to who may see all tenants at once, also while ClickHouse is away.
#[utoipa::path(
    get,
    path = "/audit/conservation",
    tag = "audit",
    params(CommonParams, RangeParams),
    responses(
        (status = 200, body = Conservation),
        Refusals,
    )
)]
pub(crate) async fn conservation(
    State(state): State<Arc<QueryState>>,
    mut ask: Ask,
) -> Result<Response, Problem> {
    let range = RangeParams::read(&mut ask.params)?;
    ask.params.finish()?;
    let range = range.last_day(ask.now)?;
    let hours = Hours::touching(range.from(), range.to())
        .ok_or_else(|| invalid("an audit covers at most 31 days"))?;
    let scope = match &ask.access {
        Access::Tenant(tenant) => Scope::Tenant(tenant.as_str().to_owned()),
        Access::All(_) => Scope::All,
    };
    let audited = state.auditor.audit(&scope, hours, ask.money).await;
    let conservation = audited.map_err(|error| problem(&error))?;
    json(
        &conservation,
        &Range::hours(hours.from(), hours.to() - HOUR),
    )
}
