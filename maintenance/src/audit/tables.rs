//! What the tables hold.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use clickhouse::error::{Error, Result};
use clickhouse::query::Query;
use clickhouse::{Client, Row, RowOwned, RowRead};
use schemas::clickhouse::access;
use schemas::money::Usd;
use serde::Deserialize;

use super::bounds::{Bounds, Marker};
use super::hours::{Hours, Scope};
use super::kept::Kept;

/// What ClickHouse may spend on one question, in seconds.
const QUERY_SECONDS_MAX: u64 = 60;
/// When it says nothing for that long, it is away.
const SILENCE_MAX: Duration = Duration::from_secs(QUERY_SECONDS_MAX + 5);

/// A table by its role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    TraceEvents,
    Usage15m,
    Usage1m,
    Runs,
    IngestLedger,
}

impl Table {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::TraceEvents => "trace_events",
            Self::Usage15m => "usage_15m",
            Self::Usage1m => "usage_1m",
            Self::Runs => "runs",
            Self::IngestLedger => "ingest_ledger",
        }
    }
}

/// Sums by hour, given by its first second since 1970.
pub(super) type ByHour<T> = BTreeMap<u32, T>;

/// An hour of the ledger.
#[derive(Debug, Clone, Copy, Default, Row, Deserialize)]
pub(super) struct LedgerRow {
    hour: u32,
    pub(super) received: u64,
    pub(super) stored: u64,
    pub(super) duplicates: u64,
    pub(super) dead_lettered: u64,
    pub(super) erased: u64,
    /// Of the rows that should be there: see [`Total::by_tenant`].
    pub(super) by_tenant: u64,
}

/// Events and their cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Total {
    pub(super) events: u64,
    pub(super) unpriced_count: u64,
    pub(super) cost_usd: Usd,
    /// Sum over the events of a hash of the tenant, modulo 2^64: two tables that count the
    /// same events for other tenants differ here.
    pub(super) by_tenant: u64,
}

/// Whether an operator rewrites the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Row, Deserialize)]
pub(super) struct Holds {
    /// Holds in force.
    pub(super) held: u64,
    /// Changes when any hold does.
    state: u64,
}

/// A rollup as one snapshot shows it.
#[derive(Debug)]
pub(super) struct Rollup {
    pub(super) totals: ByHour<Total>,
    pub(super) markers: Vec<Marker>,
}

#[derive(Row, Deserialize)]
struct LogEnd {
    log: String,
    log_end: u64,
}

#[derive(Row, Deserialize)]
struct LogTimeRow {
    hour: u32,
    events: u64,
    by_tenant: u64,
}

#[derive(Row, Deserialize)]
struct TimestampRow {
    hour: u32,
    events: u64,
    unpriced_count: u64,
    cost_usd_sum: i128,
    by_tenant: u64,
}

#[derive(Row, Deserialize)]
struct RollupRow {
    hour: u32,
    month: u32,
    log: String,
    log_end: u64,
    events: u64,
    unpriced_count: u64,
    cost_usd_sum: i128,
    by_tenant: u64,
}

#[derive(Row, Deserialize)]
struct KeptRow {
    name: String,
    days: u32,
}

/// The tables, read only.
#[derive(Clone)]
pub(super) struct Tables(Client);

impl Tables {
    /// `client`: one that reads what was acknowledged anywhere.
    pub(super) fn new(client: Client) -> Self {
        let client = client
            .with_setting("readonly", "2")
            .with_setting("max_execution_time", QUERY_SECONDS_MAX.to_string());
        Self(client)
    }

    pub(super) async fn holds(&self) -> Result<Holds> {
        let mut rows = all(self.ask(include_str!("holds.sql"), "")).await?;
        rows.pop().ok_or(Error::RowNotFound)
    }

    pub(super) async fn kept(&self, now: i64) -> Result<Kept> {
        let rows: Vec<KeptRow> = all(self.ask(include_str!("kept.sql"), "")).await?;
        let days = rows.into_iter().map(|row| (row.name, row.days));
        Ok(Kept::new(days, now))
    }

