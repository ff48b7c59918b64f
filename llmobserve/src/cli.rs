//! The command line.

use std::io::Write;

use clap::{Parser, Subcommand};
use service::config::LogArgs;
use tokio_util::sync::CancellationToken;

use crate::{audit, clickhouse, dlq, erase, exit, keys, migrate, prices, rebuild, up};

/// Usage and cost of AI calls, per tenant and customer, exact to the last digit.
///
/// Every setting is a flag and an environment variable LLMOBSERVE_…; secrets also as …_FILE.
#[derive(Parser, Debug)]
#[command(version, after_help = exit::HELP, after_long_help = exit::HELP)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) log: LogArgs,

    /// Process id of the `up` that started this role.
    #[arg(long, hide = true)]
    pub(crate) child_of: Option<i32>,

    #[command(subcommand)]
    pub(crate) role: Role,
}

/// What this process does.
#[derive(Subcommand, Debug)]
pub(crate) enum Role {
    /// Run the whole product on this machine.
    Up(up::Config),
    /// Take events over HTTP and store them in Kafka.
    Ingest(ingest::Config),
    /// Pass calls on to providers, and make an event of each.
    Proxy(proxy::Config),
    /// Bring events from Kafka to ClickHouse, exactly once.
    Aggregator(aggregator::Config),
    /// Answer questions over HTTP from ClickHouse.
    QueryApi(query_api::Config),
    /// Serve an embedded ClickHouse, for one machine.
    Clickhouse(clickhouse::Config),
    /// Bring ClickHouse's tables and Kafka's topics to this version.
    Migrate(migrate::Config),
    /// Make, show and revoke API keys.
    Keys(keys::Config),
    /// Show whether everything that was received is accounted for.
    Audit(audit::Config),
    /// Make rollups anew from raw events.
    Rebuild(rebuild::Config),
    /// Remove a tenant, or one customer of a tenant, for good.
    Erase(erase::Config),
    /// Show which price is in force, or check a file of prices.
    #[command(subcommand)]
    Prices(prices::Command),
    /// Show records that could not be decoded, or send those that now can.
    Dlq(dlq::Config),
    /// Print the description of the HTTP interface (OpenAPI 3.1).
    Openapi,
}

impl Role {
    /// Runs the role until it is done or `shutdown` is called.
    pub(crate) async fn run(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        match self {
            Self::Up(config) => up::run(config, shutdown).await,
            Self::Ingest(config) => ingest::run(config, shutdown).await,
            Self::Proxy(config) => proxy::run(config, shutdown).await,
            Self::Aggregator(config) => aggregator::run(config, shutdown).await,
            Self::QueryApi(config) => query_api::run(config, shutdown).await,
            Self::Clickhouse(config) => clickhouse::run(config, shutdown).await,
            Self::Migrate(config) => migrate::run(config, shutdown).await,
            Self::Keys(config) => keys::run(config, shutdown).await,
            Self::Audit(config) => audit::run(config, shutdown).await,
            Self::Rebuild(config) => rebuild::run(config, shutdown).await,
            Self::Erase(config) => erase::run(config, shutdown).await,
            Self::Prices(command) => prices::run(&command),
            Self::Dlq(config) => dlq::run(config, shutdown).await,
            Self::Openapi => openapi(),
        }
    }
}

fn openapi() -> anyhow::Result<()> {
    let document = query_api::document([ingest::openapi()]).to_pretty_json()?;
    writeln!(std::io::stdout().lock(), "{document}")?;
    Ok(())
}
