//! A short log of events: few ids, so that duplicates are many; months, hours of log time
//! and tenants change within it; some records are not ours.

use std::collections::HashSet;
use std::sync::OnceLock;

use schemas::pricing::{ClientCostPolicy, PriceBook};
use schemas::record::decode;
use schemas::validate::{Context, validate};
use schemas::{RawEvent, Row, row};
use serde_json::json;
use tokio::time::Instant;

use crate::consume::Message;

/// 2026-09-30 23:59:00 UTC, so that a batch may touch two months and two hours.
const FIRST_US: i64 = 1_790_812_740_000_000;

/// One record as the broker holds it.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    key: Vec<u8>,
    value: Vec<u8>,
    log_time_ms: i64,
}

pub(super) fn write(rng: &mut fastrand::Rng) -> Vec<Stored> {
    static BOOK: OnceLock<PriceBook> = OnceLock::new();
    let book = BOOK.get_or_init(|| PriceBook::bundled().unwrap());
    let mut log_time_ms = FIRST_US / 1000;
    (0..rng.usize(4..14))
        .map(|_| {
            log_time_ms += rng.i64(0..40_000);
            if rng.u8(..) < 20 {
                let (key, value) = (b"tenant0".to_vec(), b"not ours".to_vec());
                return Stored {
                    key,
                    value,
                    log_time_ms,
                };
            }
            let event = json!({
                "id": format!("id{}", rng.u8(0..5)),
                "timestamp": (FIRST_US / 1000 + rng.i64(0..120_000)),
                "run_id": format!("run{}", rng.u8(0..2)),
                "customer_id": format!("customer{}", rng.u8(0..2)),
                "span_type": (["llm", "agent"][rng.usize(0..2)]),
                "provider": "openai",
                "cost_usd": format!("0.{:06}", rng.u32(0..1_000_000)),
                "latency_ms": rng.u16(..),
            });
            let text = event.to_string();
            let context = Context {
                tenant_id: ["tenant0", "tenant1"][rng.usize(0..2)],
                received_us: FIRST_US + 120_000_000,
                retention_us: 400 * 86_400_000_000,
                ingest_key_id: "",
            };
            let raw = RawEvent::parse(&text).unwrap();
            let event = validate(&raw, &context, || panic!("it has an id")).unwrap();
            let record = event.price(book, ClientCostPolicy::Trust);
            Stored {
                key: record.key().to_vec(),
                value: record.value(),
                log_time_ms,
            }
        })
        .collect()
}

impl Stored {
    pub(super) fn message(&self, offset: u64) -> Message {
        Message {
            offset,
            log_time_ms: self.log_time_ms,
            arrived: Instant::now(),
            key: Some(self.key.clone()),
            value: Some(self.value.clone()),
        }
    }
}

/// The rows that a log comes to, whatever happens on the way: the first of each id.
pub(super) fn expected(log: &[Stored]) -> Vec<Row> {
    let mut seen = HashSet::new();
    let rows = log.iter().enumerate().filter_map(|(offset, record)| {
        let event = decode(Some(&record.key), Some(&record.value)).ok()?;
        let position = row::Position {
            partition: 0,
            offset: offset as u64,
            log_time_ms: record.log_time_ms,
        };
        Some(Row::new(event, position))
    });
    rows.filter(|row| seen.insert(row.id_hash)).collect()
}
