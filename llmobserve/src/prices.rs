//! The role `prices`: shows which price is in force, or checks a file of prices, and ends.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use schemas::pricing::{Query, Row, Tariff, Usage};
use service::prices::{PriceArgs, Prices, read_book};

use crate::exit::Exit;

/// What is to be done with prices.
#[derive(Subcommand, Clone, Debug)]
pub(crate) enum Command {
    /// Show what a model costs, by the published prices and those of `--prices`.
    Show(ShowArgs),
    /// Check a file of prices without using it. Ends with 0 when it makes sense, else with 2.
    Check(CheckArgs),
}

/// Settings of `prices show`.
#[derive(Args, Clone, Debug)]
pub(crate) struct ShowArgs {
    /// As events name it: `openai`.
    #[arg(long)]
    provider: String,

    /// As the provider names it: `gpt-4o`.
    #[arg(long)]
    model: String,

    /// Whose prices, where some are agreed for a tenant.
    #[arg(long)]
    tenant: Option<String>,

    /// `batch`, `flex`, `priority`, …; the standard price when absent.
    #[arg(long)]
    service_tier: Option<String>,

    /// When the call is made, RFC 3339; now when absent.
    #[arg(long)]
    at: Option<DateTime<Utc>>,

    #[command(flatten)]
    prices: PriceArgs,

    /// Print JSON in place of a table.
    #[arg(long)]
    json: bool,
}

/// Settings of `prices check`.
#[derive(Args, Clone, Debug)]
pub(crate) struct CheckArgs {
    /// The file.
    file: PathBuf,
}

/// Answers once.
pub(crate) fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Show(args) => show(args),
        Command::Check(args) => check(args),
    }
}

fn check(args: &CheckArgs) -> anyhow::Result<()> {
    let book = read_book(&args.file).context(Exit::Usage)?;
    let (version, count) = (book.overrides().version(), book.overrides().len());
    writeln!(
        std::io::stdout().lock(),
        "{count} prices, version {version}"
    )?;
    Ok(())
}

fn show(args: &ShowArgs) -> anyhow::Result<()> {
    let prices = Prices::load(&args.prices).context(Exit::Usage)?;
    let provider = schemas::provider::canonical(&args.provider);
    let usage = Usage::default();
    let query = Query {
        tenant_id: args.tenant.as_deref(),
        provider: &provider,
        model: &args.model,
        service_tier: args.service_tier.as_deref(),
        timestamp_us: args.at.unwrap_or_else(Utc::now).timestamp_micros(),
        usage: &usage,
    };
    let tariff = prices.book().tariff(&query).ok_or_else(|| {
        anyhow!(
            "no price is known of {} at {provider}: its cost is unknown",
            args.model
        )
        .context(Exit::Internal)
    })?;
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{:#}", json(&tariff))?;
        return Ok(());
    }
    writeln!(out, "{}", tariff.version)?;
    if tariff.estimated {
        writeln!(
            out,
            "No price of this tier is known; the standard price is an estimate."
        )?;
    }
    if tariff.rows.is_empty() {
        writeln!(out, "free")?;
    }
    for Row {
        unit,
        per,
        usd,
        above,
    } in &tariff.rows
    {
        let size = above.map(|above| format!(", calls of more than {above} input tokens"));
        writeln!(
            out,
            "{usd:>12} USD per {per} {unit}{}",
            size.unwrap_or_default()
        )?;
    }
    Ok(())
}

fn json(tariff: &Tariff) -> serde_json::Value {
    let row = |row: &Row| {
        serde_json::json!({
            "unit": row.unit,
            "per": row.per,
            "usd": row.usd,
            "above_input_tokens": row.above.and_then(|above| u64::try_from(above).ok()),
        })
    };
    serde_json::json!({
        "price_version": tariff.version,
        "estimated": tariff.estimated,
        "prices": tariff.rows.iter().map(row).collect::<Vec<_>>(),
    })
}
