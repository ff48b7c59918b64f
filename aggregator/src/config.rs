//! What the aggregator can be told.

use std::path::PathBuf;
use std::time::Duration;

use schemas::topics;
use service::config::{ClickHouseArgs, KafkaArgs, MetricsArgs, TlsArgs};

use crate::commit::PROOF_AGE_MAX;

/// Settings of the role `aggregator`.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub kafka: KafkaArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub clickhouse: ClickHouseArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub metrics: MetricsArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub tls: TlsArgs,

    /// Kafka consumer group; processes of one group share the partitions.
    #[arg(
        long,
        env = "LLMOBSERVE_CONSUMER_GROUP",
        default_value = topics::AGGREGATOR_GROUP
    )]
    pub consumer_group: String,

    /// How long the group waits for a silent member before its partitions go to another.
    #[arg(long, env = "LLMOBSERVE_SESSION_TIMEOUT_MS", default_value_t = 15_000)]
    pub session_timeout_ms: u32,

    /// A batch is written when its first record has waited this long.
    #[arg(long, env = "LLMOBSERVE_BATCH_AGE_MAX_MS", default_value_t = 500)]
    pub batch_age_max_ms: u64,

    /// A batch is written when it holds this many records.
    #[arg(long, env = "LLMOBSERVE_BATCH_ROWS_MAX", default_value_t = 50_000)]
    pub batch_rows_max: u64,

    /// A batch is written when its records take this much memory, about.
    #[arg(long, env = "LLMOBSERVE_BATCH_BYTES_MAX", default_value_t = 32 << 20)]
    pub batch_bytes_max: usize,

    /// Records received and not yet in a batch, all partitions together. Partitions are
    /// paused beyond it, for instance while ClickHouse is away.
    #[arg(long, env = "LLMOBSERVE_BUFFER_BYTES_MAX", default_value_t = 64 << 20)]
    pub buffer_bytes_max: usize,

    /// Memory of one partition's duplicate window; older ids go to files beyond it.
    #[arg(long, env = "LLMOBSERVE_DEDUP_MEMORY_BYTES_MAX", default_value_t = 256 << 20)]
    pub dedup_memory_bytes_max: usize,

    /// Where those files go. They are a cache: the window is rebuilt from ClickHouse.
    #[arg(long, env = "LLMOBSERVE_DEDUP_DIR", default_value_os_t = std::env::temp_dir())]
    pub dedup_dir: PathBuf,

    /// An insert that is not acknowledged in this time is in doubt.
    #[arg(long, env = "LLMOBSERVE_INSERT_TIMEOUT_SECONDS", default_value_t = 30)]
    pub insert_timeout_seconds: u64,

    /// After this time an insert that was sent can no longer land, whoever sent it. At least
    /// the insert timeout and three seconds (the age at which a proof of ownership expires),
    /// and what the server and the network between may hold a request back.
    #[arg(long, env = "LLMOBSERVE_INSERT_LIFETIME_SECONDS", default_value_t = 60)]
    pub insert_lifetime_seconds: u64,
}

impl Config {
    pub(crate) fn insert_timeout(&self) -> Duration {
        Duration::from_secs(self.insert_timeout_seconds)
    }

    /// Never less than what is certain.
    pub(crate) fn insert_lifetime(&self) -> Duration {
        let configured = Duration::from_secs(self.insert_lifetime_seconds);
        configured.max(self.insert_timeout() + PROOF_AGE_MAX)
    }
}
