//! What the hot paths do, a given number of times, for a tool that counts instructions: the
//! difference between two numbers of times, divided by theirs, is what one costs.

use std::hint::black_box;

use aggregator::Marker;
use aggregator::dedup::{Window, WindowConfig};
use anyhow::anyhow;
use schemas::pricing::PriceBook;
use schemas::record::decode;
use schemas::row::Position;
use schemas::{Record, Row};

use crate::records::record;
use crate::shape::{Shape, Skew};

/// Some day in 2026: the same events every time.
const NOW_MS: i64 = 1_790_000_000_000;
/// Events made beforehand, and a batch's rows.
const MADE: usize = 1_000;

#[derive(clap::ValueEnum, Clone, Copy)]
enum Path {
    /// Parse, validate, price and encode an event.
    Judge,
    /// Decode a record, ask the duplicate window, encode the row.
    Admit,
    /// Fold a thousand rows into the rollups' blocks.
    Fold,
}

#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(value_enum)]
    path: Path,
    /// Events.
    #[arg(long)]
    events: usize,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let mut shape = Shape::new(1, "00000000", Skew::USUAL, NOW_MS);
    let texts: Vec<String> = (0..MADE)
        .map(|_| {
            let mut text = String::new();
            shape.next(&mut text);
            text
        })
        .collect();
    let book = PriceBook::bundled()?;
    let records = texts.iter().map(|text| record(text, &book, NOW_MS * 1_000));
    let records: Vec<Record> = records.collect::<anyhow::Result<_>>()?;
    match args.path {
        Path::Judge => {
            for text in texts.iter().cycle().take(args.events) {
                black_box(record(text, &book, NOW_MS * 1_000)?.value());
            }
        }
        Path::Admit => admit(&records, args.events)?,
        Path::Fold => fold(&records, args.events)?,
    }
    Ok(())
}

fn admit(records: &[Record], events: usize) -> anyhow::Result<()> {
    let mut window = Window::new(WindowConfig {
        memory_bytes_max: 1 << 30,
        spill_dir: std::env::temp_dir(),
    });
    let values: Vec<_> = records.iter().map(Record::value).collect();
    let mut out = Vec::new();
    for n in 0..events {
        let at = n % records.len();
        let mut row = row(records[at].key(), &values[at], n)?;
        // Each round's ids are new ones.
        row.id_hash ^= (n / records.len()) as u128;
        black_box(window.admit(row.id_hash, NOW_MS)?);
        if at == 0 {
            out.clear();
        }
        row.encode("epoch", 0, &mut out);
    }
    black_box(out);
    Ok(())
}

fn fold(records: &[Record], events: usize) -> anyhow::Result<()> {
    let rows = records.iter().enumerate();
    let rows = rows.map(|(n, record)| row(record.key(), &record.value(), n));
    let rows: Vec<Row> = rows.collect::<anyhow::Result<_>>()?;
    let marker = Marker {
        name: "epoch/0".to_owned(),
        end: 1,
    };
    for _ in 0..events / rows.len() {
        black_box(aggregator::fold(&rows, &marker));
    }
    Ok(())
}

fn row(key: &[u8], value: &[u8], n: usize) -> anyhow::Result<Row> {
    let event = decode(Some(key), Some(value)).map_err(|poison| anyhow!("{poison}"))?;
    let position = Position {
        partition: 0,
        offset: n as u64,
        log_time_ms: NOW_MS,
    };
    Ok(Row::new(event, position))
}
