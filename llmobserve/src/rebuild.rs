//! The role `rebuild`: makes rollups anew from raw events, and ends.

use std::io::Write;

use anyhow::Context;
use chrono::{DateTime, Utc};
use clap::Args;
use maintenance::hold::{Site, SiteArgs};
use maintenance::rebuild::{Request, Span, rebuild};
use tokio_util::sync::CancellationToken;

use crate::exit::Exit;

/// Makes the statistics of a range of the events' own time anew from the raw events, and
/// checks that they are equal. The aggregators pause meanwhile and ingest goes on accepting,
/// so nothing is lost; statistics stand still. It may be interrupted and run again.
#[derive(Args, Clone, Debug)]
pub(crate) struct Config {
    #[command(flatten)]
    site: SiteArgs,

    /// First instant, RFC 3339; widened to whole hours, as the end is.
    #[arg(long)]
    from: DateTime<Utc>,

    /// First instant behind the range, RFC 3339.
    #[arg(long)]
    to: DateTime<Utc>,

    /// One tenant's rollups only.
    #[arg(long)]
    tenant: Option<String>,

    /// Also where raw events are missing that the ledger tells of: their statistics are lost.
    #[arg(long)]
    force: bool,
}

/// Rebuilds once, and prints what it did.
pub(crate) async fn run(config: Config, shutdown: CancellationToken) -> anyhow::Result<()> {
    let span = Span::touching(config.from, config.to)
        .context("--from must lie before --to")
        .context(Exit::Usage)?;
    let site = Site::connect(config.site).await?;
    let request = Request {
        span,
        tenant_id: config.tenant,
        force: config.force,
    };
    let rebuilt = rebuild(&site, &request, &shutdown).await?;
    let (days, events) = (rebuilt.days, rebuilt.events);
    writeln!(
        std::io::stdout().lock(),
        "rebuilt {span}: {days} days, {events} events; usage_15m, usage_1m and runs equal \
         trace_events"
    )?;
    Ok(())
}
