//! Records into Kafka, by an idempotent producer.

use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::error::KafkaError;
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _, ProducerContext, PurgeConfig};
use rdkafka::types::RDKafkaErrorCode;
use schemas::Record;
use tokio_util::sync::CancellationToken;

use super::acks::Acks;
use super::broker::{Broker, LastAck};
use super::{DURATION, ProducerSettings, PublishError, PublishFuture, Publisher};
use crate::config::KafkaArgs;
use crate::health::Readiness;

/// Records that the producer holds at most; the bytes are bounded by the requests' own.
const QUEUE_RECORDS_MAX: usize = 1_000_000;
/// Most records are smaller.
const RECORD_BYTES: usize = 1024;
/// What a request waits beyond the producer's own timeout before it gives up on an answer.
const ANSWER_GRACE: Duration = Duration::from_secs(2);
/// How long a producer that nobody needs any more is kept, at most.
const SERVE_MAX: Duration = Duration::from_secs(1);
/// How long the last records get at shutdown.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(10);

/// Its deliveries are served until the last clone is dropped.
pub(super) type Producer = Arc<BaseProducer<Deliveries>>;

/// A producer that finds its broker again by itself. Clones share it.
#[derive(Clone)]
pub struct KafkaPublisher(Arc<Inner>);

pub(super) struct Inner {
    pub(super) args: KafkaArgs,
    settings: ProducerSettings,
    config: ClientConfig,
    producer: RwLock<Producer>,
    last_ack: LastAck,
    pub(super) broker: Broker,
    pub(super) stop: CancellationToken,
}

impl KafkaPublisher {
    /// Begins to look for the broker, and makes the topics when they are missing. Needs no
    /// broker to succeed, but a runtime.
    ///
    /// # Errors
    /// When librdkafka refuses the settings.
    pub fn start(kafka: &KafkaArgs, settings: &ProducerSettings) -> anyhow::Result<Self> {
        let config = client(kafka, settings);
        let last_ack = LastAck::default();
        let producer = create(&config, &last_ack)?;
        let inner = Arc::new(Inner {
            args: kafka.clone(),
            settings: settings.clone(),
            config,
            producer: RwLock::new(producer),
            last_ack,
            broker: Broker::default(),
            stop: CancellationToken::new(),
        });
        tokio::spawn(super::broker::watch(Arc::clone(&inner)));
        Ok(Self(inner))
    }

    /// Makes `/ready` tell whether Kafka can be reached.
    pub fn register(&self, readiness: &Readiness) {
        let inner = Arc::clone(&self.0);
        readiness.check(self.0.settings.role, "kafka", move || {
            std::future::ready(inner.broker.status())
        });
    }

    /// Sends what is left and stops looking for the broker.
    pub async fn stop(&self) {
        self.0.stop.cancel();
        let producer = self.0.producer();
        let flushed = tokio::task::spawn_blocking(move || producer.flush(FLUSH_TIMEOUT)).await;
        if !matches!(flushed, Ok(Ok(()))) {
            tracing::warn!("some records were not sent; nobody was told that they were stored");
        }
    }
}

impl std::fmt::Debug for KafkaPublisher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KafkaPublisher")
            .field("topic", &self.0.args.events_topic)
            .finish()
    }
}

impl Publisher for KafkaPublisher {
    fn publish(&self, records: &[Record]) -> PublishFuture {
        let begun = Instant::now();
        let Some(partitions) = self.0.broker.partitions() else {
            return Box::pin(std::future::ready(Err(PublishError::Unavailable)));
        };
        let acks = Arc::new(Acks::expecting(records.len()));
        self.0.hand_over(records, partitions, &acks);
        let timeout = self.0.settings.delivery_timeout + ANSWER_GRACE;
        let role = self.0.settings.role;
        Box::pin(async move {
            let outcome = tokio::time::timeout(timeout, acks.all()).await;
            metrics::histogram!(DURATION, "role" => role).record(begun.elapsed());
            match outcome {
                Ok(Ok(())) => Ok(()),
                Ok(Err(code)) => Err(code.into()),
                Err(_) => Err(PublishError::Unavailable),
            }
        })
    }
}

