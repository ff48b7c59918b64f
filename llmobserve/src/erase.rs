//! The role `erase`: removes a tenant or a customer for good, prints the certificate, and ends.

use std::io::{IsTerminal, Write};

use anyhow::{Context, anyhow, bail};
use clap::Args;
use maintenance::erase::{Subject, erase};
use maintenance::hold::{Site, SiteArgs};
use tokio_util::sync::CancellationToken;

use crate::exit::Exit;

/// Removes raw events, statistics and the ledger of a tenant; or raw events and statistics of
/// one customer, counted in the ledger as erased. Records of the past are not stored again,
/// whatever is replayed. The aggregators pause meanwhile; ingest goes on accepting.
#[derive(Args, Clone, Debug)]
pub(crate) struct Config {
    #[command(flatten)]
    site: SiteArgs,

    /// Whose data.
    #[arg(long)]
    tenant: String,

    /// One customer of the tenant only.
    #[arg(long)]
    customer: Option<String>,

    /// Do not ask.
    #[arg(long)]
    yes: bool,

    /// Of a customer: also where raw events are missing that the ledger tells of. Statistics
    /// of runs in these hours are then those of what remains.
    #[arg(long)]
    force: bool,

    /// Print the certificate as JSON.
    #[arg(long)]
    json: bool,
}

/// Erases, and prints the certificate.
pub(crate) async fn run(config: Config, shutdown: CancellationToken) -> anyhow::Result<()> {
    let subject = Subject::new(&config.tenant, config.customer.as_deref())
        .ok_or_else(|| anyhow!("--tenant and --customer must not be empty"))
        .context(Exit::Usage)?;
    if !config.yes {
        let config = config.clone();
        tokio::task::spawn_blocking(move || confirm(&config)).await??;
    }
    let site = Site::connect(config.site).await?;
    let certificate = erase(&site, &subject, config.force, &shutdown).await?;
    let text = if config.json {
        serde_json::to_string_pretty(&certificate)?
    } else {
        certificate.to_string()
    };
    writeln!(std::io::stdout().lock(), "{text}")?;
    Ok(())
}

fn confirm(config: &Config) -> anyhow::Result<()> {
    let Config {
        tenant, customer, ..
    } = config;
    if !std::io::stdin().is_terminal() {
        return Err(anyhow!("this cannot be undone: say so with --yes").context(Exit::Usage));
    }
    let what = match customer {
        Some(customer) => format!("customer {customer} of tenant {tenant}"),
        None => format!("tenant {tenant} and everything it has"),
    };
    let name = customer.as_ref().unwrap_or(tenant);
    write!(
        std::io::stderr().lock(),
        "This removes {what} for good. Type {name} to go on: "
    )?;
    let mut typed = String::new();
    std::io::stdin().read_line(&mut typed)?;
    if typed.trim_end_matches(['\r', '\n']) != name {
        bail!("nothing was erased");
    }
    Ok(())
}
