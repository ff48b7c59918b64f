//! One partition's path on one screen: consume → decode → dedup → batch → plan →
//! write → finish.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tracing::{debug, info};

use crate::admit::Admission;
use crate::batch::Batch;
use crate::commit::{Lease, Stop};
use crate::consume::{Inbox, Item, Message};
use crate::dead_letter::{self, DeadLetters};
use crate::dedup::WindowConfig;
use crate::log::{Log, OffsetRange};
use crate::metrics;
use crate::recover::{self, Recovered};
use crate::store::Store;
use crate::write::Writer;

/// When a batch is closed, whatever comes first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) rows_max: u64,
    pub(crate) bytes_max: usize,
    /// Counted from the arrival of the batch's first record.
    pub(crate) age_max: Duration,
}

/// What a worker works with.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) dead_letters: Arc<dyn DeadLetters>,
    pub(crate) window: WindowConfig,
    pub(crate) limits: Limits,
    /// After this long nothing that was sent earlier can still land.
    pub(crate) insert_lifetime: Duration,
}

/// The worker of one partition.
pub(crate) struct Pipeline {
    log: Arc<Log>,
    limits: Limits,
    inbox: Inbox,
    writer: Writer,
    dead_letters: Arc<dyn DeadLetters>,
    admission: Admission,
    /// Decided, and not planned yet: once decided a record cannot be given back.
    filling: Option<Batch>,
    /// Received, and of a later batch.
    ahead: VecDeque<Message>,
    recovered: Recovered,
}

impl Pipeline {
    /// Finds where to go on.
    pub(crate) async fn begin(
        log: Arc<Log>,
        parts: Parts,
        lease: Lease,
        inbox: Inbox,
    ) -> Result<Self, Stop> {
        let writer = Writer {
            store: parts.store,
            lease,
            insert_lifetime: parts.insert_lifetime,
        };
        let (recovered, admission) = Recovered::find(&log, &writer, &parts.window).await?;
        Ok(Self {
            log,
            limits: parts.limits,
            inbox,
            writer,
            dead_letters: parts.dead_letters,
            admission,
            filling: None,
            ahead: VecDeque::new(),
            recovered,
        })
    }

    /// Works until the partition is taken away, or something is wrong.
    pub(crate) async fn run(mut self) -> Stop {
        loop {
            if let Err(stop) = self.work().await {
                return stop;
            }
        }
    }

    async fn work(&mut self) -> Result<(), Stop> {
        let (mut batch, mut adopted) = self.next_batch().await?;
        self.writer
            .lease
            .commit(batch.range.start, batch.intent())
            .await?;
        loop {
            let began = Instant::now();
            dead_letter::publish(&*self.dead_letters, &batch, &self.writer.lease).await?;
            self.writer
                .write(&mut batch, self.recovered.trust(adopted))
                .await?;
            let next = self.successor(batch.range.end).await?;
            self.writer.finish(&batch, next.as_ref()).await?;
            self.recovered.position = batch.range.end;
            metrics::batch_finished(batch.outcome(), began.elapsed());
            debug!(partition = self.log.partition, range = %batch.range, "batch finished");
            match next {
                Some(next) => (batch, adopted) = (next, false),
                None => return Ok(()),
            }
        }
    }

    /// A batch to plan: what someone planned or began before us, exactly (`true`); else what
    /// comes.
    async fn next_batch(&mut self) -> Result<(Batch, bool), Stop> {
        let start = self.recovered.position;
        match self.recovered.next_known(&self.log, &self.writer).await? {
            Some(known) => {
                info!(
                    partition = self.log.partition,
                    start,
                    end = known.end,
                    "adopting a batch"
                );
                let mut batch = self
                    .collect_exactly(OffsetRange {
                        start,
                        end: known.end,
                    })
                    .await?;
                batch.attempt = known.attempt;
                Ok((batch, true))
            }
            None => Ok((self.collect(start).await?, false)),
        }
    }

