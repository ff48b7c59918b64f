//! Settings of the role; their documentation is the manual.

use std::time::Duration;

use clap::{Args, ValueEnum};
use schemas::pricing::ClientCostPolicy;
use service::config::{AuthArgs, HttpArgs, KafkaArgs, LimitArgs, MetricsArgs, RetentionArgs};
use service::prices::PriceArgs;
use service::publish::ProducerSettings;

use crate::ROLE;

/// Everything that `llmobserve ingest` can be told.
#[derive(Args, Clone, Debug)]
pub struct Config {
    /// The broker and the topics.
    #[command(flatten)]
    pub kafka: KafkaArgs,
    /// The HTTP interface.
    #[command(flatten)]
    pub http: HttpArgs,
    /// The port for operators.
    #[command(flatten)]
    pub metrics: MetricsArgs,
    /// Who may call.
    #[command(flatten)]
    pub auth: AuthArgs,
    /// How old an event may be.
    #[command(flatten)]
    pub retention: RetentionArgs,
    /// Limits of its own.
    #[command(flatten)]
    pub ingest: IngestArgs,
}

/// Limits of one request and of all together.
#[derive(Args, Clone, Debug)]
pub struct IngestArgs {
    /// Requests handled at once; more get 429.
    #[arg(long, env = "LLMOBSERVE_INGEST_REQUESTS_MAX", default_value_t = 512)]
    pub ingest_requests_max: usize,

    /// Bytes of request bodies held at once, as sent and decoded; more get 429. The process
    /// needs about three times as much memory, because records wait in the producer too.
    #[arg(long, env = "LLMOBSERVE_INGEST_INFLIGHT_BYTES_MAX", default_value_t = 256 << 20)]
    pub ingest_inflight_bytes_max: usize,

    /// Time a client may take to send its body, in milliseconds; then 408.
    #[arg(
        long,
        env = "LLMOBSERVE_INGEST_BODY_TIMEOUT_MS",
        default_value_t = 30_000
    )]
    pub ingest_body_timeout_ms: u64,

    /// Time in which all in-sync replicas must have stored a request's events, in
    /// milliseconds; then 503, and the client sends again.
    #[arg(
        long,
        env = "LLMOBSERVE_INGEST_DELIVERY_TIMEOUT_MS",
        default_value_t = 10_000,
        value_parser = clap::value_parser!(u64).range(1_000..=900_000)
    )]
    pub ingest_delivery_timeout_ms: u64,

    /// Time that records wait for company before they are sent to the broker, in milliseconds.
    #[arg(long, env = "LLMOBSERVE_INGEST_LINGER_MS", default_value_t = 5)]
    pub ingest_linger_ms: u64,

    /// Partitions that one tenant's events are spread over. The same everywhere and for ever:
    /// duplicates are known only on their own partition.
    #[arg(
        long,
        env = "LLMOBSERVE_TENANT_SPREAD",
        default_value_t = 1,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub tenant_spread: u32,

    /// Prices of one's own.
    #[command(flatten)]
    pub prices: PriceArgs,

    /// What a sender's own `cost_usd` is worth: `trust` = it is the cost; `ignore` = we price,
    /// and keep it beside.
    #[arg(
        long,
        env = "LLMOBSERVE_CLIENT_COST",
        value_enum,
        default_value = "trust"
    )]
    pub client_cost: ClientCost,

    /// How much one tenant may send.
    #[command(flatten)]
    pub limits: LimitArgs,

    /// Keeps spans of OpenTelemetry that have nothing to do with models, too: calls to elsewhere
    /// as `api` or `vector_db`, whatever happens inside as `other`.
    #[arg(long, env = "LLMOBSERVE_OTLP_KEEP_OTHER_SPANS")]
    pub otlp_keep_other_spans: bool,
}

impl Default for IngestArgs {
    fn default() -> Self {
        Self {
            ingest_requests_max: 512,
            ingest_inflight_bytes_max: 256 << 20,
            ingest_body_timeout_ms: 30_000,
            ingest_delivery_timeout_ms: 10_000,
            ingest_linger_ms: 5,
            tenant_spread: 1,
            prices: PriceArgs::default(),
            client_cost: ClientCost::Trust,
            limits: LimitArgs::default(),
            otlp_keep_other_spans: false,
        }
    }
}

impl IngestArgs {
    /// See [`Self::ingest_body_timeout_ms`].
    pub fn body_timeout(&self) -> Duration {
        Duration::from_millis(self.ingest_body_timeout_ms)
    }

    /// How the role's records reach Kafka.
    pub fn producer(&self) -> ProducerSettings {
        ProducerSettings {
            role: ROLE,
            delivery_timeout: Duration::from_millis(self.ingest_delivery_timeout_ms),
            linger_ms: self.ingest_linger_ms,
            queue_bytes_max: self.ingest_inflight_bytes_max,
            tenant_spread: self.tenant_spread,
        }
    }
}

/// `LLMOBSERVE_CLIENT_COST`.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientCost {
    /// The sender's figure is the cost.
    Trust,
    /// We price; the sender's figure is kept beside.
    Ignore,
}

impl From<ClientCost> for ClientCostPolicy {
    fn from(setting: ClientCost) -> Self {
        match setting {
            ClientCost::Trust => Self::Trust,
            ClientCost::Ignore => Self::Ignore,
        }
    }
}
