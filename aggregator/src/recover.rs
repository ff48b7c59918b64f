//! Where to go on after an assignment: from the committed offset and its metadata, or,
//! where those are lost or another tool's, from what ClickHouse holds.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rdkafka::Offset;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use tracing::{info, warn};

use crate::commit::{Lease, Stop};
use crate::consume::{Group, one};
use crate::dedup::{Window, WindowConfig};
use crate::insist::insist;
use crate::intent::Intent;
use crate::log::{Log, OffsetRange};
use crate::metrics;
use crate::write::{Trust, Writer};

/// How long the broker may take to answer a question of ours.
const ASK_MAX: Duration = Duration::from_secs(10);

/// A batch that someone planned, or began to write, before us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) end: u64,
    pub(crate) attempt: u32,
}

/// What recovery found, and how far it can be trusted.
pub(crate) struct Recovered {
    consumer: Arc<BaseConsumer<Group>>,
    /// Next offset to be written.
    pub(crate) position: u64,
    planned: Option<Known>,
    /// Until then an insert that someone sent before us may still land.
    uncertain_until: Instant,
}

impl Recovered {
    /// Finds the position, rebuilds the duplicate window, and lets records flow.
    pub(crate) async fn find(
        consumer: Arc<BaseConsumer<Group>>,
        log: &Log,
        writer: &Writer,
        window: &WindowConfig,
    ) -> Result<(Self, Window), Stop> {
        let lease = &writer.lease;
        let (offset, intent) = committed(&consumer, log, lease).await?;
        let (position, planned) = match (offset, intent) {
            (Some(a), Some(Intent::Plan { end, attempt })) => (a, Some(Known { end, attempt })),
            (Some(a), Some(Intent::Done)) => (a, None),
            (offset, _) => (from_tables(&consumer, log, writer, offset).await?, None),
        };
        let is_new_start = intent.is_none();
        let (low, high) = watermarks(&consumer, log, lease).await?;
        if position < low {
            return Err(Stop::Halted(format!(
                "records [{position}, {low}) were not written and retention has removed them; \
                 to go on without them, commit offset {low} for the group"
            )));
        }
        if position > high {
            return Err(Stop::Halted(format!(
                "position {position} lies behind the end of the log, {high}: the log was cut"
            )));
        }
        let ids = || restored(window, log, writer, position);
        let window = insist(lease.stop(), "rebuild the duplicate window", ids)
            .await
            .ok_or(Stop::Revoked)?;
        info!(
            partition = log.partition,
            position,
            ?planned,
            ids = window.len(),
            "recovered"
        );
        if is_new_start {
            // So that a successor need not wait again, nor on a log that was empty till now.
            lease.commit(position, Intent::Done).await?;
        }
        seek(&consumer, log, position, lease).await?;
        let uncertain_until = Instant::now() + writer.insert_lifetime;
        Ok((
            Self {
                consumer,
                position,
                planned,
                uncertain_until,
            },
            window,
        ))
    }

    /// Whether traces of an earlier owner may still turn up.
    pub(crate) fn is_uncertain(&self) -> bool {
        Instant::now() < self.uncertain_until
    }

    /// How the next batch is written; `adopted` = somebody began it before us.
    pub(crate) fn trust(&self, adopted: bool) -> Trust {
        match (adopted, self.is_uncertain()) {
            (true, _) => Trust::Nothing,
            (false, true) => Trust::Looks,
            (false, false) => Trust::Acks,
        }
    }

    /// The batch that begins at the position, where its end is decided already: by its
    /// plan, or by rows that are stored although the commit about them is lost.
    pub(crate) async fn next_known(
        &mut self,
        log: &Log,
        writer: &Writer,
    ) -> Result<Option<Known>, Stop> {
        if let Some(planned) = self.planned.take() {
            return Ok(Some(planned));
        }
        if !self.is_uncertain() {
            return Ok(None);
        }
        let ask = || writer.store.batch_from(log, self.position);
        let end = insist(writer.lease.stop(), "ask which batches are stored", ask).await;
        Ok(end
            .ok_or(Stop::Revoked)?
            .map(|end| Known { end, attempt: 0 }))
    }

    /// The log ended below a planned end: complete only when the log has that much.
    pub(crate) fn log_reaches(&self, log: &Log, range: OffsetRange) -> Result<(), Stop> {
        let (_, high) = self.ask_watermarks(log)?;
        if high < range.end {
            return Err(Stop::Halted(format!(
                "a batch {range} was planned but the log ends at {high}: the log was cut"
            )));
        }
        Ok(())
    }

