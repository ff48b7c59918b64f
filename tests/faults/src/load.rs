//! Clients that send events to ingest, send again whatever was not answered, and keep books.

mod event;
mod ledger;
mod client;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::producer::{FutureProducer, FutureRecord};
use tokio::sync::watch;

use crate::http::Door;

pub(crate) use event::{Event, Events, Key};
pub(crate) use ledger::{Ledger, State};

/// Clients of the steady load.
const CLIENTS: usize = 4;
/// How long clients may take to finish what they have begun.
const QUIET_MAX: Duration = Duration::from_secs(60);
const LOOK_PAUSE: Duration = Duration::from_millis(20);
/// How long a poison record may wait for the brokers.
const POISON_PATIENCE: Duration = Duration::from_secs(120);
/// Between two poison records.
const POISON_PAUSE: Duration = Duration::from_secs(2);

/// The running clients.
pub(crate) struct Load {
    shared: Arc<Shared>,
    flowing: watch::Sender<bool>,
}

/// What clients share.
struct Shared {
    ingest: Door,
    rate: u32,
    events: Arc<Events>,
    ledger: Mutex<Ledger>,
    /// Clients in the middle of something.
    busy: AtomicUsize,
    /// Steady clients send ten times their rate.
    pushing: AtomicBool,
    /// Batches that were acknowledged and may be sent again.
    settled: Mutex<Vec<Vec<u64>>>,
}

impl Shared {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn settled(&self) -> MutexGuard<'_, Vec<Vec<u64>>> {
        self.settled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Load {
    /// Starts the clients; they wait for [`Load::resume`]. `kafka`: for poison records.
    pub(crate) fn start(
        ingest: Door,
        rate: u32,
        seed: u64,
        events: Arc<Events>,
        kafka: &ClientConfig,
    ) -> anyhow::Result<Self> {
        let (flowing, gate) = watch::channel(false);
        let shared = Arc::new(Shared {
            ingest,
            rate,
            events,
            ledger: Mutex::default(),
            busy: AtomicUsize::new(0),
            pushing: AtomicBool::new(false),
            settled: Mutex::default(),
        });
        for index in 0..CLIENTS {
            let rng = fastrand::Rng::with_seed(seed.wrapping_add(index as u64));
            tokio::spawn(client::steady(
                Arc::clone(&shared),
                gate.clone(),
                CLIENTS,
                rng,
            ));
        }
        let mut kafka = kafka.clone();
        kafka
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("message.timeout.ms", "120000");
        tokio::spawn(poison(Arc::clone(&shared), gate, kafka));
        Ok(Self { shared, flowing })
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.shared.ledger()
    }

    pub(crate) fn resume(&self) {
        self.flowing.send_replace(true);
    }

    /// Clients begin nothing new. Returns when everything begun is answered.
    pub(crate) async fn pause(&self) -> anyhow::Result<()> {
        self.push(false);
        self.flowing.send_replace(false);
        let deadline = Instant::now() + QUIET_MAX;
        while self.shared.busy.load(Ordering::SeqCst) > 0 {
            anyhow::ensure!(
                Instant::now() < deadline,
                "{} senders are not done {QUIET_MAX:?} after they were asked to: {}",
                self.shared.busy.load(Ordering::SeqCst),
                self.ledger().last_refusal,
            );
            tokio::time::sleep(LOOK_PAUSE).await;
        }
        Ok(())
    }

    /// Steady clients send ten times their rate, or their rate again.
    pub(crate) fn push(&self, hard: bool) {
        self.shared.pushing.store(hard, Ordering::SeqCst);
    }

    /// So many more clients, each of which sends large batches until it has stored one.
    pub(crate) fn crowd(&self, clients: usize, padding_bytes: usize) {
        for _ in 0..clients {
            let shared = Arc::clone(&self.shared);
            tokio::spawn(client::once(shared, padding_bytes));
        }
    }

    /// Nothing that was sent so far is sent again: duplicates are known within one log only.
    pub(crate) fn forget_settled(&self) {
        self.shared.settled().clear();
    }
}

/// Puts records into Kafka, now and then, that are none of ours. Each by a client of its own:
/// one that knew a topic does not find the leaders of another of the same name.
async fn poison(shared: Arc<Shared>, mut gate: watch::Receiver<bool>, kafka: ClientConfig) {
    loop {
        if gate.wait_for(|flowing| *flowing).await.is_err() {
            return;
        }
        shared.busy.fetch_add(1, Ordering::SeqCst);
        let record = FutureRecord::to(schemas::topics::EVENTS)
            .key("nobody")
            .payload("\u{1}no record of ours");
        let sent = async {
            let producer: FutureProducer = kafka.create()?;
            let sent = producer.send(record, POISON_PATIENCE).await;
            sent.map_err(|(error, _)| error)
        };
        match sent.await {
            Ok(_) => shared.ledger().poison += 1,
            Err(error) => {
                let complaint = format!("a poison record was not stored: {error}");
                shared.ledger().complaints.push(complaint);
            }
        }
        shared.busy.fetch_sub(1, Ordering::SeqCst);
        tokio::time::sleep(POISON_PAUSE).await;
    }
}