    /// The batch behind one that is written, unless its end may be decided already.
    async fn successor(&mut self, start: u64) -> Result<Option<Batch>, Stop> {
        if self.recovered.is_uncertain() || self.writer.lease.stop().is_cancelled() {
            return Ok(None);
        }
        self.batch_at_hand(start).await
    }

    /// Fills a batch until it is full or old enough.
    async fn collect(&mut self, start: u64) -> Result<Batch, Stop> {
        let stop = self.writer.lease.stop().clone();
        loop {
            if let Some(batch) = self.batch_at_hand(start).await? {
                return Ok(batch);
            }
            let due = self
                .filling
                .as_ref()
                .and_then(Batch::arrived)
                .map(|at| at + self.limits.age_max);
            let item = tokio::select! {
                () = stop.cancelled() => return Err(Stop::Revoked),
                () = wait_until(due) => continue,
                item = self.inbox.next() => item.ok_or(Stop::Revoked)?,
            };
            if let Item::Record(message) = item {
                self.ahead.push_back(message);
            }
        }
    }

    /// The next batch, where what has been received makes a whole one. In steady state
    /// its plan rides on the commit that ends the batch before.
    async fn batch_at_hand(&mut self, start: u64) -> Result<Option<Batch>, Stop> {
        let mut batch = self
            .filling
            .take()
            .unwrap_or_else(|| Batch::new(Arc::clone(&self.log), start));
        let mut closed = false;
        while !closed && !self.is_full(&batch) {
            let Some(message) = self.received() else {
                break;
            };
            closed = !self.add(&mut batch, message).await?;
        }
        let old = batch
            .arrived()
            .is_some_and(|at| at.elapsed() >= self.limits.age_max);
        if closed || old || self.is_full(&batch) {
            return Ok(Some(batch));
        }
        self.filling = Some(batch);
        Ok(None)
    }

    /// Re-reads a range that was planned before, never shorter and never longer.
    async fn collect_exactly(&mut self, range: OffsetRange) -> Result<Batch, Stop> {
        let stop = self.writer.lease.stop().clone();
        let mut batch = Batch::new(Arc::clone(&self.log), range.start);
        while batch.range.end < range.end {
            let item = match self.ahead.pop_front() {
                Some(message) => Item::Record(message),
                None => tokio::select! {
                    () = stop.cancelled() => return Err(Stop::Revoked),
                    item = self.inbox.next() => item.ok_or(Stop::Revoked)?,
                },
            };
            match item {
                Item::Record(message) if message.offset < range.end => {
                    self.in_sequence(batch.range.end, &message).await?;
                    self.decide(&mut batch, message)?;
                }
                Item::Record(message) => {
                    self.ahead.push_back(message);
                    break;
                }
                Item::EndOfLog => recover::log_reaches(&self.writer.lease, range).await?,
            }
        }
        batch.range.end = range.end;
        Ok(batch)
    }

    fn received(&mut self) -> Option<Message> {
        if let Some(message) = self.ahead.pop_front() {
            return Some(message);
        }
        while let Some(item) = self.inbox.try_next() {
            if let Item::Record(message) = item {
                return Some(message);
            }
        }
        None
    }

    fn is_full(&self, batch: &Batch) -> bool {
        batch.records() >= self.limits.rows_max || batch.bytes >= self.limits.bytes_max
    }

    /// `false`: the record belongs to the next batch.
    async fn add(&mut self, batch: &mut Batch, message: Message) -> Result<bool, Stop> {
        self.in_sequence(batch.range.end, &message).await?;
        if !batch.takes(&message) {
            self.ahead.push_front(message);
            return Ok(false);
        }
        self.decide(batch, message)?;
        Ok(true)
    }

    fn decide(&mut self, batch: &mut Batch, message: Message) -> Result<(), Stop> {
        batch
            .push(message, &mut self.admission)
            .map_err(|error| Stop::Rejoin(format!("the duplicate window's files failed: {error}")))
    }

    async fn in_sequence(&self, expected: u64, message: &Message) -> Result<(), Stop> {
        if message.offset == expected {
            return Ok(());
        }
        recover::explain_gap(&self.writer.lease, expected, message.offset).await
    }
}

async fn wait_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}
