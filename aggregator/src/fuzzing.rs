//! Records of the events topic, whoever wrote them: for `fuzz/`, and for the test of its
//! seeds. Compiled for tests and with the feature `fuzzing` only.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use tokio::time::Instant;

use crate::admit::{Admission, Erased};
use crate::batch::Batch;
use crate::block::{Block, Table};
use crate::consume::Message;
use crate::dedup::{Window, WindowConfig};
use crate::log::Log;

/// Some day in 2026.
const LOG_TIME_MS: i64 = 1_790_000_000_000;

/// A batch of records, each a byte with the length of its key, two with that of its value
/// (little-endian), key and value; the rest is one value of the key `t`.
///
/// # Panics
/// When a record is not accounted for, or a second reading builds other blocks.
pub fn records(data: &[u8]) {
    let records = take_apart(data);
    let (batch, blocks) = read(&records);
    let outcome = batch.outcome();
    assert_eq!(outcome.received(), records.len() as u64);
    assert_eq!(outcome.dead_lettered, batch.dead_letters.len() as u64);
    let raw = blocks
        .iter()
        .filter(|block| block.table == Table::TraceEvents);
    assert_eq!(raw.map(|block| block.rows).sum::<u64>(), outcome.stored);
    let again = read(&records).1;
    assert!(blocks.iter().map(content).eq(again.iter().map(content)));
}

fn content(block: &Block) -> (Table, u32, u64, &[u8]) {
    (block.table, block.month, block.rows, &block.bytes)
}

type Pair<'a> = (&'a [u8], &'a [u8]);

fn take_apart(mut data: &[u8]) -> Vec<Pair<'_>> {
    let mut records = Vec::new();
    while let Some((&[key, low, high], rest)) = data.split_first_chunk::<3>() {
        let (key, value) = (
            usize::from(key),
            usize::from(u16::from_le_bytes([low, high])),
        );
        let Some((record, rest)) = rest.split_at_checked(key + value) else {
            break;
        };
        records.push(record.split_at(key));
        data = rest;
    }
    if !data.is_empty() {
        records.push((b"t", data));
    }
    records
}

fn read(records: &[Pair<'_>]) -> (Batch, Vec<Block>) {
    let log = Log {
        topic: "events".to_owned(),
        epoch: "epoch".to_owned(),
        partition: 0,
    };
    let window = Window::new(WindowConfig {
        memory_bytes_max: 1 << 20,
        spill_dir: std::env::temp_dir(),
    });
    let mut admission = Admission::new(window, Erased::default());
    let mut batch = Batch::new(Arc::new(log), 0);
    for (offset, (key, value)) in (0..).zip(records) {
        let message = Message {
            offset,
            log_time_ms: LOG_TIME_MS,
            arrived: Instant::now(),
            key: Some(key.to_vec()),
            value: Some(value.to_vec()),
        };
        batch.push(message, &mut admission).unwrap();
    }
    let mut blocks = batch.raw_blocks();
    blocks.extend(batch.rollup_blocks(batch.facts()));
    blocks.push(batch.ledger_block());
    (batch, blocks)
}

#[cfg(test)]
#[path = "../../fuzz/mutate.rs"]
mod mutate;

#[cfg(test)]
mod tests {
    #[test]
    fn every_record_is_accounted_for() {
        super::mutate::each("kafka_records", super::records);
    }
}
