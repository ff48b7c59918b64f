use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use service::config::{AuthArgs, AuthMode};

use crate::exit::Exit;

/// Where clients expect the proxy.
const PROXY_PORT: u16 = 9000;

/// Settings of `up`. The parts take all others (limits, timeouts, retention, topics, TLS)
/// from the environment; `llmobserve ingest --help` and so on name them.
#[derive(Args, Clone, Debug)]
pub(crate) struct Config {
    /// Where everything is kept: Kafka's log and ClickHouse's tables.
    #[arg(long, env = "LLMOBSERVE_DATA_DIR", default_value = "./.llmobserve")]
    pub(super) data_dir: PathBuf,

    /// Port of the collector and the query API, on 127.0.0.1. 0 = any free port, here and below.
    #[arg(long, env = "LLMOBSERVE_PORT", default_value_t = 8000)]
    pub(super) port: u16,

    /// Address and port of the collector and the query API, instead of 127.0.0.1 and the port.
    #[arg(long, env = "LLMOBSERVE_BIND")]
    pub(super) bind: Option<SocketAddr>,

    /// Port of the proxy, on the collector's address. Unset = 9000, or any free one when the
    /// collector's is.
    #[arg(long, env = "LLMOBSERVE_PROXY_PORT")]
    proxy_port: Option<u16>,

    /// Port of ClickHouse's HTTP interface, on 127.0.0.1.
    #[arg(long, env = "LLMOBSERVE_CLICKHOUSE_PORT", default_value_t = 8123)]
    pub(super) clickhouse_port: u16,

    /// Port of Apache Kafka, on 127.0.0.1.
    #[arg(long, env = "LLMOBSERVE_KAFKA_PORT", default_value_t = 9092)]
    pub(super) kafka_port: u16,

    /// Use these brokers (`host:port,…`) and start none.
    #[arg(long, env = "LLMOBSERVE_KAFKA_BROKERS")]
    kafka_brokers: Option<String>,

    /// Use this ClickHouse (`http://…` or `https://…`) and start none.
    #[arg(long, env = "LLMOBSERVE_CLICKHOUSE_URL")]
    clickhouse_url: Option<String>,

    #[command(flatten)]
    pub(super) auth: AuthArgs,
}

impl Config {
    /// Where the collector listens.
    pub(super) fn address(&self) -> SocketAddr {
        let local = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        self.bind.unwrap_or(local)
    }

    /// Where the proxy listens.
    pub(super) fn proxy_address(&self) -> SocketAddr {
        let default = if self.port == 0 { 0 } else { PROXY_PORT };
        SocketAddr::new(self.address().ip(), self.proxy_port.unwrap_or(default))
    }

    /// Who may call, for a part that is a process of its own.
    pub(super) fn auth_flags(&self) -> anyhow::Result<Vec<String>> {
        let mode = match self.auth_mode()? {
            AuthMode::Off => "off",
            AuthMode::Required => "required",
        };
        let mut flags = vec!["--auth".to_owned(), mode.to_owned()];
        if self.auth.insecure_allow_remote {
            flags.push("--insecure-allow-remote".to_owned());
        }
        if let Some(path) = &self.auth.bootstrap_key_file {
            flags.push("--bootstrap-key-file".to_owned());
            flags.push(path.to_string_lossy().into_owned());
        }
        Ok(flags)
    }

    /// Who may call.
    ///
    /// # Errors
    /// When anyone on the network could.
    pub(super) fn auth_mode(&self) -> anyhow::Result<AuthMode> {
        let checked = self.auth.check_bind(AuthMode::Off, self.address());
        checked.context(Exit::Usage)?;
        Ok(self.auth.mode(AuthMode::Off))
    }

    /// The brokers to use instead of our own, when set.
    pub(super) fn kafka_brokers(&self) -> Option<&str> {
        self.kafka_brokers.as_deref().filter(|set| !set.is_empty())
    }

    /// The ClickHouse to use instead of our own, when set.
    pub(super) fn clickhouse_url(&self) -> Option<&str> {
        self.clickhouse_url.as_deref().filter(|set| !set.is_empty())
    }
}

/// A part's settings: what `flags` say, else the environment, else the part's defaults.
///
/// # Errors
/// When the environment holds a value that the part cannot read.
pub(super) fn settings<T: Args>(part: &'static str, flags: &[String]) -> anyhow::Result<T> {
    let command = clap::Command::new(part).no_binary_name(true);
    let matches = T::augment_args(command).try_get_matches_from(flags);
    matches
        .and_then(|matches| T::from_arg_matches(&matches))
        .with_context(|| format!("the settings of {part}"))
        .context(Exit::Usage)
}
