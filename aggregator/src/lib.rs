//! Kafka to ClickHouse, exactly once, rollups included.
//!
//! A batch is a contiguous range of one partition's offsets. It is *planned* (its end is
//! committed as metadata of its first offset), *written* (raw rows, rollups, ledger; each
//! insert under a token made of the range) and *finished* (its end is committed). Whoever
//! finds a plan adopts exactly that range; between offset and row nothing depends on
//! anything but the log. See `ARCHITECTURE.md`, "Exactly once".
//!
//! The modules, in the order of a record's way: `consume` → `pipeline` → `batch`
//! (`admit`, `dedup`, `rollup`, `ledger`, `dead_letter`) → `commit` → `write`;
//! `recover` is where an assignment begins, `session` what holds the workers. The world
//! outside is two traits, `Offsets` (Kafka's) and `Store` (ClickHouse's tables).

mod config;
mod log;
mod consume;
mod pipeline;
mod batch;
mod admit;
pub mod dedup;
mod block;
mod rollup;
mod ledger;
mod dead_letter;
mod intent;
mod commit;
mod offsets;
mod write;
mod store;
mod insist;
mod recover;
mod epoch;
mod session;
mod hold;
mod presence;
mod observe;
mod metrics;
mod seams;
#[cfg(test)]
mod simulation;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;

#[cfg(test)]
extern crate self as aggregator;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
pub use block::{Block, Table};
pub use config::Config;
pub use log::{Log, OffsetRange};
use offsets::RETRY_BACKOFF_MS;
pub use offsets::{CommitError, Offsets};
use rdkafka::config::ClientConfig;
pub use rollup::fold;
pub use seams::{Direct, Seams};
use service::kafka::Observer;
pub use store::{Erasure, Extent, Marker, Store, StoredId, StoredRow};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use dead_letter::DeadLetterTopic;
use dedup::WindowConfig;
use hold::Hold;
use pipeline::{Limits, Parts};
use presence::Presence;
use session::{Ended, Shared};
use store::ClickHouse;

/// How long a worker may finish its batch when its partition goes elsewhere.
const DRAIN_MAX: Duration = Duration::from_secs(5);

/// Runs until shutdown: joins the group, works, and joins again where it must.
///
/// # Errors
/// When Kafka's client cannot be set up; everything that passes is retried.
pub async fn run(config: Config, shutdown: CancellationToken) -> anyhow::Result<()> {
    run_with(config, Arc::new(Direct), shutdown).await
}

/// The same with something put between it and the world.
///
/// # Errors
/// As [`run`].
pub async fn run_with(
    config: Config,
    seams: Arc<dyn Seams>,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    metrics::register();
    let client = config.kafka.client("aggregator");
    let clickhouse = ClickHouse::new(config.clickhouse.exact_client(), config.insert_timeout());
    let dead_letters = DeadLetterTopic::new(&client, config.kafka.dead_letter_topic.clone());
    let observer = Observer::new(&client, &config.kafka.events_topic)?;
    let presence = Presence::default();
    let hold = Hold::watch(clickhouse.clone(), shutdown.clone());
    let side = tokio::spawn(observe::run(
        config.clone(),
        clickhouse.clone(),
        observer.clone(),
        presence.clone(),
        shutdown.clone(),
    ));
    let parts = Parts {
        store: seams.store(Arc::new(clickhouse)),
        dead_letters: Arc::new(dead_letters),
        window: WindowConfig {
            memory_bytes_max: config.dedup_memory_bytes_max,
            spill_dir: config.dedup_dir.clone(),
        },
        limits: Limits {
            rows_max: config.batch_rows_max.max(1),
            bytes_max: config.batch_bytes_max.max(1),
            age_max: Duration::from_millis(config.batch_age_max_ms),
        },
        insert_lifetime: config.insert_lifetime(),
    };
    while hold.is_over(&shutdown).await {
        let Some(epoch) = epoch::current(&observer, &shutdown).await else {
            break;
        };
        info!(
            topic = config.kafka.events_topic,
            epoch, "joining the group"
        );
        let group = group(&config, &client);
        let shared = Shared {
            sent_again_after: offsets::sent_again_after(&group),
            presence: presence.clone(),
            seams: Arc::clone(&seams),
            parts: parts.clone(),
            drain_max: DRAIN_MAX,
            buffer_bytes_max: config.buffer_bytes_max,
            topic: config.kafka.events_topic.clone(),
            epoch,
            observer: observer.clone(),
        };
        let consumer = consume::join(&group, &config.kafka.events_topic)
            .context("cannot set up the consumer")?;
        match session::run(shared, consumer, &hold, &shutdown).await? {
            Ended::Shutdown => break,
            Ended::Rejoin(reason) => {
                warn!("joining the group anew: {reason}");
                metrics::rejoined();
            }
        }
    }
    shutdown.cancel();
    side.await??;
    info!("aggregator stopped");
    Ok(())
}

fn group(config: &Config, client: &ClientConfig) -> ClientConfig {
    let mut group = client.clone();
    group
        .set("group.id", &config.consumer_group)
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("session.timeout.ms", config.session_timeout_ms.to_string())
        .set(
            "heartbeat.interval.ms",
            (config.session_timeout_ms / 5).to_string(),
        )
        .set(
            "max.poll.interval.ms",
            (config.session_timeout_ms * 4).max(60_000).to_string(),
        )
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("enable.partition.eof", "true")
        // Where to begin is decided by `recover`; a reset while running shows as a gap.
        .set("auto.offset.reset", "earliest")
        .set("isolation.level", "read_committed")
        .set("retry.backoff.ms", RETRY_BACKOFF_MS.to_string())
        .set("retry.backoff.max.ms", RETRY_BACKOFF_MS.to_string())
        .set("fetch.queue.backoff.ms", "20")
        .set("queued.max.messages.kbytes", "16384");
    config.kafka.overlay(&mut group);
    group
}
