//! When a rebuild would take something away: statistics outlive the events they were made of.

use anyhow::{Context as _, bail};
use chrono::{DateTime, SecondsFormat, Utc};
use clickhouse::Row;
use serde::Deserialize;
use service::config::Days;

use crate::hold::Site;
use crate::span::Span;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// Events may lie this far ahead of the log's time, and the hour they are in began earlier.
const AHEAD: i64 = 2 * HOUR;
/// Nothing may expire while it is read.
const MARGIN: i64 = 2 * HOUR;

/// What the tables still hold, whatever this process was told about retention.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept {
    days: Days,
    /// Seconds since 1970.
    now: i64,
}

/// An hour of log time in which rows are missing, or too many.
#[derive(Row, Deserialize)]
struct Incomplete {
    tenant_id: String,
    hour: String,
    told: i64,
    held: i64,
}

impl Kept {
    /// Of one tenant, or the shortest of all.
    ///
    /// # Errors
    /// When ClickHouse does not answer or was never migrated.
    pub(crate) async fn read(site: &Site, tenant_id: Option<&str>) -> anyhow::Result<Self> {
        let retention = service::migrate::retention_in_force(&site.args.clickhouse)
            .await?
            .context("the database has no tables yet: run `llmobserve migrate`")?;
        let days = match tenant_id {
            Some(tenant_id) => retention.days_of(tenant_id),
            None => {
                let tenants = retention.tenant_retention.iter().map(|(_, days)| days);
                let all = tenants.chain([retention.days_of("")]);
                let shorter = |a: Days, b: Days| Days {
                    events: a.events.min(b.events),
                    rollups: a.rollups.min(b.rollups),
                };
                all.reduce(shorter).context("nobody has a retention")?
            }
        };
        Ok(Self {
            days,
            now: Utc::now().timestamp(),
        })
    }

    /// The first second of the hours whose events are all there.
    pub(crate) fn events_from(self) -> i64 {
        let oldest = self.now - i64::from(self.days.events) * DAY;
        oldest - oldest.rem_euclid(HOUR) + MARGIN
    }

    /// # Errors
    /// When events of the range have expired.
    pub(super) fn check(self, span: Span) -> anyhow::Result<()> {
        let first = self.events_from();
        if i64::from(span.seconds().0) >= first {
            return Ok(());
        }
        let first = DateTime::from_timestamp(first, 0).unwrap_or_default();
        bail!(
            "refused: raw events are kept for {} days, and the range begins earlier. Statistics \
             outlive the events they were made from: rebuilt from what is left they would be \
             lost. The earliest --from is {}",
            self.days.events,
            first.to_rfc3339_opts(SecondsFormat::Secs, true)
        )
    }

    /// `leaving`: the digest of a customer who is being erased, or empty.
    ///
    /// # Errors
    /// When `trace_events` does not hold what the ledger tells of the range: then it is not
    /// what statistics should be made from.
    pub(crate) async fn check_complete(
        self,
        site: &Site,
        span: Span,
        tenant_id: Option<&str>,
        leaving: &str,
    ) -> anyhow::Result<()> {
        let ledger_from = self.now - i64::from(self.days.rollups) * DAY + MARGIN;
        let since = (i64::from(span.seconds().0) - AHEAD).max(ledger_from);
        let query = site.query(include_str!("incomplete.sql"));
        let query = query
            .param("tenant", tenant_id.unwrap_or_default())
            .param("customer", leaving)
            .param("since", u32::try_from(since.max(0)).unwrap_or_default());
        let found: Vec<Incomplete> = query.fetch_all().await?;
        if found.is_empty() {
            return Ok(());
        }
        let hours = found.iter().map(|found| {
            let Incomplete {
                tenant_id,
                hour,
                told,
                held,
            } = found;
            format!("{hour} {tenant_id}: {held} rows, the ledger tells of {told}")
        });
        bail!(
            "refused: trace_events does not hold what the ledger says was stored since the range \
             began, so statistics made from it would be wrong. It may be that events were close \
             to their retention's end when they came, and have expired; then --force is right. \
             {}",
            hours.collect::<Vec<_>>().join("; ")
        )
    }
}
