//! Whether the broker is there: found once, then watched, so that `/ready` is true and a
//! request need not wait for a timeout that is certain.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::producer::Producer as _;

use super::kafka::Inner;
use crate::kafka::{ensure_topics, ping, topic_id};
use crate::retry::{Failure, Policy, retry};

/// Pause between looks at the broker.
const WATCH_INTERVAL: Duration = Duration::from_secs(1);
/// A broker that does not answer a question but stored a record this recently is there.
const ACK_AGE_MAX: Duration = Duration::from_secs(3);
/// Until the broker is found. It may come up a moment after we do.
const FIND: Policy = Policy {
    initial: Duration::from_millis(100),
    max: Duration::from_secs(2),
    elapsed_max: None,
};

/// What is known of the broker.
#[derive(Debug)]
pub(super) struct Broker {
    /// Of the events topic; 0 while it has not been found.
    partitions: AtomicU32,
    status: Mutex<Result<(), String>>,
    away: std::sync::atomic::AtomicBool,
}

impl Default for Broker {
    fn default() -> Self {
        Self {
            partitions: AtomicU32::new(0),
            status: Mutex::new(Err("Kafka has not been found yet".to_owned())),
            away: false.into(),
        }
    }
}

impl Broker {
    /// The events topic's partitions, unless the broker is known to be away.
    pub(super) fn partitions(&self) -> Option<u32> {
        let partitions = self.partitions.load(Ordering::Relaxed);
        (partitions > 0 && !self.away.load(Ordering::Relaxed)).then_some(partitions)
    }

    /// For `/ready`.
    pub(super) fn status(&self) -> Result<(), String> {
        self.status
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn found(&self, partitions: u32) {
        self.partitions.store(partitions, Ordering::Relaxed);
        self.seen(Ok(()), false);
    }

    fn seen(&self, status: Result<(), String>, away: bool) {
        if self.away.swap(away, Ordering::Relaxed) != away {
            match &status {
                Err(reason) => tracing::warn!("cannot store events until Kafka is back: {reason}"),
                Ok(()) => tracing::info!("Kafka is back"),
            }
        }
        *self.status.lock().unwrap_or_else(PoisonError::into_inner) = status;
    }
}

/// Runs until the publisher stops.
pub(super) async fn watch(inner: Arc<Inner>) {
    let found = retry("find Kafka", &FIND, &inner.stop, || async {
        ensure_topics(&inner.args).await.map_err(|error| {
            inner.broker.seen(Err(error.to_string()), false);
            Failure::Transient(error)
        })
    });
    let Ok(topics) = found.await else { return };
    tracing::info!(partitions = topics.events_partitions, "found Kafka");
    inner.broker.found(topics.events_partitions);
    let mut incarnation = None;
    loop {
        tokio::select! {
            () = inner.stop.cancelled() => return,
            () = tokio::time::sleep(WATCH_INTERVAL) => {}
        }
        let looking = Arc::clone(&inner);
        let Ok(found) = tokio::task::spawn_blocking(move || look(&looking)).await else {
            return;
        };
        if let Some(found) = found {
            follow(&inner, found, &mut incarnation).await;
        }
    }
}

/// A topic that was made again counts the terms of its leaders from 0. A producer that has
/// seen a later term takes the new leaders for old ones and never finds them (librdkafka
/// issue 4898): then it needs a successor that has seen nothing.
async fn follow(inner: &Arc<Inner>, found: String, incarnation: &mut Option<String>) {
    if incarnation.as_ref().is_none_or(|known| *known == found) {
        *incarnation = Some(found);
        return;
    }
    let Ok(topics) = ensure_topics(&inner.args).await else {
        return;
    };
    tracing::warn!("the events topic was made again: starting another producer");
    let replacing = Arc::clone(inner);
    if tokio::task::spawn_blocking(move || replacing.replace())
        .await
        .is_ok()
    {
        inner.broker.found(topics.events_partitions);
        *incarnation = Some(found);
    }
}

/// The id of the events topic, where the broker answers.
fn look(inner: &Inner) -> Option<String> {
    inner.replace_if_dead();
    let (producer, topic) = (inner.producer(), &inner.args.events_topic);
    let status = ping(producer.client(), topic);
    let is_there = status.is_ok();
    let away = !is_there && !inner.acked_within(ACK_AGE_MAX);
    inner.broker.seen(status, away);
    if !is_there {
        return None;
    }
    topic_id(producer.client(), topic).ok()
}

/// When the broker last stored a record; clones share it.
#[derive(Debug, Clone)]
pub(super) struct LastAck {
    begun: Instant,
    /// Milliseconds since `begun`; 0 = never.
    at_ms: Arc<AtomicU64>,
}

impl Default for LastAck {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            at_ms: Arc::default(),
        }
    }
}

impl LastAck {
    pub(super) fn now(&self) {
        self.at_ms
            .store(self.elapsed_ms().max(1), Ordering::Relaxed);
    }

    pub(super) fn within(&self, age: Duration) -> bool {
        let at_ms = self.at_ms.load(Ordering::Relaxed);
        at_ms > 0 && u128::from(self.elapsed_ms().saturating_sub(at_ms)) <= age.as_millis()
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