    /// Where each log is finished, as far as batches since `hours` began tell.
    pub(super) async fn finished(&self, hours: Hours) -> Result<Bounds> {
        let query = self.ask(include_str!("finished.sql"), "");
        let rows: Vec<LogEnd> = all(query.param("from", hours.from())).await?;
        Ok(Bounds::new(
            rows.into_iter().map(|row| (row.log, row.log_end)),
        ))
    }

    /// The ledger by log time, of batches that end within `finished`.
    pub(super) async fn ledger(
        &self,
        scope: &Scope,
        hours: Hours,
        finished: &Bounds,
    ) -> Result<ByHour<LedgerRow>> {
        let query = self.select(include_str!("ledger.sql"), scope, hours);
        let rows: Vec<LedgerRow> = all(finished.bind(query)).await?;
        Ok(rows.into_iter().map(|row| (row.hour, row)).collect())
    }

    /// Raw rows by log time, below `finished`.
    pub(super) async fn raw_by_log_time(
        &self,
        scope: &Scope,
        hours: Hours,
        finished: &Bounds,
    ) -> Result<ByHour<Total>> {
        let query = self.select(include_str!("raw_by_log_time.sql"), scope, hours);
        let rows: Vec<LogTimeRow> = all(finished.bind(query)).await?;
        let total = |row: LogTimeRow| Total {
            events: row.events,
            by_tenant: row.by_tenant,
            ..Total::default()
        };
        Ok(rows.into_iter().map(|row| (row.hour, total(row))).collect())
    }

    /// Raw rows by timestamp, below `bounds` of each month.
    pub(super) async fn raw_by_timestamp(
        &self,
        scope: &Scope,
        hours: Hours,
        bounds: &Bounds,
    ) -> Result<ByHour<Total>> {
        let query = self.select(include_str!("raw_by_timestamp.sql"), scope, hours);
        let rows: Vec<TimestampRow> = all(bounds.bind(query)).await?;
        let total = |row: TimestampRow| Total {
            events: row.events,
            unpriced_count: row.unpriced_count,
            cost_usd: Usd::from_pico(row.cost_usd_sum),
            by_tenant: row.by_tenant,
        };
        Ok(rows.into_iter().map(|row| (row.hour, total(row))).collect())
    }

    /// A rollup's sums by timestamp, and up to where they go.
    pub(super) async fn rollup(&self, table: Table, scope: &Scope, hours: Hours) -> Result<Rollup> {
        let query = self.select(include_str!("rollup.sql"), scope, hours);
        let rows: Vec<RollupRow> = all(query.param("table", table.name())).await?;
        let (data, markers): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|row| row.log.is_empty());
        let total = |row: RollupRow| Total {
            events: row.events,
            unpriced_count: row.unpriced_count,
            cost_usd: Usd::from_pico(row.cost_usd_sum),
            by_tenant: row.by_tenant,
        };
        let marker = |row: RollupRow| Marker {
            month: row.month,
            log: row.log,
            end: row.log_end,
        };
        Ok(Rollup {
            totals: data.into_iter().map(|row| (row.hour, total(row))).collect(),
            markers: markers.into_iter().map(marker).collect(),
        })
    }

    /// A question about a tenant's rows, or everyone's where no tenant is named: what the row
    /// policies of the query API's user let pass.
    fn ask(&self, sql: &str, tenant_id: &str) -> Query {
        let comment = match tenant_id {
            "" => access::ALL_TENANTS.to_owned(),
            tenant_id => access::audit_of_tenant(tenant_id),
        };
        self.0.query(sql).with_setting("log_comment", comment)
    }

    fn select(&self, sql: &str, scope: &Scope, hours: Hours) -> Query {
        self.ask(sql, scope.tenant())
            .param("tenant", scope.tenant())
            .param("from", hours.from())
            .param("to", hours.to())
    }
}

/// The months of the hours, such as `202611`.
pub(super) fn months(hours: Hours) -> BTreeSet<u32> {
    let month = |second: u32| schemas::row::month_of(i64::from(second) * 1_000_000);
    hours.starts().map(month).collect()
}

async fn all<T: RowOwned + RowRead>(query: Query) -> Result<Vec<T>> {
    let rows = tokio::time::timeout(SILENCE_MAX, query.fetch_all()).await;
    rows.unwrap_or(Err(Error::TimedOut))
}
