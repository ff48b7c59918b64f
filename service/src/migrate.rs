//! Brings the database to the schema of [`schemas::clickhouse`]: forward only, and safe to
//! run again, or by two processes at once, because every statement is (`IF NOT EXISTS`).

mod access;
mod error;
mod render;
mod state;
mod ttl;

use ::clickhouse::Client;
use schemas::clickhouse::{MIGRATIONS, Migration, RETENTION};
use tokio_util::sync::CancellationToken;

pub use access::grant_reader;
pub use error::Error;
use render::Template;
use state::State;

use crate::config::{ClickHouseArgs, RetentionArgs};
use crate::retry::{Failure, Policy, RetryError, retry};

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Migrations applied now, in order.
    pub applied: Vec<(u32, &'static str)>,
    /// The schema's version now.
    pub version: u32,
    /// Whether a changed retention was brought into force.
    pub retention_changed: bool,
}

/// Applies what is missing. One attempt.
///
/// # Errors
/// When ClickHouse does not answer or refuses a statement, and when the database was made by
/// a newer version or by other migrations than ours.
pub async fn run(args: &ClickHouseArgs, retention: &RetentionArgs) -> Result<Outcome, Error> {
    apply(args, retention, MIGRATIONS, RETENTION).await
}

/// The same, waiting for a ClickHouse that is not there yet.
///
/// # Errors
/// As [`run`], but for what passes by itself; [`RetryError::Cancelled`] at shutdown.
pub async fn run_when_ready(
    args: &ClickHouseArgs,
    retention: &RetentionArgs,
    policy: &Policy,
    cancel: &CancellationToken,
) -> Result<Outcome, RetryError<Error>> {
    retry("apply the migrations", policy, cancel, || async {
        run(args, retention).await.map_err(|error| {
            if error.is_retryable() {
                Failure::Transient(error)
            } else {
                Failure::Permanent(error)
            }
        })
    })
    .await
}

/// The retention that the tables have, whatever this process was told; `None` before the
/// first migration.
///
/// # Errors
/// When ClickHouse does not answer, or there is no such database.
pub async fn retention_in_force(args: &ClickHouseArgs) -> Result<Option<RetentionArgs>, Error> {
    let template = Template::new(args, &RetentionArgs::new(1, 1));
    let state = State::read(&args.server_client(), &template).await?;
    Ok(state.retention())
}

async fn apply(
    args: &ClickHouseArgs,
    retention: &RetentionArgs,
    migrations: &'static [Migration],
    retention_statements: &[&str],
) -> Result<Outcome, Error> {
    let client = args.server_client();
    let template = Template::new(args, retention);
    execute(
        &client,
        &template.fill("CREATE DATABASE IF NOT EXISTS {{database}} {{on_cluster}}"),
    )
    .await?;
    let state = State::begin(&client, &template).await?;
    let missing = state.missing(migrations)?;
    for migration in &missing {
        for statement in render::statements(migration.sql) {
            execute(&client, &template.fill(statement)).await?;
        }
        state.record(&client, &template, migration).await?;
        tracing::info!(
            version = migration.version,
            name = migration.name,
            "migrated"
        );
    }
    let fresh = missing.len() == migrations.len();
    // New tables have the days of everyone already.
    let in_force = fresh && retention.tenant_retention.is_empty();
    let changed = !state.has_retention(retention) && !in_force;
    if changed {
        for statement in retention_statements {
            execute(&client, &template.fill(statement)).await?;
        }
        tracing::info!(?retention, "brought the retention into force");
    }
    if changed || fresh {
        state
            .record_retention(&client, &template, retention)
            .await?;
    }
    Ok(Outcome {
        applied: missing
            .iter()
            .map(|migration| (migration.version, migration.name))
            .collect(),
        version: migrations.last().map_or(0, |migration| migration.version),
        retention_changed: changed,
    })
}

/// One statement, within a time that even a slow cluster keeps.
async fn execute(client: &Client, statement: &str) -> Result<(), Error> {
    let running = client.query_raw(statement).execute();
    tokio::time::timeout(error::STATEMENT_TIMEOUT, running)
        .await
        .map_err(|_| Error::TimedOut)??;
    Ok(())
}
