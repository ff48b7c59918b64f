//! The role `audit`: shows whether everything that was received is accounted for, and ends.

use std::io::Write;

use anyhow::{Context, anyhow, bail};
use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use maintenance::audit::{
    Auditor, Comparison, Conservation, Hour, Hours, InFlight, LedgerSums, Scope, State,
};
use schemas::money::MoneyFormat;
use schemas::topics;
use service::config::{ClickHouseArgs, KafkaArgs};
use tokio_util::sync::CancellationToken;

use crate::exit::Exit;

/// Settings of the role `audit`. Ends with 0 when everything is equal, with 1 when something
/// differs, with 6 when ClickHouse does not answer.
#[derive(Args, Clone, Debug)]
pub(crate) struct Config {
    #[command(flatten)]
    clickhouse: ClickHouseArgs,
    #[command(flatten)]
    kafka: KafkaArgs,

    /// Kafka consumer group of the aggregator, whose offsets tell what is finished.
    #[arg(
        long,
        env = "LLMOBSERVE_CONSUMER_GROUP",
        default_value = topics::AGGREGATOR_GROUP
    )]
    consumer_group: String,

    /// First instant, RFC 3339; widened to whole hours, as the end is. At most 31 days.
    #[arg(long, requires = "to", conflicts_with = "hours")]
    from: Option<DateTime<Utc>>,

    /// First instant behind the range, RFC 3339.
    #[arg(long, requires = "from")]
    to: Option<DateTime<Utc>>,

    /// The last so many hours, the current one included.
    #[arg(long, default_value_t = 24)]
    hours: u32,

    /// One tenant's records only; what waits in Kafka is then not shown.
    #[arg(long)]
    tenant: Option<String>,

    /// Print the answer of `GET /audit/conservation` in place of a table.
    #[arg(long)]
    json: bool,
}

/// Asks once, and prints.
pub(crate) async fn run(config: Config, shutdown: CancellationToken) -> anyhow::Result<()> {
    let hours = hours(&config).context(Exit::Usage)?;
    let auditor = Auditor::new(
        &config.clickhouse,
        config.kafka.clone(),
        &config.consumer_group,
    );
    let scope = config.tenant.map_or(Scope::All, Scope::Tenant);
    let asked = auditor.audit(&scope, hours, MoneyFormat::default());
    let conservation = tokio::select! {
        () = shutdown.cancelled() => return Ok(()),
        asked = asked => asked.map_err(|error| unreachable(error.into(), &config.clickhouse))?,
    };
    let text = if config.json {
        serde_json::to_string_pretty(&conservation)? + "\n"
    } else {
        table(&conservation)
    };
    std::io::stdout().lock().write_all(text.as_bytes())?;
    verdict(&conservation, &config.clickhouse)
}

fn hours(config: &Config) -> anyhow::Result<Hours> {
    let hours = match (config.from, config.to) {
        (Some(from), Some(to)) => Hours::touching(from.timestamp(), to.timestamp()),
        _ => Hours::last(config.hours, Utc::now()),
    };
    hours.ok_or_else(|| anyhow!("an audit covers at least an hour and at most 31 days"))
}

fn unreachable(error: anyhow::Error, clickhouse: &ClickHouseArgs) -> anyhow::Error {
    let url = &clickhouse.clickhouse_url;
    error
        .context(format!("{url} does not answer as ClickHouse"))
        .context(Exit::Unreachable)
}

fn verdict(conservation: &Conservation, clickhouse: &ClickHouseArgs) -> anyhow::Result<()> {
    let Some(hours) = &conservation.hours else {
        let error = conservation.error.clone().unwrap_or_default();
        return Err(unreachable(anyhow!(error), clickhouse));
    };
    match conservation.conserved {
        Some(true) => Ok(()),
        Some(false) => {
            let differing = hours.iter().filter(|hour| hour.state == State::Differs);
            bail!("the tables differ in {} hours", differing.count())
        }
        None if hours.iter().all(|hour| hour.state == State::Expired) => {
            bail!("the tables keep nothing of these hours any more")
        }
        None => bail!("an operator is rewriting the tables: ask again"),
    }
}

/// A line an hour that has anything in it, what differs below it, then what waits in Kafka.
fn table(conservation: &Conservation) -> String {
    let mut lines = Vec::new();
    let hours = conservation.hours.as_deref().unwrap_or_default();
    if !hours.is_empty() {
        lines.push(line(&[
            "hour (UTC)",
            "received",
            "stored",
            "duplicate",
            "dead",
            "erased",
            "raw",
            "usage_15m",
            "usage_1m",
            "runs",
            "state",
        ]));
    }
    for hour in hours.iter().filter(|hour| !is_empty(hour)) {
        lines.push(hour_line(hour));
        let differences = hour.differences.iter();
        lines.extend(differences.map(|difference| format!("    {}", difference.message)));
    }
    if let Some(Some(in_flight)) = &conservation.in_flight {
        lines.extend(in_flight_lines(in_flight));
    }
    lines.extend(conservation.error.clone());
    lines.push(match conservation.conserved {
        Some(true) => "conserved: everything that was received is accounted for".to_owned(),
        Some(false) => "NOT conserved".to_owned(),
        None => "conserved: unknown".to_owned(),
    });
    lines.join("\n") + "\n"
}

fn is_empty(hour: &Hour) -> bool {
    let nothing = |comparison: &Option<Comparison>| {
        comparison.is_none_or(|both| both.raw.events == 0 && both.rollup.events == 0)
    };
    hour.differences.is_empty()
        && hour.raw_events == 0
        && hour.ledger == LedgerSums::default()
        && nothing(&hour.usage_15m)
        && nothing(&hour.runs)
}

fn hour_line(hour: &Hour) -> String {
    let rollup = |comparison: Option<Comparison>| match comparison {
        Some(both) => both.rollup.events.to_string(),
        None => "-".to_owned(),
    };
    let state = match hour.state {
        State::Conserved => "conserved",
        State::Differs => "DIFFERS",
        State::Settling => "settling",
        State::Expired => "expired",
    };
    let LedgerSums {
        received,
        stored,
        duplicates,
        dead_lettered,
        erased,
    } = hour.ledger;
    let counts = [received, stored, duplicates, dead_lettered, erased];
    let mut cells = vec![hour.hour.to_rfc3339_opts(SecondsFormat::Secs, true)];
    cells.extend(counts.iter().map(u64::to_string));
    cells.push(hour.raw_events.to_string());
    cells.extend([hour.usage_15m, hour.usage_1m, hour.runs].map(rollup));
    cells.push(state.to_owned());
    line(&cells.iter().map(String::as_str).collect::<Vec<_>>())
}

fn in_flight_lines(in_flight: &InFlight) -> Vec<String> {
    let partitions = in_flight.partitions.iter().map(|partition| {
        format!(
            "partition {}: finished {} of {}, in flight {}",
            partition.partition, partition.finished, partition.log_end, partition.in_flight
        )
    });
    let total = format!("in flight: {}", in_flight.total);
    partitions.chain([total]).collect()
}

/// The first cell is a time, the last a word, the others are numbers.
fn line(cells: &[&str]) -> String {
    let Some(((first, numbers), last)) = cells
        .split_last()
        .and_then(|(last, cells)| cells.split_first().map(|cells| (cells, last)))
    else {
        return String::new();
    };
    let numbers: String = numbers.iter().map(|cell| format!(" {cell:>11}")).collect();
    format!("{first:<20}{numbers}  {last}")
}
