use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use clap::Args;

use super::{Origin, TlsArgs};

/// The role's HTTP interface.
#[derive(Args, Clone, Debug)]
pub struct HttpArgs {
    /// Address and port to listen on.
    #[arg(long, env = "LLMOBSERVE_BIND", default_value = "127.0.0.1:8000")]
    pub bind: SocketAddr,

    /// Connections served at once; more wait in the system's own queue.
    #[arg(long, env = "LLMOBSERVE_HTTP_CONNECTIONS_MAX", default_value_t = 4096)]
    pub http_connections_max: usize,

    /// Time a connection may take to bring its next request's headers, idle time between
    /// requests included, in milliseconds.
    #[arg(
        long,
        env = "LLMOBSERVE_HTTP_HEADER_TIMEOUT_MS",
        default_value_t = 60_000
    )]
    pub http_header_timeout_ms: u64,

    /// Time that open requests get to finish at shutdown, in milliseconds.
    #[arg(
        long,
        env = "LLMOBSERVE_HTTP_DRAIN_TIMEOUT_MS",
        default_value_t = 20_000
    )]
    pub http_drain_timeout_ms: u64,

    /// Origins of web pages that may call this interface from a browser, such as
    /// `https://app.example.com`, separated by commas. None by default. They still need a
    /// credential; with authentication off, pages of other origins are refused whatever is
    /// set here.
    #[arg(
        long,
        env = "LLMOBSERVE_CORS_ORIGINS",
        value_delimiter = ',',
        value_parser = Origin::parse
    )]
    pub cors_origins: Vec<Origin>,

    /// HTTPS.
    #[command(flatten)]
    pub tls: TlsArgs,
}

impl HttpArgs {
    /// The defaults, on the given address.
    pub fn on(bind: SocketAddr) -> Self {
        Self {
            bind,
            http_connections_max: 4096,
            http_header_timeout_ms: 60_000,
            http_drain_timeout_ms: 20_000,
            cors_origins: Vec::new(),
            tls: TlsArgs::default(),
        }
    }

    /// What clients put before the address.
    pub fn scheme(&self) -> &'static str {
        match self.tls.tls_cert {
            Some(_) => "https",
            None => "http",
        }
    }

    /// See [`Self::http_header_timeout_ms`].
    pub fn header_timeout(&self) -> Duration {
        Duration::from_millis(self.http_header_timeout_ms)
    }

    /// See [`Self::http_drain_timeout_ms`].
    pub fn drain_timeout(&self) -> Duration {
        Duration::from_millis(self.http_drain_timeout_ms)
    }
}

/// A port of its own for `/health`, `/ready` and `/metrics`.
#[derive(Args, Clone, Debug)]
pub struct MetricsArgs {
    /// Port for `/health`, `/ready` and `/metrics`. Roles with an HTTP interface answer
    /// them there too; the others only here.
    #[arg(long, env = "LLMOBSERVE_METRICS_PORT")]
    pub metrics_port: Option<u16>,

    /// Address that port listens on.
    #[arg(long, env = "LLMOBSERVE_METRICS_HOST", default_value = "127.0.0.1")]
    pub metrics_host: IpAddr,
}

impl MetricsArgs {
    /// Where to listen, when a port is set.
    pub fn address(&self) -> Option<SocketAddr> {
        self.metrics_port
            .map(|port| SocketAddr::new(self.metrics_host, port))
    }
}