impl Inner {
    pub(super) fn producer(&self) -> Producer {
        self.producer
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Puts the records into the producer's queue; what it does not take fails at once.
    fn hand_over(&self, records: &[Record], partitions: u32, acks: &Arc<Acks>) {
        let producer = self.producer();
        // librdkafka copies what it takes.
        let mut value = Vec::with_capacity(RECORD_BYTES);
        for (i, record) in records.iter().enumerate() {
            record.value_into(&mut value);
            let partition = record.partition(partitions, self.settings.tenant_spread);
            let message = BaseRecord::with_opaque_to(&self.args.events_topic, Arc::clone(acks))
                .partition(partition.cast_signed())
                .key(record.key())
                .payload(&value);
            if let Err((error, _)) = producer.send(message) {
                acks.settle_many(records.len() - i, Err(code_of(&error)));
                return;
            }
        }
    }

    /// A producer that has met a fatal error never works again: makes another.
    pub(super) fn replace_if_dead(&self) {
        if let Some((code, reason)) = self.producer().client().fatal_error() {
            tracing::error!("the Kafka producer ended ({code}: {reason}): starting another");
            self.replace();
        }
    }

    /// Makes another producer; what the old one still held is not acknowledged.
    pub(super) fn replace(&self) {
        match create(&self.config, &self.last_ack) {
            Ok(new) => {
                let mut current = self
                    .producer
                    .write()
                    .unwrap_or_else(PoisonError::into_inner);
                let old = std::mem::replace(&mut *current, new);
                drop(current);
                old.purge(PurgeConfig::default().queue().inflight());
            }
            Err(error) => tracing::error!("cannot start another Kafka producer: {error:#}"),
        }
    }

    /// Whether the brokers stored something within `age`.
    pub(super) fn acked_within(&self, age: Duration) -> bool {
        self.last_ack.within(age)
    }
}

fn client(kafka: &KafkaArgs, settings: &ProducerSettings) -> ClientConfig {
    let timeout_ms = settings.delivery_timeout.as_millis().to_string();
    let queue_kbytes = (settings.queue_bytes_max >> 10).clamp(1 << 10, 1 << 30);
    let mut config = kafka.client(settings.role);
    config
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("compression.type", "lz4")
        .set("linger.ms", settings.linger_ms.to_string())
        .set("message.timeout.ms", &timeout_ms)
        .set("request.timeout.ms", &timeout_ms)
        .set(
            "queue.buffering.max.messages",
            QUEUE_RECORDS_MAX.to_string(),
        )
        .set("queue.buffering.max.kbytes", queue_kbytes.to_string())
        // A topic that a typo would make has none of the settings that we rely on.
        .set("allow.auto.create.topics", "false");
    kafka.overlay(&mut config);
    config
}

fn create(config: &ClientConfig, last_ack: &LastAck) -> anyhow::Result<Producer> {
    let deliveries = Deliveries {
        last_ack: last_ack.clone(),
    };
    let producer = config
        .create_with_context(deliveries)
        .context("cannot make a Kafka producer with these settings")?;
    let producer = Arc::new(producer);
    serve(Arc::downgrade(&producer))?;
    Ok(producer)
}

/// Tells of deliveries, on a thread of its own. (`ThreadedProducer` wakes up ten times a second
/// to see whether it should end.)
fn serve(producer: Weak<BaseProducer<Deliveries>>) -> std::io::Result<()> {
    let serving = std::thread::Builder::new().name("deliveries".to_owned());
    serving.spawn(move || {
        while let Some(producer) = producer.upgrade() {
            producer.poll(SERVE_MAX);
        }
    })?;
    Ok(())
}

/// Where librdkafka tells what became of each record.
pub(super) struct Deliveries {
    last_ack: LastAck,
}

impl ClientContext for Deliveries {
    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!("Kafka: {error}: {reason}");
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Arc<Acks>;

    fn delivery(&self, result: &DeliveryResult<'_>, acks: Arc<Acks>) {
        match result {
            Ok(_) => {
                self.last_ack.now();
                acks.settle(Ok(()));
            }
            Err((error, _)) => acks.settle(Err(code_of(error))),
        }
    }
}

fn code_of(error: &KafkaError) -> RDKafkaErrorCode {
    error
        .rdkafka_error_code()
        .unwrap_or(RDKafkaErrorCode::Unknown)
}

impl From<RDKafkaErrorCode> for PublishError {
    fn from(code: RDKafkaErrorCode) -> Self {
        use RDKafkaErrorCode as Code;
        match code {
            Code::QueueFull => Self::QueueFull,
            Code::MessageTimedOut | Code::AllBrokersDown | Code::BrokerTransportFailure => {
                Self::Unavailable
            }
            code => Self::Refused(code.to_string()),
        }
    }
}
