//! A month of the rollups: away with what is there, make it anew, compare.

use anyhow::bail;
use chrono::Utc;
use clickhouse::query::Query;
use tokio_util::sync::CancellationToken;

use crate::hold::{Site, step};
use crate::span::Span;

/// `usage_1m` is kept so long; older rows are waiting to be expired.
const MINUTES_KEPT_SECONDS: i64 = 16 * 86_400;
/// `usage_1m` is asked so far back, so it must be right there.
const MINUTES_ASKED_SECONDS: i64 = 14 * 86_400;
/// The aggregator makes no minute rows of events that were older than this when they came.
const MINUTES_LATE_DAYS: u32 = 15;

/// A table that is made from `trace_events`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rollup {
    Usage15m,
    Usage1m,
    Runs,
}

/// A range of everyone or one tenant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slice<'a> {
    span: Span,
    /// Empty = everyone: no tenant has an empty name.
    tenant_id: &'a str,
}

impl<'a> Slice<'a> {
    pub(crate) fn new(span: Span, tenant_id: Option<&'a str>) -> Self {
        Self {
            span,
            tenant_id: tenant_id.unwrap_or_default(),
        }
    }

    fn bind(self, query: Query) -> Query {
        let (from, to) = self.span.seconds();
        query
            .param("tenant", self.tenant_id)
            .param("from", from)
            .param("to", to)
    }
}

impl Rollup {
    pub(crate) const ALL: [Self; 3] = [Self::Usage15m, Self::Usage1m, Self::Runs];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Usage15m => "usage_15m",
            Self::Usage1m => "usage_1m",
            Self::Runs => "runs",
        }
    }

    /// The statement for this table. `usage_15m` and `usage_1m` have the same columns.
    fn query(self, site: &Site, slice: Slice<'_>, runs: &str, usage: &str) -> Query {
        let (seconds, late_days) = match self {
            Self::Runs => return slice.bind(site.query(runs)),
            Self::Usage15m => (900_u32, 0),
            Self::Usage1m => (60, MINUTES_LATE_DAYS),
        };
        let sql = usage.replace("usage_table", self.name());
        let query = slice.bind(site.query(&sql)).param("seconds", seconds);
        query.param("late_days", late_days)
    }

    /// The part of the slice that the table keeps for so many seconds.
    fn kept(self, slice: Slice<'_>, seconds: i64) -> Option<Slice<'_>> {
        let since = match self {
            Self::Usage1m => Utc::now().timestamp() - seconds,
            Self::Usage15m | Self::Runs => 0,
        };
        Some(Slice {
            span: slice.span.since(since)?,
            ..slice
        })
    }

    async fn delete(self, site: &Site, slice: Slice<'_>) -> anyhow::Result<()> {
        let Some(kept) = self.kept(slice, MINUTES_KEPT_SECONDS) else {
            return Ok(());
        };
        let sql = include_str!("delete.sql").replace("rollup_table", self.name());
        site.execute(kept.bind(site.query(&sql))).await
    }

    async fn insert(self, site: &Site, slice: Slice<'_>) -> anyhow::Result<()> {
        let Some(kept) = self.kept(slice, MINUTES_KEPT_SECONDS) else {
            return Ok(());
        };
        let (runs, usage) = (include_str!("runs.sql"), include_str!("usage.sql"));
        site.execute(self.query(site, kept, runs, usage)).await?;
        match self {
            Self::Usage15m => insert_tenant_latencies(site, kept).await,
            Self::Usage1m | Self::Runs => Ok(()),
        }
    }

    async fn check(self, site: &Site, slice: Slice<'_>) -> anyhow::Result<()> {
        let Some(asked) = self.kept(slice, MINUTES_ASKED_SECONDS) else {
            return Ok(());
        };
        let (runs, usage) = (
            include_str!("runs_differ.sql"),
            include_str!("usage_differs.sql"),
        );
        let mut differ: u64 = self.query(site, asked, runs, usage).fetch_one().await?;
        if self == Self::Usage15m {
            let latencies = site.query(include_str!("tenant_latencies_differ.sql"));
            differ += asked.bind(latencies).fetch_one::<u64>().await?;
        }
        if differ > 0 {
            bail!(
                "{} of {} differs from trace_events for {differ} tenants and times although it \
                 was just made from it; run the same again",
                self.name(),
                slice.span
            );
        }
        Ok(())
    }
}

/// The sketches of whole tenants, from those of their keys.
pub(crate) async fn insert_tenant_latencies(site: &Site, slice: Slice<'_>) -> anyhow::Result<()> {
    let query = slice.bind(site.query(include_str!("tenant_latencies.sql")));
    site.execute(query).await
}

/// Makes rollups of a month, or a part of one, anew and compares them. A month is deleted at
/// once, because each deletion rewrites the month's parts; it is inserted day by day, so that
/// memory is bounded. Returns how many raw events they are made from.
///
/// # Errors
/// When ClickHouse does not answer, when they are not equal afterwards, and at `stop`.
pub(crate) async fn rewrite(
    site: &Site,
    month: Slice<'_>,
    rollups: &[Rollup],
    stop: &CancellationToken,
) -> anyhow::Result<u64> {
    for rollup in rollups {
        step(stop)?;
        rollup.delete(site, month).await?;
    }
    let mut events = 0;
    for day in month.span.days() {
        let day = Slice { span: day, ..month };
        for rollup in rollups {
            step(stop)?;
            rollup.insert(site, day).await?;
            rollup.check(site, day).await?;
        }
        let count = site.query(include_str!("events.sql"));
        events += day.bind(count).fetch_one::<u64>().await?;
    }
    Ok(events)
}
