use clap::Args;

/// How long data is kept. Changing a value takes effect at the next migration.
#[derive(Args, Clone, Debug)]
pub struct RetentionArgs {
    /// Days that raw events are kept, counted from their own timestamp. Ingest rejects older ones.
    #[arg(
        long,
        env = "LLMOBSERVE_RETENTION_DAYS",
        default_value_t = 400,
        value_parser = clap::value_parser!(u32).range(1..=DAYS_MAX)
    )]
    pub retention_days: u32,

    /// Days that rollups are kept: statistics outlive the events they were made from.
    #[arg(
        long,
        env = "LLMOBSERVE_ROLLUP_RETENTION_DAYS",
        default_value_t = 1200,
        value_parser = clap::value_parser!(u32).range(1..=DAYS_MAX)
    )]
    pub rollup_retention_days: u32,
}

/// A hundred years: as good as for ever, and far from overflowing a date.
const DAYS_MAX: i64 = 36_500;

impl RetentionArgs {
    /// The retention of raw events in microseconds.
    pub fn retention_us(&self) -> i64 {
        i64::from(self.retention_days) * 86_400 * 1_000_000
    }
}
