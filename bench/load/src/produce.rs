//! The records of events into Kafka by librdkafka alone, set up as ingest sets it up.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseRecord, Producer as _, ProducerContext, ThreadedProducer};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{ClientConfig, ClientContext};
use schemas::pricing::PriceBook;
use schemas::topics::EVENTS;
use serde_json::json;
use service::config::KafkaArgs;

use crate::records::record;
use crate::shape::{Shape, Skew};
use crate::summary::{cpu_seconds, now_us};

/// Records that wait for their acknowledgement at most.
const INFLIGHT_MAX: u64 = 100_000;
/// Records a duplicate may repeat.
const REMEMBERED: usize = 10_000;
const METADATA_TIMEOUT: Duration = Duration::from_secs(10);
const FLUSH_TIMEOUT: Duration = Duration::from_secs(60);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Kafka's addresses.
    #[arg(long)]
    brokers: String,
    /// How long to produce the same records over and over; or else `--count`.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// So many different events instead.
    #[arg(long)]
    count: Option<u64>,
    /// Of these, the part that repeats an earlier one.
    #[arg(long, default_value_t = 0.0)]
    duplicates: f64,
    #[command(flatten)]
    skew: Skew,
    /// Partitions that one tenant's events are spread over.
    #[arg(long, default_value_t = 1)]
    spread: u32,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

struct Encoded {
    key: Vec<u8>,
    value: Vec<u8>,
    partition: i32,
}

struct Source {
    shape: Shape,
    book: PriceBook,
    partitions: u32,
    spread: u32,
    text: String,
}

impl Source {
    fn next(&mut self) -> anyhow::Result<Encoded> {
        self.text.clear();
        self.shape.next(&mut self.text);
        let record = record(&self.text, &self.book, i64::try_from(now_us())?)?;
        Ok(Encoded {
            key: record.key().to_vec(),
            value: record.value(),
            partition: record.partition(self.partitions, self.spread).cast_signed(),
        })
    }
}

#[derive(Default)]
struct Acks {
    stored: AtomicU64,
    failed: AtomicU64,
}

struct Deliveries(Arc<Acks>);

impl ClientContext for Deliveries {}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let counter = match result {
            Ok(_) => &self.0.stored,
            Err(_) => &self.0.failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

type Producer = ThreadedProducer<Deliveries>;

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let acks = Arc::new(Acks::default());
    let producer = producer(&args.brokers, &acks)?;
    let mut source = Source {
        shape: Shape::new(
            args.seed,
            &format!("{:08x}", now_us() & 0xffff_ffff),
            args.skew,
            i64::try_from(now_us() / 1000)?,
        ),
        book: PriceBook::bundled()?,
        partitions: partitions(&producer)?,
        spread: args.spread,
        text: String::new(),
    };
    let (cpu, begun, sent, distinct) = match args.count {
        Some(count) => different(args, &producer, &acks, &mut source, count)?,
        None => the_same(args, &producer, &acks, &mut source)?,
    };
    producer
        .flush(FLUSH_TIMEOUT)
        .context("not all was stored")?;
    let seconds = begun.elapsed().as_secs_f64();
    let failed = acks.failed.load(Ordering::Relaxed);
    ensure!(failed == 0, "{failed} records were not stored");
    println!(
        "{}",
        json!({
            "seconds": seconds,
            "cpu_seconds": cpu_seconds()? - cpu,
            "sent": sent,
            "distinct": distinct,
            "stored": acks.stored.load(Ordering::Relaxed),
        })
    );
    Ok(())
}

type Sent = (f64, Instant, u64, u64);

/// Records made beforehand, again and again: what the producer itself costs.
fn the_same(
    args: &Args,
    producer: &Producer,
    acks: &Acks,
    source: &mut Source,
) -> anyhow::Result<Sent> {
    let records = (0..100_000).map(|_| source.next());
    let records = records.collect::<anyhow::Result<Vec<_>>>()?;
    let (cpu, begun) = (cpu_seconds()?, Instant::now());
    let end = Duration::from_secs_f64(args.seconds);
    let mut sent = 0;
    'all: loop {
        for record in &records {
            if sent % 1_024 == 0 && begun.elapsed() >= end {
                break 'all;
            }
            send(producer, acks, record, sent)?;
            sent += 1;
        }
    }
    Ok((cpu, begun, sent, 0))
}

/// Each made for itself; some twice.
fn different(
    args: &Args,
    producer: &Producer,
    acks: &Acks,
    source: &mut Source,
    count: u64,
) -> anyhow::Result<Sent> {
    let (cpu, begun) = (cpu_seconds()?, Instant::now());
    let mut rng = fastrand::Rng::with_seed(args.seed);
    let mut recent: VecDeque<Encoded> = VecDeque::with_capacity(REMEMBERED);
    let mut distinct = 0;
    for sent in 0..count {
        if !recent.is_empty() && rng.f64() < args.duplicates {
            let again = &recent[rng.usize(..recent.len())];
            send(producer, acks, again, sent)?;
            continue;
        }
        let record = source.next()?;
        distinct += 1;
        send(producer, acks, &record, sent)?;
        if args.duplicates > 0.0 {
            if recent.len() == REMEMBERED {
                recent.pop_front();
            }
            recent.push_back(record);
        }
    }
    Ok((cpu, begun, count, distinct))
}

fn send(producer: &Producer, acks: &Acks, record: &Encoded, sent: u64) -> anyhow::Result<()> {
    while sent - acks.stored.load(Ordering::Relaxed) >= INFLIGHT_MAX {
        let failed = acks.failed.load(Ordering::Relaxed);
        ensure!(failed == 0, "{failed} records were not stored");
        std::thread::sleep(Duration::from_millis(1));
    }
    loop {
        let message = BaseRecord::to(EVENTS)
            .partition(record.partition)
            .key(&record.key)
            .payload(&record.value);
        match producer.send(message) {
            Ok(()) => return Ok(()),
            Err((error, _)) => {
                let full = error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull);
                ensure!(full, "cannot produce: {error}");
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }
}

fn producer(brokers: &str, acks: &Arc<Acks>) -> anyhow::Result<Producer> {
    Ok(config(brokers).create_with_context(Deliveries(Arc::clone(acks)))?)
}

/// As `service::publish` sets it up.
pub(crate) fn config(brokers: &str) -> ClientConfig {
    let mut config = KafkaArgs::at(brokers).client("bench");
    config
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("compression.type", "lz4")
        .set("linger.ms", "5")
        .set("queue.buffering.max.messages", "1000000")
        .set("queue.buffering.max.kbytes", (256 << 10).to_string());
    config
}

fn partitions(producer: &Producer) -> anyhow::Result<u32> {
    let metadata = producer
        .client()
        .fetch_metadata(Some(EVENTS), METADATA_TIMEOUT)?;
    let topic = metadata.topics().first().context("no such topic")?;
    ensure!(!topic.partitions().is_empty(), "no such topic");
    Ok(u32::try_from(topic.partitions().len())?)
}
