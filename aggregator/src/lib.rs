//! Kafka to ClickHouse, exactly once, rollups included.
//!
//! A batch is a contiguous range of one partition's offsets. It is *planned* (its end is
//! committed as metadata of its first offset), *written* (raw rows, rollups, ledger; each
//! insert under a token made of the range) and *finished* (its end is committed). Whoever
//! finds a plan adopts exactly that range; between offset and row nothing depends on
//! anything but the log. See `ARCHITECTURE.md`, "Exactly once".
//!
//! The modules, in the order of a record's way: `consume` → `pipeline` → `batch`
//! (`dedup`, `rollup`, `ledger`, `dead_letter`) → `commit` → `write`;
//! `recover` is where an assignment begins, `session` what holds the workers.

mod config;
mod log;
mod consume;
mod pipeline;
mod batch;
pub mod dedup;
mod block;
mod rollup;
mod ledger;
mod dead_letter;
mod intent;
mod commit;
mod write;
mod insist;
mod recover;
mod session;
mod presence;
mod observe;
mod metrics;

use std::time::Duration;

use anyhow::Context as _;
pub use config::Config;
use rdkafka::config::ClientConfig;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use dead_letter::DeadLetters;
use dedup::WindowConfig;
use insist::insist;
use pipeline::Limits;
use presence::Presence;
use session::{Ended, Shared};
use write::ClickHouse;

/// How long a worker may finish its batch when its partition goes elsewhere.
const DRAIN_MAX: Duration = Duration::from_secs(5);

/// Runs until shutdown: joins the group, works, and joins again where it must.
///
/// # Errors
/// When Kafka's client cannot be set up; everything that passes is retried.
pub async fn run(config: Config, shutdown: CancellationToken) -> anyhow::Result<()> {
    metrics::register();
    let client = config.kafka.client("aggregator");
    let store = ClickHouse::new(
        config.clickhouse.client(),
        Duration::from_secs(config.insert_timeout_seconds),
        config.clickhouse.clickhouse_cluster.is_some(),
    );
    let dead_letters = DeadLetters::new(&client, config.kafka.dead_letter_topic.clone())
        .context("cannot set up the dead-letter producer")?;
    let presence = Presence::default();
    let side = tokio::spawn(observe::run(
        config.clone(),
        store.clone(),
        presence.clone(),
        shutdown.clone(),
    ));
    while !shutdown.is_cancelled() {
        let Some(epoch) = epoch(&config, &shutdown).await else {
            break;
        };
        info!(
            topic = config.kafka.events_topic,
            epoch, "joining the group"
        );
        let shared = shared(&config, &store, &dead_letters, &presence, epoch);
        let consumer = consume::join(&group(&config, &client), &config.kafka.events_topic)
            .context("cannot set up the consumer")?;
        match session::run(shared, consumer, &shutdown).await? {
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

fn shared(
    config: &Config,
    store: &ClickHouse,
    dead_letters: &DeadLetters,
    presence: &Presence,
    epoch: String,
) -> Shared {
    Shared {
        presence: presence.clone(),
        store: store.clone(),
        dead_letters: dead_letters.clone(),
        window: WindowConfig {
            memory_bytes_max: config.dedup_memory_bytes_max,
            spill_dir: config.dedup_dir.clone(),
        },
        limits: Limits {
            rows_max: config.batch_rows_max.max(1),
            bytes_max: config.batch_bytes_max.max(1),
            age_max: Duration::from_millis(config.batch_age_max_ms),
        },
        insert_lifetime: Duration::from_secs(config.insert_lifetime_seconds),
        drain_max: DRAIN_MAX,
        buffer_bytes_max: config.buffer_bytes_max,
        topic: config.kafka.events_topic.clone(),
        epoch,
    }
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
        .set("fetch.wait.max.ms", "100")
        .set("fetch.queue.backoff.ms", "20")
        .set("queued.max.messages.kbytes", "16384");
    config.kafka.overlay(&mut group);
    group
}

/// The topic's incarnation; waits until the broker and the topic are there.
async fn epoch(config: &Config, shutdown: &CancellationToken) -> Option<String> {
    let client = config.kafka.client("aggregator");
    insist(shutdown, "learn the topic's id", || async {
        let id = service::kafka::topic_id(&client, &config.kafka.events_topic).await?;
        Ok(id)
    })
    .await
}
