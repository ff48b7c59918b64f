//! Letters onto the events topic again.

use std::time::Duration;

use anyhow::Context as _;
use chrono::{SecondsFormat, Utc};
use clickhouse::Row;
use futures::future::try_join_all;
use rdkafka::producer::{FutureProducer, FutureRecord};
use schemas::partition::id_hash;
use schemas::wire::UsageEvent;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::letter::{Letter, State};
use super::read::letters;
use crate::hold::{Site, step};

/// Letters on their way at once.
const CHUNK: usize = 500;
/// How long the brokers may take to store a record.
const STORED_MAX: Duration = Duration::from_secs(30);

/// What became of the letters.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// Sent to the events topic.
    pub replayed: u64,
    /// Sent by an earlier replay.
    pub replayed_before: u64,
    /// They still cannot be decoded.
    pub poison: u64,
    /// Of a tenant or a customer that was erased since.
    pub erased: u64,
}

/// Sends what can be decoded now, each letter once, to the partition where it stood.
///
/// # Errors
/// When Kafka or ClickHouse does not answer, and at `shutdown`: what was sent stays sent, and
/// the same may be run again.
pub async fn replay(site: &Site, shutdown: &CancellationToken) -> anyhow::Result<Replayed> {
    let erasures = Erasures::read(site).await?;
    let mut config = site.args.kafka.client("replay");
    config
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("compression.type", "lz4")
        .set("message.timeout.ms", STORED_MAX.as_millis().to_string());
    let sender = Sender {
        site,
        producer: config.create()?,
    };
    let (found, mut decodable) = mpsc::channel(CHUNK);
    let (kafka, stop) = (site.args.kafka.clone(), shutdown.clone());
    let reading = tokio::task::spawn_blocking(move || read(&kafka, &stop, &erasures, &found));
    let mut chunk = Vec::with_capacity(CHUNK);
    let mut replayed = 0;
    while decodable.recv_many(&mut chunk, CHUNK).await > 0 {
        step(shutdown)?;
        sender.send(&chunk).await?;
        replayed += chunk.len() as u64;
        chunk.clear();
    }
    Ok(Replayed {
        replayed,
        ..reading.await??
    })
}

/// Hands over what is to be sent, and counts what is not.
fn read(
    kafka: &service::config::KafkaArgs,
    stop: &CancellationToken,
    erasures: &Erasures,
    found: &mpsc::Sender<Letter>,
) -> anyhow::Result<Replayed> {
    let mut counts = Replayed::default();
    letters(kafka, stop, |letter| {
        match (letter.state, letter.event()) {
            (State::Replayed, _) => counts.replayed_before += 1,
            (_, Err(_)) => counts.poison += 1,
            (_, Ok(event)) if erasures.cover(&letter, &event) => counts.erased += 1,
            (_, Ok(_)) => found
                .blocking_send(letter)
                .context("the replay has ended")?,
        }
        Ok(())
    })?;
    Ok(counts)
}

struct Sender<'a> {
    site: &'a Site,
    producer: FutureProducer,
}

impl Sender<'_> {
    /// The records first, then their marks: a mark without a record would lose it.
    async fn send(&self, letters: &[Letter]) -> anyhow::Result<()> {
        try_join_all(letters.iter().map(|letter| self.record(letter))).await?;
        let now = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
        try_join_all(letters.iter().map(|letter| self.mark(letter, &now))).await?;
        Ok(())
    }

    async fn record(&self, letter: &Letter) -> anyhow::Result<()> {
        let topic = &self.site.args.kafka.events_topic;
        let partition = letter.partition();
        let partition = partition.with_context(|| format!("{}: no place", letter.record))?;
        let (key, value) = letter.content();
        let record = FutureRecord::to(topic).partition(partition);
        let sent = self
            .producer
            .send(record.key(key).payload(value), STORED_MAX);
        let sent = sent.await.map_err(|(error, _)| error);
        sent.with_context(|| format!("{} cannot be sent to {topic}", letter.record))?;
        Ok(())
    }

    async fn mark(&self, letter: &Letter, at: &str) -> anyhow::Result<()> {
        let topic = &self.site.args.kafka.dead_letter_topic;
        let record = FutureRecord::<str, [u8]>::to(topic).key(&letter.record);
        let sent = self
            .producer
            .send(record.headers(letter.mark(at)), STORED_MAX);
        let sent = sent.await.map_err(|(error, _)| error);
        sent.with_context(|| format!("{} cannot be marked as replayed", letter.record))?;
        Ok(())
    }
}

#[derive(Debug, Row, Deserialize)]
struct Erasure {
    tenant_id: String,
    customer_hash: Option<u128>,
    erased_at_ms: i64,
}

/// Whom operators have erased, and when.
struct Erasures(Vec<Erasure>);

impl Erasures {
    async fn read(site: &Site) -> anyhow::Result<Self> {
        let query = site.query(include_str!("erased.sql"));
        let erasures = query.fetch_all().await;
        Ok(Self(erasures.context(
            "ClickHouse does not tell who was erased and must not come back",
        )?))
    }

    /// By time: the topic may have been made again since, and a letter that is held back by
    /// mistake can still be looked at.
    fn cover(&self, letter: &Letter, event: &UsageEvent) -> bool {
        let of_customer = |hash| hash == id_hash(&event.tenant_id, &event.customer_id);
        self.0.iter().any(|erasure| {
            erasure.tenant_id == event.tenant_id
                && letter.log_time_ms <= erasure.erased_at_ms
                && erasure.customer_hash.is_none_or(of_customer)
        })
    }
}
