//! A contiguous range of one partition's log, decided record by record.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use schemas::Row;
use schemas::record::decode;
use schemas::row::{self, Position};
use tokio::time::Instant;

use crate::admit::{Admission, Verdict};
use crate::block::{Block, Table};
use crate::consume::Message;
use crate::dead_letter::DeadLetter;
use crate::intent::Intent;
use crate::ledger::{self, Line};
use crate::log::{Log, OffsetRange};
use crate::rollup::{Fact, Resolution, fold_runs, fold_usage};
use crate::store::Extent;

const HOUR_MS: i64 = 3_600_000;
/// `usage_1m` forgets after 16 days; statistics ask it for 14.
const MINUTES_KEPT_MS: i64 = 15 * 24 * HOUR_MS;

/// What `[start, end)` of a partition comes to.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) log: Arc<Log>,
    pub(crate) range: OffsetRange,
    /// How many tokens of this batch were burnt.
    pub(crate) attempt: u32,
    pub(crate) dead_letters: Vec<DeadLetter>,
    pub(crate) bytes: usize,
    rows: Vec<Row>,
    lines: BTreeMap<String, Line>,
    /// The lines' sum, which is asked for at every record.
    outcome: Line,
    /// Log time of the first record; all records of a batch share its hour, so that the
    /// ledger's hours are exact.
    first_log_time_ms: Option<i64>,
    arrived: Option<Instant>,
}

impl Batch {
    pub(crate) fn new(log: Arc<Log>, start: u64) -> Self {
        Self {
            log,
            range: OffsetRange { start, end: start },
            attempt: 0,
            dead_letters: Vec::new(),
            bytes: 0,
            rows: Vec::new(),
            lines: BTreeMap::new(),
            outcome: Line::default(),
            first_log_time_ms: None,
            arrived: None,
        }
    }

    /// When its first record arrived here.
    pub(crate) fn arrived(&self) -> Option<Instant> {
        self.arrived
    }

    /// Whether the record may join: a batch never spans two hours of log time.
    pub(crate) fn takes(&self, message: &Message) -> bool {
        self.first_log_time_ms.is_none_or(|first| {
            first.div_euclid(HOUR_MS) == message.log_time_ms.div_euclid(HOUR_MS)
        })
    }

    /// Decides one record: stored, duplicate, erased or dead letter.
    pub(crate) fn push(&mut self, message: Message, admission: &mut Admission) -> io::Result<()> {
        self.range.end = message.offset + 1;
        self.first_log_time_ms.get_or_insert(message.log_time_ms);
        self.arrived.get_or_insert(message.arrived);
        self.bytes += message.bytes();
        match decode(message.key.as_deref(), message.value.as_deref()) {
            Ok(event) => {
                let position = Position {
                    partition: self.log.partition,
                    offset: message.offset,
                    log_time_ms: message.log_time_ms,
                };
                let row = Row::new(event, position);
                let verdict = admission.admit(&row)?;
                self.tell(&row.event.tenant_id, |line| line.count(verdict));
                if verdict == Verdict::Stored {
                    self.rows.push(row);
                }
            }
            Err(reason) => {
                self.tell("", |line| line.dead_lettered += 1);
                self.dead_letters.push(DeadLetter { message, reason });
            }
        }
        Ok(())
    }

    fn tell(&mut self, tenant_id: &str, count: impl Fn(&mut Line)) {
        count(&mut self.outcome);
        match self.lines.get_mut(tenant_id) {
            Some(line) => count(line),
            None => count(self.lines.entry(tenant_id.to_owned()).or_default()),
        }
    }

    /// Records taken in.
    pub(crate) fn records(&self) -> u64 {
        self.outcome.received()
    }

    /// What became of them, all tenants together.
    pub(crate) fn outcome(&self) -> Line {
        self.outcome
    }

    pub(crate) fn intent(&self) -> Intent {
        Intent::Plan {
            end: self.range.end,
            attempt: self.attempt,
        }
    }

    /// Names a block for ever: the same rows are sent under it, however often.
    pub(crate) fn token(&self, block: &Block) -> String {
        let Log {
            epoch, partition, ..
        } = &*self.log;
        let OffsetRange { start, end } = self.range;
        let (table, month) = (block.table.name(), block.month);
        format!(
            "{epoch}/{partition}/{start}-{end}/{table}/{month}/{}",
            self.attempt
        )
    }

    /// Where it lies in the log.
    pub(crate) fn extent(&self) -> Extent {
        Extent {
            log: Arc::clone(&self.log),
            range: self.range,
            since_ms: self.since_ms(),
        }
    }

    pub(crate) fn facts(&self) -> impl Iterator<Item = Fact<'_>> + Clone {
        self.rows.iter().map(Fact::from)
    }

    /// The rows of `trace_events`, a block per month.
    pub(crate) fn raw_blocks(&self) -> Vec<Block> {
        let mut months: BTreeMap<u32, (u64, Vec<u8>)> = BTreeMap::new();
        for row in &self.rows {
            let (rows, bytes) = months.entry(row.month()).or_default();
            *rows += 1;
            row.encode(&self.log.epoch, self.range.end, bytes);
        }
        let block = |(month, (rows, bytes))| {
            Block::new(Table::TraceEvents, row::COLUMNS, month, rows, bytes)
        };
        months.into_iter().map(block).collect()
    }

    /// The rollups' rows, a block per table and month.
    pub(crate) fn rollup_blocks<'a>(
        &self,
        facts: impl Iterator<Item = Fact<'a>> + Clone,
    ) -> Vec<Block> {
        let marker = self.extent().marker();
        let months: BTreeSet<u32> = facts.clone().map(|fact| fact.month()).collect();
        let mut blocks = Vec::with_capacity(3 * months.len());
        for month in months {
            let facts = || facts.clone().filter(move |fact| fact.month() == month);
            blocks.push(fold_usage(facts(), Resolution::Quarter, month, &marker));
            if facts().any(|fact| self.is_recent(&fact)) {
                let recent = facts().filter(|fact| self.is_recent(fact));
                blocks.push(fold_usage(recent, Resolution::Minute, month, &marker));
            }
            blocks.push(fold_runs(facts(), month, &marker));
        }
        blocks
    }

    /// No record of the batch has an earlier log time: all share the first one's hour.
    fn since_ms(&self) -> i64 {
        let first = self.first_log_time_ms.unwrap_or_default();
        first - first.rem_euclid(HOUR_MS)
    }

    /// Whether the minute's rollup keeps the event: by log time, as everything here.
    fn is_recent(&self, fact: &Fact<'_>) -> bool {
        let log_time_ms = self.first_log_time_ms.unwrap_or_default();
        fact.timestamp_us / 1000 >= log_time_ms - MINUTES_KEPT_MS
    }

    pub(crate) fn ledger_block(&self) -> Block {
        let hour = u32::try_from(self.since_ms() / 1000).unwrap_or_default();
        ledger::block(&self.log, self.range, hour, &self.lines)
    }
}
