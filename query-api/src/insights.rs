//! `GET /insights/daily`: what is unlike the weeks before, in the 24 hours that end at `as_of`.
//!
//! read (`series.sql`, `runs.sql`) → judge (`baseline`, `detect`) → look closer (`changes.sql`:
//! `refute` what vanishes in a finer cut, `explain`: findings that rest on the same events are one
//! cause) → leave out what is no `news` → tell. Nothing is random and no clock is asked behind
//! `as_of`, so the same rollups give the same answer. What each kind means, and how well it is
//! found, is in `docs/INSIGHTS.md`.

mod answer;
mod baseline;
mod detect;
mod explain;
mod finding;
mod history;
mod news;
mod read;
mod refute;
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
use history::{Change, History, RunsHistory};
use news::Known;
use window::{AsOfParams, Window};

/// Findings of one tenant that are told, the most severe first.
const INSIGHTS_PER_TENANT_MAX: usize = 20;

/// What is unlike the four weeks before: jumps and drops of cost, new expensive models, longer
/// prompts, runs that repeat themselves, errors, caches that no longer hit, unpriced usage.
///
/// About the 24 hours that end at `as_of`, compared with the same weekdays of the 28 days
/// before. What stays as it has become is told on its first day only, but for unpriced usage. The
/// most severe first, at most 20 of a tenant.
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
    let (usage, runs) = futures::try_join!(
        read::usage(&ask.store, &ask.access, window),
        read::runs(&ask.store, &ask.access, window),
    )?;
    let runs_of = |tenant_id: &String| runs.get(tenant_id).map_or(&[][..], Vec::as_slice);
    let mut found: BTreeMap<&String, Vec<Finding>> = BTreeMap::new();
    for (tenant_id, usage) in &usage {
        let findings = judge(usage, runs_of(tenant_id));
        if !findings.is_empty() {
            found.insert(tenant_id, findings);
        }
    }
    let tenants: Vec<&str> = found.keys().map(|tenant_id| tenant_id.as_str()).collect();
    let changes = read::changes(&ask.store, &ask.access, window, &tenants).await?;
    let mut insights = Vec::new();
    for (tenant_id, findings) in found {
        let usage = usage.get(tenant_id).map_or(&[][..], Vec::as_slice);
        let changes = changes.get(tenant_id).map_or(&[][..], Vec::as_slice);
        let mut causes = explained(&findings, usage, runs_of(tenant_id), changes);
        causes.truncate(INSIGHTS_PER_TENANT_MAX);
        insights.extend(
            causes
                .into_iter()
                .map(|cause| tell::insight(tenant_id, cause, window, ask.money)),
        );
    }
    insights.sort_by_key(|insight| std::cmp::Reverse(insight.severity));
    json(&insights, &window.range())
}

/// What stands out in the day.
fn judge(usage: &[History], runs: &[RunsHistory]) -> Vec<Finding> {
    let usage: Vec<_> = usage.iter().filter_map(|of| of.ago(0)).collect();
    let runs: Vec<_> = runs.iter().filter_map(|of| of.ago(0)).collect();
    detect::find(&usage, &runs, |_| true)
}

/// Of that, what is worth telling, by its cause.
fn explained(
    all: &[Finding],
    usage: &[History],
    runs: &[RunsHistory],
    changes: &[Change],
) -> Vec<explain::Cause> {
    let stands = |finding: &&Finding| refute::stands(finding, all, changes);
    let findings: Vec<Finding> = all.iter().filter(stands).cloned().collect();
    let known = Known::before(&findings, usage, runs);
    let mut causes = explain::causes(findings, changes);
    causes.retain(|cause| !known.includes(cause));
    causes
}
