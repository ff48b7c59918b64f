//! The one program: every role is a subcommand, `up` runs them all on one machine.

mod audit;
mod child;
mod cli;
mod clickhouse;
mod dlq;
mod erase;
mod exit;
mod keys;
mod memory;
mod migrate;
mod prices;
mod rebuild;
mod supervise;
mod up;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use cli::Cli;

/// How long work that cannot be cancelled may hold up the end of the process.
const LINGER_MAX: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit::report(&error),
    }
}

/// The boot order: logs, ties to the parent, runtime, signals, role.
fn run(cli: Cli) -> anyhow::Result<()> {
    service::telemetry::init(&cli.log).context(exit::Exit::Usage)?;
    if let Some(parent) = cli.child_of {
        child::live_no_longer_than(parent)?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let ended = runtime.block_on(async {
        let shutdown = match cli.child_of {
            Some(_) => child::shutdown()?,
            None => service::shutdown::on_signal()?,
        };
        cli.role.run(shutdown).await
    });
    runtime.shutdown_timeout(LINGER_MAX);
    ended
}