    /// An offset that is not the one behind the last: holes that no record fills are
    /// harmless, a log that lost its beginning or went back is not.
    pub(crate) fn explain_gap(&self, log: &Log, expected: u64, found: u64) -> Result<(), Stop> {
        if found < expected {
            return Err(Stop::Rejoin(format!(
                "the log went back from {expected} to {found}"
            )));
        }
        let (low, _) = self.ask_watermarks(log)?;
        if low > expected {
            return Err(Stop::Halted(format!(
                "retention removed records [{expected}, {low}) before they were written"
            )));
        }
        Ok(())
    }

    fn ask_watermarks(&self, log: &Log) -> Result<(u64, u64), Stop> {
        tokio::task::block_in_place(|| ask_watermarks(&self.consumer, log))
            .map_err(|error| Stop::Rejoin(error.to_string()))
    }
}

/// The committed offset and what its metadata means; `None` where there is none.
async fn committed(
    consumer: &Arc<BaseConsumer<Group>>,
    log: &Log,
    lease: &Lease,
) -> Result<(Option<u64>, Option<Intent>), Stop> {
    insist(lease.stop(), "read the committed offset", || {
        let (consumer, list) = (Arc::clone(consumer), one(&log.topic, log.partition));
        blocking(move || {
            let committed = consumer.committed_offsets(list, ASK_MAX)?;
            let elements = committed.elements();
            let entry = elements.first().context("the broker named no partition")?;
            entry.error()?;
            let offset = match entry.offset() {
                Offset::Offset(offset) => Some(offset.cast_unsigned()),
                _ => None,
            };
            Ok((offset, Intent::parse(entry.metadata())))
        })
    })
    .await
    .ok_or(Stop::Revoked)
}

/// No plan of ours to go by. First nothing old may land any more; then what the ledger
/// calls complete is behind us. `found`: an offset that another tool committed.
async fn from_tables(
    consumer: &Arc<BaseConsumer<Group>>,
    log: &Log,
    writer: &Writer,
    found: Option<u64>,
) -> Result<u64, Stop> {
    let (low, high) = watermarks(consumer, log, &writer.lease).await?;
    if high == low && high == 0 {
        return Ok(0); // a new log: nobody can have sent anything
    }
    warn!(
        partition = log.partition,
        ?found,
        "no plan is committed; going by what ClickHouse holds, in {:?}",
        writer.insert_lifetime
    );
    metrics::offsets_lost();
    writer.lease.sleep(writer.insert_lifetime).await?;
    let ask = || writer.store.ledger_end(log);
    let complete = insist(writer.lease.stop(), "read the ledger", ask).await;
    let complete = complete.ok_or(Stop::Revoked)?.unwrap_or(low);
    // An operator may step over what retention has removed, and over nothing else.
    Ok(found
        .filter(|found| *found <= low)
        .unwrap_or(0)
        .max(complete))
}

async fn watermarks(
    consumer: &Arc<BaseConsumer<Group>>,
    log: &Log,
    lease: &Lease,
) -> Result<(u64, u64), Stop> {
    insist(lease.stop(), "ask for the log's bounds", || {
        let (consumer, log) = (Arc::clone(consumer), log.clone());
        blocking(move || ask_watermarks(&consumer, &log))
    })
    .await
    .ok_or(Stop::Revoked)
}

fn ask_watermarks(consumer: &BaseConsumer<Group>, log: &Log) -> anyhow::Result<(u64, u64)> {
    let partition = log.partition.cast_signed();
    let (low, high) = consumer.fetch_watermarks(&log.topic, partition, ASK_MAX)?;
    Ok((low.max(0).cast_unsigned(), high.max(0).cast_unsigned()))
}

/// Every decision on duplicates is a function of the log: of the ids stored below the
/// position, and nothing else.
async fn restored(
    config: &WindowConfig,
    log: &Log,
    writer: &Writer,
    position: u64,
) -> anyhow::Result<Window> {
    let mut window = Window::new(config.clone());
    let mut ids = writer.store.ids_below(log, position)?;
    while let Some(id) = ids.next().await? {
        window.restore(id.id_hash, id.log_time_ms)?;
    }
    Ok(window)
}

/// Begins at the position. The partition is paused until here.
async fn seek(
    consumer: &Arc<BaseConsumer<Group>>,
    log: &Log,
    position: u64,
    lease: &Lease,
) -> Result<(), Stop> {
    insist(lease.stop(), "seek", || {
        let (consumer, log) = (Arc::clone(consumer), log.clone());
        blocking(move || {
            let offset = Offset::Offset(position.cast_signed());
            consumer.seek(&log.topic, log.partition.cast_signed(), offset, ASK_MAX)?;
            consumer.resume(&one(&log.topic, log.partition))?;
            consumer.client().context().flowing(log.partition);
            Ok(())
        })
    })
    .await
    .ok_or(Stop::Revoked)
}

async fn blocking<T: Send + 'static>(
    ask: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(ask).await?
}
