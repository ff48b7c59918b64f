use clap::{Args, ValueEnum};

/// What is logged, and how.
#[derive(Args, Clone, Debug)]
pub struct LogArgs {
    /// Least level to log, or a filter such as `info,ingest=debug`.
    #[arg(long, env = "LLMOBSERVE_LOG", default_value = "info")]
    pub log: String,

    /// Lines for people or JSON for machines; both go to standard error.
    #[arg(
        long,
        env = "LLMOBSERVE_LOG_FORMAT",
        value_enum,
        default_value = "human"
    )]
    pub log_format: LogFormat,
}

/// How a log line looks.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One readable line.
    Human,
    /// One JSON object a line.
    Json,
}
