//! One membership of the consumer group: a worker for each assigned partition.
//!
//! An answer to a commit that is lost ends the membership: only a new generation makes
//! a late copy of that commit harmless.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::consumer::BaseConsumer;
use service::kafka::Observer;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::commit::{Lease, Stop};
use crate::consume::{self, Assignments, Group, feed};
use crate::epoch;
use crate::hold::Hold;
use crate::log::Log;
use crate::metrics;
use crate::offsets::Membership;
use crate::pipeline::{Parts, Pipeline};
use crate::presence::Presence;
use crate::seams::Seams;

/// What every worker of a membership shares.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) presence: Presence,
    pub(crate) seams: Arc<dyn Seams>,
    pub(crate) parts: Parts,
    /// How long a worker may finish its batch when its partition is taken away.
    pub(crate) drain_max: Duration,
    pub(crate) buffer_bytes_max: usize,
    /// How long a commit's answer is certainly that of its only copy.
    pub(crate) sent_again_after: Duration,
    pub(crate) topic: String,
    pub(crate) epoch: String,
    pub(crate) observer: Observer,
}

/// Why a membership ended.
#[derive(Debug)]
pub(crate) enum Ended {
    Shutdown,
    Rejoin(String),
}

/// Works as a member until shutdown, until an operator wants the tables for himself, or
/// until the membership has to be renewed.
pub(crate) async fn run(
    shared: Shared,
    consumer: Arc<BaseConsumer<Group>>,
    hold: &Hold,
    shutdown: &CancellationToken,
) -> anyhow::Result<Ended> {
    let leave = shutdown.child_token();
    let (observer, epoch) = (shared.observer.clone(), shared.epoch.clone());
    let mut epoch_ends = std::pin::pin!(epoch::ends(&observer, &epoch));
    let (stops, mut stopped) = mpsc::unbounded_channel();
    let workers = Arc::new(Workers {
        topic: shared.topic.clone(),
        buffer_bytes_max: shared.buffer_bytes_max,
        shared,
        consumer: Arc::clone(&consumer),
        runtime: Handle::current(),
        running: Mutex::default(),
        stops,
    });
    let mut polled = {
        let (workers, leave) = (Arc::clone(&workers), leave.clone());
        let bytes_max = workers.buffer_bytes_max;
        spawn_thread(move || consume::poll(&workers.consumer, workers.clone(), bytes_max, &leave))?
    };
    let mut halted = HashMap::new();
    let reason = loop {
        let (partition, stop) = tokio::select! {
            // First: at shutdown the poll ends too.
            biased;
            () = shutdown.cancelled() => break None,
            () = &mut epoch_ends => break Some("the topic was made again".to_owned()),
            () = hold.begins() => break Some("an operator holds the tables".to_owned()),
            ended = &mut polled => {
                ended??;
                anyhow::bail!("the poll of Kafka ended by itself");
            }
            Some(stop) = stopped.recv() => stop,
        };
        match stop {
            Stop::Revoked => {
                halted.remove(&partition);
            }
            Stop::Rejoin(reason) => break Some(reason),
            Stop::Halted(reason) => {
                error!(
                    partition,
                    topic = workers.topic,
                    "partition halted: {reason}"
                );
                halted.insert(partition, reason);
            }
        }
        metrics::halted(halted.len());
    };
    leave.cancel();
    polled.await??;
    Ok(reason.map_or(Ended::Shutdown, Ended::Rejoin))
}

fn spawn_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> anyhow::Result<oneshot::Receiver<T>> {
    let (done, result) = oneshot::channel();
    std::thread::Builder::new()
        .name("kafka-poll".into())
        .spawn(move || {
            drop(done.send(work()));
        })?;
    Ok(result)
}

struct Workers {
    topic: String,
    buffer_bytes_max: usize,
    shared: Shared,
    consumer: Arc<BaseConsumer<Group>>,
    runtime: Handle,
    running: Mutex<HashMap<u32, Worker>>,
    stops: mpsc::UnboundedSender<(u32, Stop)>,
}

struct Worker {
    lease: Lease,
    /// Closes when the worker has ended.
    ended: std::sync::mpsc::Receiver<()>,
}

impl Workers {
    fn running(&self) -> MutexGuard<'_, HashMap<u32, Worker>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&self, partition: u32) -> Worker {
        let log = Arc::new(Log {
            topic: self.topic.clone(),
            epoch: self.shared.epoch.clone(),
            partition,
        });
        let membership = Membership::new(
            Arc::clone(&self.consumer),
            Arc::clone(&log),
            self.shared.sent_again_after,
        );
        let offsets = self.shared.seams.offsets(&log, Arc::new(membership));
        let lease = Lease::new(offsets, Arc::clone(&log), CancellationToken::new());
        let (feed, inbox) = feed();
        rdkafka::consumer::Consumer::client(&*self.consumer)
            .context()
            .open(partition, feed);
        let (ending, ended) = std::sync::mpsc::channel();
        let shared = self.shared.clone();
        let (stops, writer_lease) = (self.stops.clone(), lease.clone());
        self.runtime.spawn(async move {
            let working = tokio::spawn(work(shared, log, inbox, writer_lease));
            // A worker that panics takes nobody with it, and is not forgotten either.
            let stop = working
                .await
                .unwrap_or_else(|error| Stop::Rejoin(format!("a worker failed: {error}")));
            info!(partition, ?stop, "worker ended");
            drop(stops.send((partition, stop)));
            drop(ending);
        });
        Worker { lease, ended }
    }
}

async fn work(shared: Shared, log: Arc<Log>, inbox: consume::Inbox, lease: Lease) -> Stop {
    let partition = log.partition;
    let begun = Pipeline::begin(log, shared.parts, lease, inbox).await;
    shared.presence.recovered(partition);
    match begun {
        Ok(pipeline) => pipeline.run().await,
        Err(stop) => stop,
    }
}

impl Assignments for Workers {
    fn assigned(&self, partitions: &[u32]) {
        self.shared.presence.assigned(partitions);
        for partition in partitions {
            let worker = self.start(*partition);
            self.running().insert(*partition, worker);
        }
    }

    /// A batch that is being written may be finished, for a while; then the lease ends.
    fn revoked(&self, partitions: &[u32], lost: bool) {
        self.shared.presence.revoked(partitions);
        let leaving: Vec<Worker> = partitions
            .iter()
            .filter_map(|partition| self.running().remove(partition))
            .collect();
        for worker in &leaving {
            worker.lease.stop().cancel();
        }
        let deadline = std::time::Instant::now() + self.shared.drain_max;
        for worker in leaving {
            let patience = deadline.saturating_duration_since(std::time::Instant::now());
            if !lost
                && worker.ended.recv_timeout(patience)
                    == Err(std::sync::mpsc::RecvTimeoutError::Timeout)
            {
                warn!("a batch was not finished in time; its next owner adopts it");
            }
            worker.lease.revoke();
        }
    }
}
