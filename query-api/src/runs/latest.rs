//! The newest runs, without a walk through all history: windows that reach further and further
//! back, until one holds enough runs.
//!
//! A run is told by the rows of its hours, so a run seen in a window may have begun before it.
//! Those are recognised by the second query, which reads the chosen runs' other hours as well.

use std::collections::HashSet;

use clickhouse::Row;
use serde::{Deserialize, Serialize};
use service::Problem;
use service::auth::Access;

use super::summary::Run;
use crate::filters::Filters;
use crate::range::Range;
use crate::store::{Store, Template};

/// How far back the windows reach, in hours, before the whole range is read.
const WINDOWS_HOURS: [i64; 5] = [2, 12, 2 * 24, 8 * 24, 32 * 24];
/// How far a run's hours are followed in both directions, in seconds. A run that pauses for
/// longer is listed as if it had ended; its own page (`/runs/{run_id}`) tells all of it.
const RUN_SECONDS_MAX: i64 = 35 * 24 * 3600;

/// What is listed.
pub(super) struct Latest {
    pub(super) store: Store,
    pub(super) access: Access,
    /// In which the runs began.
    pub(super) range: Range,
    pub(super) filters: Filters,
}

/// The last run of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct After {
    started_us: i64,
    tenant_id: String,
    run_id: String,
}

/// A row of `candidates.sql`.
#[derive(Row, Deserialize)]
struct Candidate {
    tenant_id: String,
    run_id: String,
    first_us: i64,
}

impl Latest {
    /// The next `limit` runs, and where to go on when there are more.
    ///
    /// # Errors
    /// Those of [`crate::store::Select`].
    pub(super) async fn page(
        &self,
        after: Option<After>,
        limit: usize,
    ) -> Result<(Vec<Run>, Option<After>), Problem> {
        let until = after
            .as_ref()
            .map_or(self.range, |after| self.range.until_us(after.started_us));
        for hours in WINDOWS_HOURS {
            let window = until.last(hours * 3600);
            let runs = self.window(window, after.clone(), limit + 1).await?;
            if runs.len() > limit || window.from() == until.from() {
                return Ok(cut(runs, limit));
            }
        }
        Ok(cut(self.window(until, after, limit + 1).await?, limit))
    }

    /// Up to `wanted` (or a few more) runs that began in the window, newest first.
    async fn window(
        &self,
        window: Range,
        mut after: Option<After>,
        wanted: usize,
    ) -> Result<Vec<Run>, Problem> {
        let mut runs = Vec::new();
        loop {
            let candidates = self.candidates(window, after.as_ref(), wanted).await?;
            let exhausted = candidates.len() < wanted;
            after = candidates.last().map(|last| After {
                started_us: last.first_us,
                tenant_id: last.tenant_id.clone(),
                run_id: last.run_id.clone(),
            });
            let mut found = self.totals(window, candidates).await?;
            found.sort_unstable_by(|a, b| {
                let key = |run: &Run| (std::cmp::Reverse(run.started_us), run.tenant_id.clone());
                key(a).cmp(&key(b)).then_with(|| a.run_id.cmp(&b.run_id))
            });
            runs.append(&mut found);
            if exhausted || runs.len() >= wanted {
                return Ok(runs);
            }
        }
    }

    /// Runs by their first event in the window.
    async fn candidates(
        &self,
        window: Range,
        after: Option<&After>,
        limit: usize,
    ) -> Result<Vec<Candidate>, Problem> {
        let template = Template::new(include_str!("candidates.sql"));
        // Whether a run matches may show in its later hours only.
        let (template, read) = if self.filters.is_empty() {
            (template.with("matching", "true"), window)
        } else {
            let matching = include_str!("filters.sql");
            (
                template.with("matching", matching),
                window.padded(RUN_SECONDS_MAX),
            )
        };
        let select = self.store.select(&self.access, window.minutes(), template);
        let select = self
            .filters
            .bind(select)
            .param("read_to", read.minutes().to)
            .param("after_us", after.map_or(i64::MAX, |after| after.started_us))
            .param("after_tenant", after.map_or("", |after| &after.tenant_id))
            .param("after_run", after.map_or("", |after| &after.run_id))
            .param("limit", limit as u64);
        select.all().await
    }

    /// The sums of the candidates that really began in the window.
    async fn totals(&self, window: Range, candidates: Vec<Candidate>) -> Result<Vec<Run>, Problem> {
        if candidates.is_empty() {
            return Ok(Vec::new());
        }
        let run_ids: Vec<&str> = candidates.iter().map(|c| c.run_id.as_str()).collect();
        let template = Template::new(include_str!("totals.sql"));
        let parts = window.padded(RUN_SECONDS_MAX).minutes();
        let select = self
            .store
            .select(&self.access, parts, template)
            .param("run_ids", run_ids);
        let mut runs: Vec<Run> = select.all().await?;
        // Another tenant's run may bear the same name.
        let chosen: HashSet<(&str, &str)> = candidates
            .iter()
            .map(|c| (c.tenant_id.as_str(), c.run_id.as_str()))
            .collect();
        runs.retain(|run| {
            run.started_us >= window.from() * 1_000_000
                && chosen.contains(&(run.tenant_id.as_str(), run.run_id.as_str()))
        });
        Ok(runs)
    }
}

fn cut(mut runs: Vec<Run>, limit: usize) -> (Vec<Run>, Option<After>) {
    if runs.len() <= limit {
        return (runs, None);
    }
    runs.truncate(limit);
    let after = runs.last().map(|run| After {
        started_us: run.started_us,
        tenant_id: run.tenant_id.clone(),
        run_id: run.run_id.clone(),
    });
    (runs, after)
}
