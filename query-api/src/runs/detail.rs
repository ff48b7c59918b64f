use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::StatusCode;
use axum::response::Response;
use clickhouse::Row;
use serde::{Deserialize, Serialize};
use service::Problem;
use service::auth::Access;
use service::problem::ProblemBody;
use utoipa::ToSchema;

use super::breakdown::{Breakdown, run_of};
use super::summary::{Run, RunSummary};
use super::tree::{Span, SpanRow, tree};
use crate::answer::json;
use crate::params::malformed;
use crate::range::Range;
use crate::refusals::Refusals;
use crate::request::{Ask, CommonParams};
use crate::store::{Store, Template};

/// Most spans of one answer.
const SPANS_MAX: usize = 10_000;
/// Tenants that a 409 names.
const TENANTS_NAMED_MAX: u64 = 10;

/// One run with all its spans. Sums, breakdown and spans are computed from the same events.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunDetail {
    #[serde(flatten)]
    summary: RunSummary,
    breakdown: Breakdown,
    /// Trees, earliest first.
    spans: Vec<Span>,
    /// Whether spans are missing: the run has more than 10,000, or they are older than the
    /// retention of events. The sums are then those of the whole run all the same.
    truncated: bool,
}

/// A row of `found.sql`.
#[derive(Row, Deserialize)]
struct Found {
    tenant_id: String,
    first_hour: u32,
    last_hour: u32,
}

/// One run: sums, breakdown and the tree of its spans.
#[utoipa::path(
    get,
    path = "/runs/{run_id}",
    tag = "runs",
    params(
        ("run_id" = String, Path, description = "The run, percent-encoded"),
        CommonParams,
    ),
    responses(
        (status = 200, body = RunDetail),
        (status = 404, description = "No such run of this tenant",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Several tenants have such a run: name one",
            body = ProblemBody, content_type = "application/problem+json"),
        Refusals,
    )
)]
pub(crate) async fn run(
    path: Result<Path<String>, PathRejection>,
    ask: Ask,
) -> Result<Response, Problem> {
    let Path(run_id) = path.map_err(|_| malformed("the path is not UTF-8".to_owned()))?;
    let Ask {
        store,
        access,
        money,
        params,
        now,
        ..
    } = ask;
    params.finish()?;
    let found = find(&store, &access, Range::all_time(now), &run_id).await?;
    let range = Range::hours(found.first_hour, found.last_hour);
    let mut rows = spans(&store, &access, &range, &found.tenant_id, &run_id).await?;
    let cut = rows.len() > SPANS_MAX;
    rows.truncate(SPANS_MAX);
    let of_spans = run_of(&found.tenant_id, &run_id, &rows);
    let (run, truncated) = match of_spans {
        Some(run) if !cut => (run, false),
        _ => (
            rollup(&store, &access, &range, found.tenant_id, &run_id).await?,
            true,
        ),
    };
    let detail = RunDetail {
        summary: run.summary(money),
        breakdown: Breakdown::of(&rows, money),
        spans: tree(rows, money),
        truncated,
    };
    json(&detail, &range)
}

/// The run's tenant and hours.
async fn find(
    store: &Store,
    access: &Access,
    range: Range,
    run_id: &str,
) -> Result<Found, Problem> {
    let template = Template::new(include_str!("found.sql"));
    let select = store
        .select(access, range.minutes(), template)
        .param("run_id", run_id)
        .param("limit", TENANTS_NAMED_MAX);
    let mut found: Vec<Found> = select.all().await?;
    if found.len() > 1 {
        let tenants: Vec<String> = found.into_iter().map(|found| found.tenant_id).collect();
        let detail = "several tenants have a run of this name: say which with tenant_id";
        return Err(
            Problem::new(StatusCode::CONFLICT, "ambiguous_run", detail).with("tenants", tenants)
        );
    }
    found.pop().ok_or_else(|| Problem::not_found("no such run"))
}

/// The run's events; one more than are shown when there are more.
async fn spans(
    store: &Store,
    access: &Access,
    range: &Range,
    tenant_id: &str,
    run_id: &str,
) -> Result<Vec<SpanRow>, Problem> {
    let template = Template::new(include_str!("spans.sql"));
    let select = store
        .select(access, range.minutes(), template)
        .param("owner", tenant_id)
        .param("run_id", run_id)
        .param("limit", SPANS_MAX as u64 + 1);
    select.all().await
}

/// The run's sums where its spans cannot tell them.
async fn rollup(
    store: &Store,
    access: &Access,
    range: &Range,
    tenant_id: String,
    run_id: &str,
) -> Result<Run, Problem> {
    let template = Template::new(include_str!("totals.sql"));
    let select = store
        .select(access, range.minutes(), template)
        .param("run_ids", vec![run_id]);
    let runs: Vec<Run> = select.all().await?;
    let run = runs.into_iter().find(|run| run.tenant_id == tenant_id);
    run.ok_or_else(|| Problem::not_found("no such run"))
}
