//! The role `migrate`: brings ClickHouse's tables to this version, and ends.

use std::time::Duration;

use anyhow::anyhow;
use clap::Args;
use service::config::{ClickHouseArgs, ReaderArgs, RetentionArgs};
use service::migrate;
use service::retry::{Policy, RetryError};
use tokio_util::sync::CancellationToken;

use crate::exit::Exit;

/// Settings of the role `migrate`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Config {
    #[command(flatten)]
    pub(crate) clickhouse: ClickHouseArgs,
    #[command(flatten)]
    pub(crate) reader: ReaderArgs,
    #[command(flatten)]
    pub(crate) retention: RetentionArgs,

    /// How long to wait for a ClickHouse that does not answer yet, in seconds.
    #[arg(long, env = "LLMOBSERVE_MIGRATE_WAIT_SECONDS", default_value_t = 60)]
    pub(crate) wait_seconds: u64,
}

/// Applies what is missing. Safe to run again and at the same time elsewhere.
pub(crate) async fn run(config: Config, shutdown: CancellationToken) -> anyhow::Result<()> {
    let policy = Policy::PATIENT.for_at_most(Duration::from_secs(config.wait_seconds));
    let Config {
        clickhouse,
        reader,
        retention,
        ..
    } = &config;
    match migrate::run_when_ready(clickhouse, retention, &policy, &shutdown).await {
        Ok(outcome) => {
            tracing::info!(
                version = outcome.version,
                applied = outcome.applied.len(),
                "ClickHouse's tables are up to date"
            );
            migrate::grant_reader(clickhouse, reader).await
        }
        Err(RetryError::Cancelled) => Ok(()),
        Err(RetryError::Failed(error)) if error.is_retryable() => {
            let url = &clickhouse.clickhouse_url;
            let advice =
                "is it running, and are LLMOBSERVE_CLICKHOUSE_URL, _USER and _PASSWORD right?";
            Err(anyhow!(error)
                .context(format!("{url} does not answer as ClickHouse: {advice}"))
                .context(Exit::Unreachable))
        }
        Err(RetryError::Failed(error)) => Err(error.into()),
    }
}
