//! What was decided while the services run (API keys, tenants' settings): written to the
//! compacted topic `llmobserve.control.v1` and held in memory by every service, so that no
//! request asks anyone. The records are [`schemas::control`].
//!
//! A service reads the topic from its beginning, and follows it for as long as it lives. When
//! Kafka is away it goes on with what it has.

mod follow;
mod write;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rdkafka::producer::FutureProducer;
use serde_json::value::RawValue;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use write::WriteError;

use crate::config::KafkaArgs;
use crate::health::Readiness;

/// One kind of record, as this process holds it.
pub trait Table: Send + Sync {
    /// The records' `kind`.
    fn kind(&self) -> &'static str;
    /// The table will be filled from the topic: until [`Self::caught_up`], what it does not
    /// hold is unknown, not absent.
    fn following(&self) {}
    /// Takes changes in the order of the topic.
    fn apply(&self, changes: Vec<Change>);
    /// All that was on the topic has been applied once.
    fn caught_up(&self) {}
}

/// One record of a table.
#[derive(Debug)]
pub struct Change {
    /// Which thing.
    pub id: String,
    /// The envelope's `value` as it was written; `None` removes the thing.
    pub value: Option<Box<RawValue>>,
}

/// This process's copy of the topic. Clones share it.
#[derive(Clone)]
pub struct Control(Arc<Inner>);

struct Inner {
    kafka: KafkaArgs,
    tables: Vec<Arc<dyn Table>>,
    progress: watch::Sender<Progress>,
    producer: Mutex<Option<FutureProducer>>,
    shutdown: CancellationToken,
}

/// How far the copy is.
#[derive(Debug, Clone, Default)]
struct Progress {
    /// Everything before this offset has been applied.
    next_offset: i64,
    /// Whether the end of the topic has been seen once.
    caught_up: bool,
    /// What is in the way before that.
    reason: Option<String>,
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Control")
            .field("topic", &self.0.kafka.control_topic)
            .field("progress", &*self.0.progress.borrow())
            .finish_non_exhaustive()
    }
}

impl Control {
    /// Begins to fill `tables`, until `shutdown`. Needs no broker to succeed, but a runtime.
    pub fn start(
        kafka: &KafkaArgs,
        tables: Vec<Arc<dyn Table>>,
        shutdown: &CancellationToken,
    ) -> Self {
        for table in &tables {
            table.following();
        }
        let inner = Arc::new(Inner {
            kafka: kafka.clone(),
            tables,
            progress: watch::Sender::new(Progress::default()),
            producer: Mutex::new(None),
            shutdown: shutdown.clone(),
        });
        tokio::spawn(follow::follow(Arc::clone(&inner)));
        Self(inner)
    }

    /// Makes the role ready only once the copy has been complete.
    pub fn register(&self, readiness: &Readiness, role: &'static str) {
        let inner = Arc::clone(&self.0);
        readiness.check(role, "control", move || {
            let Progress {
                caught_up, reason, ..
            } = inner.progress.borrow().clone();
            let reason = reason.unwrap_or_else(|| "the control topic is being read".to_owned());
            std::future::ready(if caught_up { Ok(()) } else { Err(reason) })
        });
    }

    /// Waits until the copy has been complete once; tells what is in the way when that takes
    /// longer than `within`.
    ///
    /// # Errors
    /// In words for operators.
    pub async fn caught_up(&self, within: Duration) -> Result<(), String> {
        let mut progress = self.0.progress.subscribe();
        let waited = tokio::time::timeout(within, progress.wait_for(|now| now.caught_up)).await;
        if waited.is_ok() {
            return Ok(());
        }
        let reason = self.0.progress.borrow().reason.clone();
        Err(reason.unwrap_or_else(|| "Kafka does not answer".to_owned()))
    }
}
