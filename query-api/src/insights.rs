//! `GET /insights/daily`: what is unlike the weeks before, in the 24 hours that end at `as_of`.
//!
//! read (`series.sql`, `runs.sql`) → judge (`baseline`, `detect`) → explain (`changes.sql`:
//! findings that rest on the same events are one cause) → tell. Nothing is random and no clock
//! is asked behind `as_of`, so the same rollups give the same answer.

mod answer;
mod baseline;
mod detect;
mod explain;
mod finding;
mod history;
mod tell;
mod window;

use std::collections::BTreeMap;

use axum::response::Response;
use service::Problem;

use crate::answer::json;
use crate::refusals::Refusals;
use crate::request::{Ask, CommonParams};

use answer::Insight;
use finding::Finding;
use window::{AsOfParams, Window};

/// Findings of one tenant that are told, the most severe first.
const INSIGHTS_PER_TENANT_MAX: usize = 20;

/// What is unlike the four weeks before: jumps and drops of cost, new expensive models, longer
/// prompts, runs that repeat themselves, errors, caches that no longer hit, unpriced usage.
///
/// About the 24 hours that end at `as_of`, compared with the same weekdays of the 28 days
/// before. The most severe first, at most 20 of a tenant.
#[utoipa::path(
    get,
    path = "/insights/daily",
    tag = "insights",
    params(CommonParams, AsOfParams),
    responses(
        (status = 200, body = [Insight]),
        Refusals,
    )
)]
pub(crate) async fn daily(mut ask: Ask) -> Result<Response, Problem> {
    let window = Window::read(&mut ask.params, ask.now)?;
    ask.params.finish()?;
    let (histories, runs) = futures::try_join!(
        history::usage(&ask.store, &ask.access, window),
        history::runs(&ask.store, &ask.access, window),
    )?;
    let mut found: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
    for (tenant_id, history) in &histories {
        let runs = runs.get(tenant_id).map_or(&[][..], Vec::as_slice);
        let findings = detect::all(history, runs);
        if !findings.is_empty() {
            found.insert(tenant_id.clone(), findings);
        }
    }
    let tenants: Vec<&str> = found.keys().map(String::as_str).collect();
    let changes = history::changes(&ask.store, &ask.access, window, &tenants).await?;
    let mut insights = Vec::new();
    for (tenant_id, findings) in found {
        let changes = changes.get(&tenant_id).map_or(&[][..], Vec::as_slice);
        let mut causes = explain::causes(findings, changes);
        causes.truncate(INSIGHTS_PER_TENANT_MAX);
        insights.extend(
            causes
                .into_iter()
                .map(|cause| tell::insight(&tenant_id, cause, window, ask.money)),
        );
    }
    insights.sort_by_key(|insight| std::cmp::Reverse(insight.severity));
    json(&insights, &window.range())
}
