use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use clickhouse::error::{Error, Result};
use schemas::money::MoneyFormat;
use service::config::{ClickHouseArgs, KafkaArgs};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::bounds::Bounds;
use super::compare::{Reading, Side};
use super::hours::{Hours, Scope};
use super::in_flight::{self, InFlight};
use super::report::{Check, Conservation, Hour, State, conserved};
use super::tables::{Table, Tables, months};
use crate::span::instant;

/// How long a difference is asked for again while something that passes may be its cause.
pub const SETTLE_MAX: Duration = Duration::from_secs(5);
const SETTLE_PAUSE: Duration = Duration::from_millis(500);
/// Audits at once; they read raw rows, so more wait.
const AUDITS_MAX: usize = 2;

/// Compares the tables, and asks Kafka what waits. Clones share their limits.
#[derive(Clone)]
pub struct Auditor {
    tables: Tables,
    replicated: bool,
    kafka: KafkaArgs,
    consumer_group: String,
    permits: Arc<Semaphore>,
}

impl std::fmt::Debug for Auditor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Auditor").finish_non_exhaustive()
    }
}

impl Auditor {
    /// Connects to nothing yet. `consumer_group` is the aggregator's.
    pub fn new(
        clickhouse: &ClickHouseArgs,
        kafka: KafkaArgs,
        consumer_group: impl Into<String>,
    ) -> Self {
        let replicated = clickhouse.clickhouse_cluster.is_some();
        Self {
            tables: Tables::new(clickhouse.exact_client()),
            replicated,
            kafka,
            consumer_group: consumer_group.into(),
            permits: Arc::new(Semaphore::new(AUDITS_MAX)),
        }
    }

    /// What may be told about the scope: for all tenants together also what waits in Kafka, and
    /// then what is away is told in the answer.
    ///
    /// # Errors
    /// When ClickHouse does not answer about a tenant, or refuses for a reason that will not
    /// pass.
    pub async fn audit(
        &self,
        scope: &Scope,
        hours: Hours,
        money: MoneyFormat,
    ) -> Result<Conservation> {
        match scope {
            Scope::Tenant(_) => {
                let compared = self.hours(scope, hours, money).await?;
                Ok(answer(hours, Some(compared)))
            }
            Scope::All => self.of_all(hours, money).await,
        }
    }

    async fn of_all(&self, hours: Hours, money: MoneyFormat) -> Result<Conservation> {
        let (compared, in_flight) =
            tokio::join!(self.hours(&Scope::All, hours, money), self.in_flight());
        let mut errors = Vec::new();
        let compared = match compared {
            Ok(compared) => Some(compared),
            Err(error) if is_away(&error) => {
                tracing::warn!(%error, "ClickHouse did not answer an audit");
                errors.push("ClickHouse does not answer: what is accepted waits in Kafka");
                None
            }
            Err(error) => return Err(error),
        };
        let in_flight = in_flight
            .inspect_err(|error| {
                tracing::warn!("Kafka did not answer an audit: {error:#}");
                errors.push("Kafka does not answer: how many events wait there is not known");
            })
            .ok();
        Ok(Conservation {
            in_flight: Some(in_flight),
            error: (!errors.is_empty()).then(|| errors.join("; ")),
            ..answer(hours, compared)
        })
    }

    /// Compares each hour.
    ///
    /// # Errors
    /// When ClickHouse does not answer.
    pub async fn hours(
        &self,
        scope: &Scope,
        hours: Hours,
        money: MoneyFormat,
    ) -> Result<Vec<Hour>> {
        let _permit = self.permits.acquire().await.map_err(|_| Error::TimedOut)?;
        let deadline = Instant::now() + SETTLE_MAX;
        loop {
            let before = self.tables.holds().await?;
            let reading = self.read(scope, hours).await?;
            let mut compared: Vec<Hour> = hours
                .starts()
                .map(|hour| reading.hour(hour, money))
                .collect();
            if compared.iter().all(|hour| hour.state != State::Differs) {
                return Ok(compared);
            }
            let rewritten = before.held > 0 || self.tables.holds().await? != before;
            if !rewritten && !self.replicated {
                return Ok(compared);
            }
            if Instant::now() >= deadline {
                let differing = compared
                    .iter_mut()
                    .filter(|hour| rewritten && hour.state == State::Differs);
                differing.for_each(|hour| hour.state = State::Settling);
                return Ok(compared);
            }
            tokio::time::sleep(SETTLE_PAUSE).await;
        }
    }

    /// The order matters: see the module's documentation.
    async fn read(&self, scope: &Scope, hours: Hours) -> Result<Reading> {
        let kept = self.tables.kept(Utc::now().timestamp()).await?;
        let finished = self.tables.finished(hours).await?;
        Ok(Reading {
            kept,
            ledger: self.tables.ledger(scope, hours, &finished).await?,
            raw: self.tables.raw_by_log_time(scope, hours, &finished).await?,
            usage_15m: self
                .side(Table::Usage15m, Check::Usage15m, scope, hours, &finished)
                .await?,
            usage_1m: self
                .side(Table::Usage1m, Check::Usage1m, scope, hours, &finished)
                .await?,
            runs: self
                .side(Table::Runs, Check::Runs, scope, hours, &finished)
                .await?,
        })
    }

    async fn side(
        &self,
        table: Table,
        check: Check,
        scope: &Scope,
        hours: Hours,
        finished: &Bounds,
    ) -> Result<Side> {
        let rollup = self.tables.rollup(table, scope, hours).await?;
        let bounds = finished.by_month(&months(hours), &rollup.markers);
        let raw = self.tables.raw_by_timestamp(scope, hours, &bounds).await?;
        Ok(Side {
            table,
            check,
            raw,
            rollup: rollup.totals,
        })
    }

    /// What waits in Kafka. Asks Kafka only.
    ///
    /// # Errors
    /// When Kafka does not answer within some seconds, or the topic is not there.
    pub async fn in_flight(&self) -> anyhow::Result<InFlight> {
        let mut config = self.kafka.client("audit");
        config.set("group.id", &self.consumer_group);
        let topic = self.kafka.events_topic.clone();
        tokio::task::spawn_blocking(move || in_flight::ask(config, &topic)).await?
    }
}

/// Whether ClickHouse is away, overloaded, or before its first migration.
pub fn is_away(error: &Error) -> bool {
    const UNKNOWN_TABLE: u32 = 60;
    const UNKNOWN_DATABASE: u32 = 81;
    let code = service::clickhouse::code(error);
    matches!(code, Some(UNKNOWN_TABLE | UNKNOWN_DATABASE))
        || service::clickhouse::is_retryable(error)
}

fn answer(hours: Hours, compared: Option<Vec<Hour>>) -> Conservation {
    Conservation {
        from: instant(hours.from()),
        to: instant(hours.to()),
        conserved: compared.as_deref().and_then(conserved),
        hours: compared,
        in_flight: None,
        error: None,
    }
}
