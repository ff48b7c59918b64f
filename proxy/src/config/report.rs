//! What becomes of events.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use service::prices::PriceArgs;
use service::publish::ProducerSettings;

use crate::ROLE;
use crate::meter::MeterPolicy;

/// Time that records wait for company. No one waits for them.
const LINGER_MS: u64 = 20;

/// What becomes of events.
#[derive(Args, Clone, Debug)]
pub struct ReportArgs {
    /// What calls cost.
    #[command(flatten)]
    pub prices: PriceArgs,

    /// Add `stream_options.include_usage` to streamed calls whose provider would not tell the
    /// usage otherwise. The chunk that it adds is kept from clients that did not ask for it.
    #[arg(
        long,
        env = "LLMOBSERVE_PROXY_INCLUDE_USAGE",
        default_value_t = true,
        action = clap::ArgAction::Set,
        value_parser = clap::builder::BoolishValueParser::new()
    )]
    pub proxy_include_usage: bool,

    /// Events that wait in memory at most. More are counted as lost.
    #[arg(long, env = "LLMOBSERVE_PROXY_QUEUE_MAX", default_value_t = 65_536)]
    pub proxy_queue_max: usize,

    /// Bytes that waiting events and what their meters hold may take.
    #[arg(long, env = "LLMOBSERVE_PROXY_QUEUE_BYTES_MAX", default_value_t = 128 << 20)]
    pub proxy_queue_bytes_max: usize,

    /// Directory where events wait on disk while Kafka is away. Unset = only memory.
    #[arg(long, env = "LLMOBSERVE_PROXY_SPILL_DIR")]
    pub proxy_spill_dir: Option<PathBuf>,

    /// Bytes that they may take there.
    #[arg(long, env = "LLMOBSERVE_PROXY_SPILL_BYTES_MAX", default_value_t = 1 << 30)]
    pub proxy_spill_bytes_max: u64,

    /// Time in which all in-sync replicas must have stored an event, in milliseconds; then it
    /// waits on disk or in memory and is sent again.
    #[arg(
        long,
        env = "LLMOBSERVE_PROXY_DELIVERY_TIMEOUT_MS",
        default_value_t = 10_000,
        value_parser = clap::value_parser!(u64).range(1_000..=900_000)
    )]
    pub proxy_delivery_timeout_ms: u64,

    /// As of ingest, and the same everywhere and for ever.
    #[arg(
        long,
        env = "LLMOBSERVE_TENANT_SPREAD",
        default_value_t = 1,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub tenant_spread: u32,
}

impl ReportArgs {
    /// How the role's records reach Kafka.
    pub fn producer(&self) -> ProducerSettings {
        ProducerSettings {
            role: ROLE,
            delivery_timeout: Duration::from_millis(self.proxy_delivery_timeout_ms),
            linger_ms: LINGER_MS,
            queue_bytes_max: self.proxy_queue_bytes_max,
            tenant_spread: self.tenant_spread,
        }
    }

    /// What the meter may do.
    pub(crate) fn meter_policy(&self) -> MeterPolicy {
        MeterPolicy {
            include_usage: self.proxy_include_usage,
        }
    }
}
