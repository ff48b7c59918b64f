//! The steps of a batch, at which the process can kill or stop itself.

use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aggregator::{Block, CommitError, Table};
use anyhow::Context as _;
use async_trait::async_trait;
use clap::ValueEnum as _;
use rustix::process::{Signal, getpid, kill_process};

use crate::between::Between;

/// A process stops within this after its SIGSTOP, however busy the machine.
const STOPPED_MAX: Duration = Duration::from_millis(300);

/// Where a batch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Step {
    /// Its plan is acknowledged.
    AfterIntent,
    /// Its raw rows are about to be sent.
    BeforeRaw,
    AfterRaw,
    /// One rollup is acknowledged, others are not, or are on their way.
    BetweenRollups,
    /// Everything but the ledger is stored.
    BeforeLedger,
    /// Everything is stored.
    BeforeCommit,
}

#[derive(Debug)]
struct Order {
    step: Step,
    signal: Signal,
    remaining: u32,
}

/// What to do at which step; nothing until it is armed.
#[derive(Debug, Default)]
pub(crate) struct Trap(Mutex<Option<Order>>);

impl Trap {
    /// `kill <step> [n]` or `stop <step> [n]`.
    pub(crate) fn arm(&self, order: &str) -> anyhow::Result<()> {
        let mut words = order.split_whitespace();
        let signal = match words.next() {
            Some("kill") => Signal::KILL,
            Some("stop") => Signal::STOP,
            _ => anyhow::bail!("neither kill nor stop"),
        };
        let step = words.next().context("no step")?;
        let step = Step::from_str(step, false).map_err(anyhow::Error::msg)?;
        let remaining = words.next().map_or(Ok(1), str::parse)?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Order {
            step,
            signal,
            remaining,
        });
        Ok(())
    }

    fn reach(&self, step: Step) -> anyhow::Result<()> {
        let mut armed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(order) = armed.as_mut().filter(|order| order.step == step) else {
            return Ok(());
        };
        order.remaining = order.remaining.saturating_sub(1);
        if order.remaining > 0 {
            return Ok(());
        }
        let signal = order.signal;
        *armed = None;
        let name = step
            .to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned());
        let mut out = std::io::stdout().lock();
        writeln!(out, "hit {name}")?;
        out.flush()?;
        kill_process(getpid(), signal)?;
        if signal == Signal::STOP {
            // Another thread may be the one that takes the signal and stops us all: this one
            // must not go on with the step meanwhile.
            std::thread::sleep(STOPPED_MAX);
        }
        Ok(())
    }
}

/// Notices the steps that are inserts.
pub(crate) struct Store {
    pub(crate) inner: Arc<dyn aggregator::Store>,
    pub(crate) trap: Arc<Trap>,
}

#[async_trait]
impl Between for Store {
    fn inner(&self) -> &dyn aggregator::Store {
        &*self.inner
    }

    async fn insert(&self, block: &Block, token: &str) -> anyhow::Result<()> {
        match block.table {
            Table::TraceEvents => self.trap.reach(Step::BeforeRaw)?,
            Table::IngestLedger => self.trap.reach(Step::BeforeLedger)?,
            Table::Usage15m | Table::Usage1m | Table::Runs => {}
        }
        self.inner.insert(block, token).await?;
        match block.table {
            Table::TraceEvents => self.trap.reach(Step::AfterRaw),
            Table::IngestLedger => Ok(()),
            Table::Usage15m | Table::Usage1m | Table::Runs => self.trap.reach(Step::BetweenRollups),
        }
    }
}

/// Notices the steps that are commits.
pub(crate) struct Offsets {
    inner: Arc<dyn aggregator::Offsets>,
    trap: Arc<Trap>,
    /// First offset of the batch whose plan was acknowledged last.
    planned: Mutex<Option<u64>>,
}

impl Offsets {
    pub(crate) fn new(inner: Arc<dyn aggregator::Offsets>, trap: Arc<Trap>) -> Self {
        Self {
            inner,
            trap,
            planned: Mutex::new(None),
        }
    }

    fn reach(&self, step: Step) -> Result<(), CommitError> {
        let reached = self.trap.reach(step);
        reached.map_err(|error| CommitError::Refused(error.to_string()))
    }
}

impl aggregator::Offsets for Offsets {
    fn commit(&self, offset: u64, metadata: &str) -> Result<(), CommitError> {
        let mut planned = self.planned.lock().unwrap_or_else(PoisonError::into_inner);
        if planned.is_some_and(|start| offset > start) {
            self.reach(Step::BeforeCommit)?;
        }
        self.inner.commit(offset, metadata)?;
        *planned = None;
        if metadata.contains("plan") {
            *planned = Some(offset);
            self.reach(Step::AfterIntent)?;
        }
        Ok(())
    }

    fn committed(&self) -> anyhow::Result<Option<(u64, String)>> {
        self.inner.committed()
    }

    fn bounds(&self) -> anyhow::Result<(u64, u64)> {
        self.inner.bounds()
    }

    fn begin_at(&self, offset: u64) -> anyhow::Result<()> {
        self.inner.begin_at(offset)
    }
}
