//! One client.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Event, Events, Ledger, Shared};
use crate::http::Answer;

const BATCH_MAX: u64 = 50;
/// One batch in so many is sent again later, although it was acknowledged.
const RESENT_ONE_IN: usize = 10;
/// How much more than usual clients send when they push.
const PUSH: f64 = 10.0;
const SETTLED_MAX: usize = 100;
const PATIENCE: Duration = Duration::from_secs(15);
const RETRY_PAUSE: Duration = Duration::from_millis(200);
/// `Retry-After` is honoured up to this.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(1);

/// Sends at its share of the rate, for ever.
pub(super) async fn steady(
    shared: Arc<Shared>,
    mut gate: watch::Receiver<bool>,
    clients: usize,
    mut rng: fastrand::Rng,
) {
    loop {
        if gate.wait_for(|flowing| *flowing).await.is_err() {
            return;
        }
        let began = Instant::now();
        let busy = Busy::new(&shared);
        let again = (rng.usize(..RESENT_ONE_IN) == 0)
            .then(|| old(&shared, &mut rng))
            .flatten();
        let count = if let Some(batch) = again {
            shared.ledger().resent += batch.len() as u64;
            insist(&shared, &batch, 0).await;
            batch.len() as u64
        } else {
            let batch = fresh(&shared, rng.u64(1..=BATCH_MAX));
            insist(&shared, &batch, 0).await;
            remember(&shared, &batch, &mut rng);
            batch.len() as u64
        };
        drop(busy);
        let pushing = shared.pushing.load(Ordering::SeqCst);
        let rate = f64::from(shared.rate) * if pushing { PUSH } else { 1.0 };
        let share = Duration::from_secs_f64(count as f64 * clients as f64 / rate);
        tokio::time::sleep_until(began + share).await;
    }
}

/// Sends one large batch until it is stored.
pub(super) async fn once(shared: Arc<Shared>, padding_bytes: usize) {
    let _busy = Busy::new(&shared);
    let batch = fresh(&shared, BATCH_MAX);
    insist(&shared, &batch, padding_bytes).await;
}

struct Busy<'a>(&'a Shared);

impl<'a> Busy<'a> {
    fn new(shared: &'a Shared) -> Self {
        shared.busy.fetch_add(1, Ordering::SeqCst);
        Self(shared)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::SeqCst);
    }
}

fn fresh(shared: &Shared, count: u64) -> Vec<u64> {
    let numbers: Range<u64> = shared.ledger().take(count);
    numbers.collect()
}

fn remember(shared: &Shared, batch: &[u64], rng: &mut fastrand::Rng) {
    let mut settled = shared.settled();
    if settled.len() < SETTLED_MAX {
        settled.push(batch.to_vec());
    } else {
        let place = rng.usize(..SETTLED_MAX);
        settled[place] = batch.to_vec();
    }
}

fn old(shared: &Shared, rng: &mut fastrand::Rng) -> Option<Vec<u64>> {
    let settled = shared.settled();
    let place = (!settled.is_empty()).then(|| rng.usize(..settled.len()))?;
    settled.get(place).cloned()
}

/// Sends a batch until ingest has answered it for good.
async fn insist(shared: &Shared, batch: &[u64], padding_bytes: usize) {
    let events: Vec<Event> = batch.iter().map(|n| shared.events.event(*n)).collect();
    let body = body(&events, padding_bytes);
    loop {
        let answer = shared.ingest.post("/events", body.clone(), PATIENCE).await;
        let pause = match answer {
            Ok(answer) if matches!(answer.status, 202 | 422) => {
                settle(&mut shared.ledger(), batch, &events, &answer);
                return;
            }
            Ok(answer) => refused(&mut shared.ledger(), &answer),
            Err(error) => {
                let mut ledger = shared.ledger();
                ledger.unanswered += 1;
                ledger.last_refusal = format!("{error:#}");
                RETRY_PAUSE
            }
        };
        tokio::time::sleep(pause).await;
    }
}

fn body(events: &[Event], padding_bytes: usize) -> Bytes {
    let padded = |event: &Event| {
        let mut json = event.json.clone();
        if padding_bytes > 0 {
            json["event_metadata"] = serde_json::json!({ "padding": "x".repeat(padding_bytes) });
        }
        json
    };
    Value::Array(events.iter().map(padded).collect())
        .to_string()
        .into()
}

/// How long to wait after an answer that says "later".
fn refused(ledger: &mut Ledger, answer: &Answer) -> Duration {
    ledger.refusals += 1;
    ledger.last_refusal = format!("{} {}", answer.status, answer.text());
    match (answer.status, answer.retry_after) {
        (429 | 503, Some(seconds)) => Duration::from_secs(seconds).min(RETRY_AFTER_MAX),
        (status, retry_after) => {
            let text = answer.text();
            let complaint = format!("ingest: {status}, Retry-After {retry_after:?}: {text}");
            ledger.complaints.push(complaint);
            RETRY_PAUSE
        }
    }
}

/// Enters an answer into the books, and compares it with what had to be rejected.
fn settle(ledger: &mut Ledger, batch: &[u64], events: &[Event], answer: &Answer) {
    let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let told_rejected = told["rejected"].as_array().cloned().unwrap_or_default();
    let told: Vec<_> = told_rejected
        .iter()
        .map(|entry| (entry["index"].as_u64(), entry["code"].as_str()))
        .collect();
    let due: Vec<_> = (0..)
        .zip(events)
        .filter_map(|(index, event)| event.rejection.map(|code| (Some(index), Some(code))))
        .collect();
    if told != due {
        let ids = (batch.first().copied().map(Events::id), batch.len());
        let complaint = format!("ingest rejected {told:?} instead of {due:?} of {ids:?}");
        ledger.complaints.push(complaint);
    }
    for (n, event) in batch.iter().zip(events) {
        ledger.answered(*n, event.rejection);
    }
}
