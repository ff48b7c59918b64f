//! From a call that has ended to its event in Kafka, off the response's way: a bounded queue
//! (full = counted as lost), a thread that works usage and price out, and a task that
//! publishes, with a directory where events wait while Kafka is away.

mod deliver;
mod event;
mod spill;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context;
use schemas::Record;
use schemas::pricing::PriceBook;
use service::prices::Prices;
use service::publish::Publisher;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::call::Ended;
use crate::config::ReportArgs;
use crate::metrics::{self, Loss};
use deliver::Deliverer;
use spill::Spill;

/// Calls that the thread takes at once, and turns between it and the publisher.
const TURN: usize = 256;
const TURNS_MAX: usize = 32;
/// The thread's pause between turns: under load it is not woken for every single call.
const TURN_PAUSE: Duration = Duration::from_millis(5);
/// Time that what is left gets to be published at the end.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(12);

enum Item {
    Call(Box<Ended>),
    /// Nothing comes after this one.
    Close,
}

/// Where calls go that have ended. Clones share the queue.
#[derive(Debug, Clone)]
pub(crate) struct Reporter {
    queue: mpsc::Sender<Item>,
    weight: Arc<AtomicUsize>,
    weight_max: usize,
}

impl std::fmt::Debug for Item {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Call(_) => "Call",
            Self::Close => "Close",
        })
    }
}

impl Reporter {
    /// Takes a call. Never waits: what finds no room is lost, and counted.
    pub(crate) fn report(&self, ended: Box<Ended>) {
        let weight = ended.weight();
        let held = self.weight.fetch_add(weight, Ordering::Relaxed);
        let fits = held + weight <= self.weight_max;
        if fits && self.queue.try_send(Item::Call(ended)).is_ok() {
            metrics::queued(1);
        } else {
            self.weight.fetch_sub(weight, Ordering::Relaxed);
            metrics::lost(Loss::QueueFull, 1);
        }
    }
}

/// The running parts behind a [`Reporter`].
#[derive(Debug)]
pub(crate) struct Reports {
    reporter: Reporter,
    deliverer: JoinHandle<()>,
}

impl Reports {
    /// # Errors
    /// When the published prices cannot be read, or the spill directory cannot be used.
    pub(crate) fn start(args: &ReportArgs, publisher: Arc<dyn Publisher>) -> anyhow::Result<Self> {
        let prices = Prices::load(&args.prices)?;
        crate::meter::warm_up();
        let spill = args
            .proxy_spill_dir
            .as_ref()
            .map(|dir| Spill::open(dir, args.proxy_spill_bytes_max))
            .transpose()?;
        let (queue, calls) = mpsc::channel(args.proxy_queue_max.max(1));
        let (records, delivered) = mpsc::channel(TURNS_MAX);
        let weight = Arc::new(AtomicUsize::new(0));
        let settler = Settler {
            calls,
            records,
            weight: Arc::clone(&weight),
            prices,
        };
        std::thread::Builder::new()
            .name("settle".to_owned())
            .spawn(move || settler.run())
            .context("cannot start a thread")?;
        let deliverer = Deliverer::new(publisher, spill);
        Ok(Self {
            reporter: Reporter {
                queue,
                weight,
                weight_max: args.proxy_queue_bytes_max,
            },
            deliverer: tokio::spawn(deliverer.run(delivered, CLOSE_TIMEOUT)),
        })
    }

    pub(crate) fn reporter(&self) -> Reporter {
        self.reporter.clone()
    }

    /// Publishes what waits, or leaves it in the spill directory.
    ///
    /// # Errors
    /// When the task failed.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        // The queue is full at most for a moment; a thread that is gone needs no word.
        let _ = self.reporter.queue.send(Item::Close).await;
        self.deliverer
            .await
            .context("the task that publishes events failed")
    }
}

/// Works out what calls used and cost, on a thread of its own: it is computation, and no
/// call waits for it.
struct Settler {
    calls: mpsc::Receiver<Item>,
    records: mpsc::Sender<Vec<Record>>,
    weight: Arc<AtomicUsize>,
    prices: Prices,
}

impl Settler {
    fn run(mut self) {
        let mut turn = Vec::with_capacity(TURN);
        while self.calls.blocking_recv_many(&mut turn, TURN) > 0 {
            let book = self.prices.book();
            let (mut calls, mut weight) = (0, 0);
            let mut records = Vec::with_capacity(turn.len());
            for item in turn.drain(..) {
                match item {
                    Item::Call(ended) => {
                        calls += 1;
                        weight += ended.weight();
                        records.extend(settled(*ended, &book));
                    }
                    // Then the loop ends when all that came before is settled.
                    Item::Close => self.calls.close(),
                }
            }
            // Waits while Kafka is away and the directory is full: the queue fills then.
            if !records.is_empty() {
                let _ = self.records.blocking_send(records);
            }
            self.weight.fetch_sub(weight, Ordering::Relaxed);
            metrics::queued(-calls);
            std::thread::sleep(TURN_PAUSE);
        }
    }
}

/// A call's record.
fn settled(ended: Ended, book: &PriceBook) -> Option<Record> {
    let (facts, metered) = ended.settle();
    event::record(&facts, &metered, book)
        .inspect_err(|rejection| {
            tracing::error!("a call made no valid event: {rejection:?}");
            metrics::lost(Loss::Invalid, 1);
        })
        .ok()
}
