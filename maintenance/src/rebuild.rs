//! Rollups made anew from `trace_events`, month by month, while no aggregator writes.
//!
//! A month's rows are deleted by `ALTER TABLE … DELETE`, which rewrites the parts that exist
//! when it begins and waits until it is done: the rows that are inserted next are not
//! touched, and none of the old ones is left to be merged with them. The conditions name
//! columns of the sorting key only, so all rows of a key go together, merged or not. (A
//! lightweight delete would only hide rows until some merge.) Rows of tenant '' stay: they
//! mark the batches that a table holds.
//!
//! Every step may be repeated: who is killed in the middle leaves a month without rows or with
//! some of them, and the next run makes it whole.

mod refuse;
mod tables;

use anyhow::bail;
use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::hold::{Site, held};
pub use crate::span::Span;
pub(crate) use refuse::Kept;
pub(crate) use tables::{Rollup, Slice, insert_tenant_latencies, rewrite};

/// How often it begins again when somebody wrote in spite of the hold.
const ATTEMPTS_MAX: u32 = 3;

/// What to rebuild.
#[derive(Debug, Clone)]
pub struct Request {
    /// Of the events' own time.
    pub span: Span,
    /// `None` = everyone.
    pub tenant_id: Option<String>,
    /// Also where raw events are missing that the ledger tells of.
    pub force: bool,
}

/// What was rebuilt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rebuilt {
    /// First instant, a whole hour.
    pub from: DateTime<Utc>,
    /// First instant behind, a whole hour.
    pub to: DateTime<Utc>,
    /// Days of the range.
    pub days: u32,
    /// Raw events that the rollups were made from.
    pub events: u64,
}

/// Makes `usage_15m`, `usage_1m` and `runs` of the range what `trace_events` adds up to, and
/// checks that they are.
///
/// # Errors
/// When raw events of the range have expired or are missing, when the aggregators do not
/// leave, when ClickHouse or Kafka does not answer, and at `shutdown`. The hold is released.
pub async fn rebuild(
    site: &Site,
    request: &Request,
    shutdown: &CancellationToken,
) -> anyhow::Result<Rebuilt> {
    let Request {
        span,
        tenant_id,
        force,
    } = request;
    let kept = Kept::read(site, tenant_id.as_deref()).await?;
    kept.check(*span)?;
    let reason = format!("rebuild {span}");
    held(site, &reason, shutdown, async |quiet, stop| {
        if !force {
            kept.check_complete(site, *span, tenant_id.as_deref(), "")
                .await?;
        }
        for _ in 0..ATTEMPTS_MAX {
            let mut events = 0;
            for month in span.months() {
                let slice = Slice::new(month, tenant_id.as_deref());
                events += rewrite(site, slice, &Rollup::ALL, stop).await?;
                tracing::info!("rebuilt {month}");
            }
            if quiet.lasts().await? {
                return Ok(Rebuilt {
                    from: span.from(),
                    to: span.to(),
                    days: u32::try_from(span.days().count())?,
                    events,
                });
            }
            tracing::warn!("somebody wrote in spite of the hold; once more");
        }
        bail!("an aggregator writes in spite of the hold; stop it and run the same again")
    })
    .await
}
