//! The role `dlq`: shows records that could not be decoded, or sends those that now can.

use std::io::Write as _;

use anyhow::Context as _;
use chrono::{DateTime, SecondsFormat};
use clap::{Args, Subcommand};
use maintenance::dlq::{self, Letter, Replayed, State};
use maintenance::hold::{Site, SiteArgs};
use service::config::KafkaArgs;
use tokio_util::sync::CancellationToken;

use crate::exit::Exit;

/// Dead letters: records of the events topic that the aggregator could not decode.
#[derive(Args, Clone, Debug)]
pub(crate) struct Config {
    #[command(subcommand)]
    order: Order,
}

#[derive(Subcommand, Clone, Debug)]
enum Order {
    /// Show them, and whether this version can decode them.
    List(List),
    /// Send those that can be decoded now to the events topic again, each once.
    Replay(Replay),
}

#[derive(Args, Clone, Debug)]
struct List {
    #[command(flatten)]
    kafka: KafkaArgs,

    /// A JSON object a line in place of a table.
    #[arg(long)]
    json: bool,
}

#[derive(Args, Clone, Debug)]
struct Replay {
    #[command(flatten)]
    site: SiteArgs,

    /// Print the counts as JSON.
    #[arg(long)]
    json: bool,
}

/// Does what was ordered.
pub(crate) async fn run(config: Config, shutdown: CancellationToken) -> anyhow::Result<()> {
    match config.order {
        Order::List(list) => show(list, &shutdown).await,
        Order::Replay(replay) => send(replay, &shutdown).await,
    }
}

async fn show(list: List, shutdown: &CancellationToken) -> anyhow::Result<()> {
    let json = list.json;
    if !json {
        let (time, reason, state) = ("stored (UTC)", "reason", "state");
        print(&format!("{time:<24} {reason:<14} {state:<10} record, why"))?;
    }
    let visit = move |letter: Letter| match json {
        true => print(&serde_json::to_string(&letter)?),
        false => print(&line(&letter)),
    };
    let read = dlq::list(&list.kafka, shutdown, visit).await;
    read.context(Exit::Unreachable)
}

fn line(letter: &Letter) -> String {
    let Letter {
        record,
        log_time_ms,
        reason,
        detail,
        ..
    } = letter;
    let at = DateTime::from_timestamp_millis(*log_time_ms).unwrap_or_default();
    let at = at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let state = match letter.state {
        State::Poison => "poison",
        State::Decodable => "decodable",
        State::Replayed => "replayed",
    };
    format!("{at:<24} {reason:<14} {state:<10} {record}, {detail}")
}

async fn send(replay: Replay, shutdown: &CancellationToken) -> anyhow::Result<()> {
    let site = Site::connect(replay.site)
        .await
        .context(Exit::Unreachable)?;
    let counts = dlq::replay(&site, shutdown).await?;
    if replay.json {
        return print(&serde_json::to_string(&counts)?);
    }
    let Replayed {
        replayed,
        replayed_before,
        poison,
        erased,
    } = counts;
    print(&format!(
        "replayed {replayed}; left alone: {replayed_before} replayed before, {poison} that \
         still cannot be decoded, {erased} of whom was erased"
    ))
}

fn print(line: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout().lock(), "{line}")?;
    Ok(())
}
