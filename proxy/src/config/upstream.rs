//! Where calls may go, and for how long.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::lists::{Base, HostPort, List, Named};

/// Where calls may go, and for how long.
#[derive(Args, Clone, Debug)]
pub struct UpstreamArgs {
    /// Base URLs instead of the providers' own, as `name=URL` separated by commas:
    /// `openai=http://127.0.0.1:9999,bedrock=https://gateway.internal/aws`. The address is
    /// allowed, private or not. `h2c://` is HTTP/2 without TLS.
    #[arg(
        long,
        env = "LLMOBSERVE_PROXY_UPSTREAMS",
        default_value = "",
        hide_default_value = true,
        value_parser = List::<Named<Base>>::parse
    )]
    pub proxy_upstreams: List<Named<Base>>,

    /// Which provider answers at another host, as `name=host` or `name=host:port` separated
    /// by commas. The host is allowed.
    #[arg(
        long,
        env = "LLMOBSERVE_PROVIDER_HOSTS",
        default_value = "",
        hide_default_value = true,
        value_parser = List::<Named<HostPort>>::parse
    )]
    pub provider_hosts: List<Named<HostPort>>,

    /// Further hosts that calls may go to, as `host` or `host:port` separated by commas; their
    /// calls are recorded with the host as provider. A name that is listed may be at a private
    /// address; link-local ones (where clouds keep credentials) must be listed themselves.
    #[arg(
        long,
        env = "LLMOBSERVE_PROXY_ALLOWED_HOSTS",
        default_value = "",
        hide_default_value = true,
        value_parser = List::<HostPort>::parse
    )]
    pub proxy_allowed_hosts: List<HostPort>,

    /// Certificates (PEM) to trust beside the public ones, for gateways of one's own.
    #[arg(long, env = "LLMOBSERVE_PROXY_CA_FILE")]
    pub proxy_ca_file: Option<PathBuf>,

    /// Calls under way at once; more get 503.
    #[arg(long, env = "LLMOBSERVE_PROXY_CALLS_MAX", default_value_t = 8192)]
    pub proxy_calls_max: usize,

    /// Time for name look-up, connecting and the TLS handshake, in milliseconds; then 504.
    #[arg(
        long,
        env = "LLMOBSERVE_PROXY_CONNECT_TIMEOUT_MS",
        default_value_t = 10_000
    )]
    pub proxy_connect_timeout_ms: u64,

    /// Time from a call's head to its response's, in milliseconds; then 504. Models may think
    /// for minutes.
    #[arg(
        long,
        env = "LLMOBSERVE_PROXY_RESPONSE_TIMEOUT_MS",
        default_value_t = 900_000
    )]
    pub proxy_response_timeout_ms: u64,

    /// Time that a response may pause, in milliseconds; then it is cut off.
    #[arg(
        long,
        env = "LLMOBSERVE_PROXY_IDLE_TIMEOUT_MS",
        default_value_t = 300_000
    )]
    pub proxy_idle_timeout_ms: u64,

    /// Time that a connection to a provider waits for its next call, in milliseconds. Shorter
    /// than providers wait: what they close at the moment we send fails, since it is never
    /// sent twice.
    #[arg(long, env = "LLMOBSERVE_PROXY_POOL_IDLE_MS", default_value_t = 30_000)]
    pub proxy_pool_idle_ms: u64,

    /// When the client leaves: `cut` = the provider's answer is cut off too, so that it stops
    /// to cost; `drain` = it is read to its end, so that its usage is known.
    #[arg(
        long,
        env = "LLMOBSERVE_PROXY_ON_DISCONNECT",
        value_enum,
        default_value = "cut"
    )]
    pub proxy_on_disconnect: OnDisconnect,

    /// How much of an answer is drained at most, in bytes; then it is cut.
    #[arg(long, env = "LLMOBSERVE_PROXY_DRAIN_BYTES_MAX", default_value_t = 16 << 20)]
    pub proxy_drain_bytes_max: u64,

    /// How long an answer is drained at most, in milliseconds; then it is cut.
    #[arg(
        long,
        env = "LLMOBSERVE_PROXY_DRAIN_TIMEOUT_MS",
        default_value_t = 120_000
    )]
    pub proxy_drain_timeout_ms: u64,
}

/// `LLMOBSERVE_PROXY_ON_DISCONNECT`.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDisconnect {
    /// End the call to the provider as well.
    Cut,
    /// Read its answer to the end, within bounds.
    Drain,
}

impl UpstreamArgs {
    /// See [`Self::proxy_connect_timeout_ms`].
    pub fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.proxy_connect_timeout_ms)
    }

    /// See [`Self::proxy_response_timeout_ms`].
    pub fn response_timeout(&self) -> Duration {
        Duration::from_millis(self.proxy_response_timeout_ms)
    }

    /// See [`Self::proxy_idle_timeout_ms`].
    pub fn idle_timeout(&self) -> Duration {
        Duration::from_millis(self.proxy_idle_timeout_ms)
    }

    /// See [`Self::proxy_pool_idle_ms`].
    pub fn pool_idle(&self) -> Duration {
        Duration::from_millis(self.proxy_pool_idle_ms)
    }

    /// See [`Self::proxy_drain_timeout_ms`].
    pub fn drain_timeout(&self) -> Duration {
        Duration::from_millis(self.proxy_drain_timeout_ms)
    }
}
