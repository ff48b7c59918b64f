//! The command line.

use clap::Parser;

/// Kills, cuts, stops and fills up the parts of a running pipeline, and counts.
#[derive(Parser, Clone, Debug)]
pub(crate) struct Options {
    /// Repeats a run: the load, the faults and their order. From the clock when absent.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// How many faults.
    #[arg(long, default_value_t = 200)]
    pub(crate) faults: usize,
    /// Kafka nodes: 1 or 3.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=3))]
    pub(crate) brokers: u16,
    /// Only these faults, by name (see --list); each of them in turn.
    #[arg(long, value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Not these.
    #[arg(long, value_delimiter = ',')]
    pub(crate) except: Vec<String>,
    /// Events sent a second, all clients together.
    #[arg(long, default_value_t = 200)]
    pub(crate) rate: u32,
    /// Names the faults and ends.
    #[arg(long)]
    pub(crate) list: bool,
    /// Break the protocol of the aggregators in this way, to see that it is noticed.
    #[arg(long)]
    pub(crate) mutant: Option<String>,
    /// One broker and the most telling faults, once each: under three minutes.
    #[arg(long)]
    pub(crate) short: bool,
    /// Without failpoints: `llmobserve aggregator` itself. Stories that need them are skipped.
    #[arg(long)]
    pub(crate) plain: bool,
    /// With authentication: the clients have a platform key.
    #[arg(long)]
    pub(crate) auth: bool,
    /// Length of the story `clickhouse-refuses-long`, which runs only by name.
    #[arg(long, default_value_t = 600)]
    pub(crate) outage_seconds: u64,
    /// Leave the directory behind although all went well.
    #[arg(long)]
    pub(crate) keep: bool,
}
