//! Where to go on after an assignment: from the committed offset and its metadata, or,
//! where those are lost or another tool's, from what ClickHouse holds.

use futures::TryStreamExt as _;
use tokio::time::Instant;
use tracing::{info, warn};

use crate::admit::{Admission, Erased};
use crate::commit::{Lease, Stop};
use crate::dedup::{Window, WindowConfig};
use crate::insist::insist;
use crate::intent::Intent;
use crate::log::{Log, OffsetRange};
use crate::metrics;
use crate::offsets::Offsets;
use crate::write::{Trust, Writer};

/// A batch that someone planned, or began to write, before us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) end: u64,
    pub(crate) attempt: u32,
}

/// What recovery found, and how far it can be trusted.
pub(crate) struct Recovered {
    /// Next offset to be written.
    pub(crate) position: u64,
    planned: Option<Known>,
    /// Until then an insert that someone sent before us may still land.
    uncertain_until: Instant,
    /// The last batch was stored, or begun, before us: the next may be too.
    follows_known: bool,
}

impl Recovered {
    /// Finds the position, rebuilds the duplicate window, and lets records flow.
    pub(crate) async fn find(
        log: &Log,
        writer: &Writer,
        window: &WindowConfig,
    ) -> Result<(Self, Admission), Stop> {
        let lease = &writer.lease;
        let (offset, intent) = committed(lease).await?;
        let (position, planned) = match (offset, intent) {
            (Some(a), Some(Intent::Plan { end, attempt })) => (a, Some(Known { end, attempt })),
            (Some(a), Some(Intent::Done)) => (a, None),
            (offset, _) => (from_tables(log, writer, offset).await?, None),
        };
        let is_new_start = intent.is_none();
        let (low, high) = bounds(lease).await?;
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
        let past = || restored(window, log, writer, position);
        let admission = insist(lease.stop(), "rebuild the duplicate window", past)
            .await
            .ok_or(Stop::Revoked)?;
        info!(
            partition = log.partition,
            position,
            ?planned,
            ids = admission.ids(),
            "recovered"
        );
        if is_new_start {
            // So that a successor need not wait again, nor on a log that was empty till now.
            lease.commit(position, Intent::Done).await?;
        }
        ask(lease, "seek", move |kafka| kafka.begin_at(position)).await?;
        let uncertain_until = Instant::now() + writer.insert_lifetime;
        Ok((
            Self {
                position,
                planned,
                uncertain_until,
                follows_known: false,
            },
            admission,
        ))
    }

    /// Whether traces of an earlier owner may still turn up: for the lifetime of an insert,
    /// and as long as batches turn out to be stored already (the offset went back).
    pub(crate) fn is_uncertain(&self) -> bool {
        self.follows_known || Instant::now() < self.uncertain_until
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
        let known = match self.planned.take() {
            Some(planned) => Some(planned),
            None if self.is_uncertain() => {
                let ask = || writer.store.batch_from(log, self.position);
                let end = insist(writer.lease.stop(), "ask which batches are stored", ask).await;
                end.ok_or(Stop::Revoked)?
                    .map(|end| Known { end, attempt: 0 })
            }
            None => None,
        };
        self.follows_known = known.is_some();
        Ok(known)
    }
}

/// The log ended below a planned end: complete only when the log has that much.
pub(crate) async fn log_reaches(lease: &Lease, range: OffsetRange) -> Result<(), Stop> {
    let (_, high) = bounds(lease).await?;
    if high < range.end {
        return Err(Stop::Halted(format!(
            "a batch {range} was planned but the log ends at {high}: the log was cut"
        )));
    }
    Ok(())
}

/// An offset that is not the one behind the last: holes that no record fills are
/// harmless, a log that lost its beginning or went back is not.
pub(crate) async fn explain_gap(lease: &Lease, expected: u64, found: u64) -> Result<(), Stop> {
    if found < expected {
        return Err(Stop::Rejoin(format!(
            "the log went back from {expected} to {found}"
        )));
    }
    let (low, _) = bounds(lease).await?;
    if low > expected {
        return Err(Stop::Halted(format!(
            "retention removed records [{expected}, {low}) before they were written"
        )));
    }
    Ok(())
}

/// The committed offset and what its metadata means; `None` where there is none.
async fn committed(lease: &Lease) -> Result<(Option<u64>, Option<Intent>), Stop> {
    let found = ask(lease, "read the committed offset", |kafka| {
        kafka.committed()
    });
    Ok(found.await?.map_or((None, None), |(offset, metadata)| {
        (Some(offset), Intent::parse(&metadata))
    }))
}

/// No plan of ours to go by. First nothing old may land any more; then what the ledger
/// calls complete is behind us, but for its last batch. That may be of an owner that wrote it
/// without knowing that it was replaced, and then its successor's plan, which would have had
/// everything looked at, is lost. So it is looked at again, where the log still has it.
/// `found`: an offset that another tool committed.
async fn from_tables(log: &Log, writer: &Writer, found: Option<u64>) -> Result<u64, Stop> {
    let (low, high) = bounds(&writer.lease).await?;
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
    let ask = || writer.store.last_batch(log);
    let last = insist(writer.lease.stop(), "read the ledger", ask).await;
    let complete = match last.ok_or(Stop::Revoked)? {
        Some(last) if last.start >= low => last.start,
        Some(last) => last.end,
        None => low,
    };
    // An operator may step over what retention has removed, and over nothing else.
    Ok(found
        .filter(|found| *found <= low)
        .unwrap_or(0)
        .max(complete))
}

async fn bounds(lease: &Lease) -> Result<(u64, u64), Stop> {
    ask(lease, "ask for the log's bounds", |kafka| kafka.bounds()).await
}

/// Asks Kafka, which blocks, until there is an answer.
async fn ask<T: Send + 'static>(
    lease: &Lease,
    what: &str,
    question: impl Fn(&dyn Offsets) -> anyhow::Result<T> + Clone + Send + 'static,
) -> Result<T, Stop> {
    let once = || async {
        let (kafka, question) = (lease.offsets(), question.clone());
        tokio::task::spawn_blocking(move || question(&*kafka)).await?
    };
    insist(lease.stop(), what, once).await.ok_or(Stop::Revoked)
}

/// Every decision is a function of the log and of what was erased: of the ids stored below
/// the position, and nothing else.
async fn restored(
    config: &WindowConfig,
    log: &Log,
    writer: &Writer,
    position: u64,
) -> anyhow::Result<Admission> {
    let erased = Erased::new(writer.store.erasures(log).await?);
    let mut window = Window::new(config.clone());
    let mut ids = writer.store.ids_below(log, position).await?;
    while let Some(id) = ids.try_next().await? {
        window.restore(id.id_hash, id.log_time_ms)?;
    }
    Ok(Admission::new(window, erased))
}
