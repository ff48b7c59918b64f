//! A hold keeps the aggregators away while an operator rewrites the tables. Ingest goes on
//! accepting into Kafka meanwhile, so nothing is lost; statistics stand still.
//!
//! While a row of `maintenance_holds` is in force, every aggregator finishes the batch at
//! hand, leaves the consumer group, and comes back when the hold is over. A hold that nobody
//! renews ends by itself: one who dies holds the others up for no longer than [`LIFETIME`].

mod quiet;
mod site;

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clickhouse::Row;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) use quiet::{Quiet, log_ends, partitions};
pub use site::{Site, SiteArgs};

/// A hold is in force for so long after it was taken or renewed.
pub const LIFETIME: Duration = Duration::from_secs(60);
/// How often it is renewed: several renewals may fail.
const RENEW_EVERY: Duration = Duration::from_secs(10);
/// How often its release is tried.
const RELEASES_MAX: u32 = 3;

/// Does `work` while no aggregator writes. `work` is given a token that it asks between its
/// steps, by [`step`]: `shutdown` cancels it, and a hold that could not be renewed.
/// The hold is released in all cases.
///
/// # Errors
/// When another hold is in force, when an aggregator does not leave or left a batch
/// unfinished, and those of `work`.
pub(crate) async fn held<T>(
    site: &Site,
    reason: &str,
    shutdown: &CancellationToken,
    work: impl AsyncFnOnce(&Quiet<'_>, &CancellationToken) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let hold = Hold {
        site,
        id: Uuid::now_v7(),
        version: AtomicU64::new(0),
        reason,
    };
    let stop = shutdown.child_token();
    hold.set(LIFETIME).await.context("cannot take a hold")?;
    let working = async {
        hold.check_alone().await?;
        let quiet = Quiet::begin(site, &stop).await?;
        work(&quiet, &stop).await
    };
    let worked = tokio::select! {
        worked = working => worked,
        never = hold.renewed(&stop) => match never {},
    };
    hold.release().await;
    worked
}

/// Between two steps of an operator's work.
///
/// # Errors
/// When it is to end here.
pub(crate) fn step(stop: &CancellationToken) -> anyhow::Result<()> {
    if stop.is_cancelled() {
        bail!("stopped before the end; run the same again to finish it");
    }
    Ok(())
}

struct Hold<'a> {
    site: &'a Site,
    id: Uuid,
    version: AtomicU64,
    reason: &'a str,
}

#[derive(Row, Deserialize)]
struct Other {
    reason: String,
    until: String,
}

impl Hold<'_> {
    /// In force for `lifetime` from now on, by ClickHouse's clock.
    async fn set(&self, lifetime: Duration) -> anyhow::Result<()> {
        let version = self.version.fetch_add(1, Ordering::Relaxed) + 1;
        let query = self.site.query(include_str!("hold/set.sql"));
        let query = query
            .param("id", self.id.to_string())
            .param("version", version)
            .param("seconds", lifetime.as_secs())
            .param("reason", self.reason);
        tokio::time::timeout(RENEW_EVERY, query.execute()).await??;
        Ok(())
    }

    /// One operator at a time. Of two who begin together both give way.
    async fn check_alone(&self) -> anyhow::Result<()> {
        let query = self.site.query(include_str!("hold/others.sql"));
        let query = query.param("id", self.id.to_string());
        let Some(other) = query.fetch_optional::<Other>().await? else {
            return Ok(());
        };
        let Other { reason, until } = other;
        bail!(
            "another hold is in force: \"{reason}\". If the process that took it is gone, it \
             ends by itself at {until} UTC; try again then"
        )
    }

    /// Renews again and again; tells `stop` when that failed for too long.
    async fn renewed(&self, stop: &CancellationToken) -> Infallible {
        let mut held_from = Instant::now();
        loop {
            tokio::time::sleep(RENEW_EVERY).await;
            let asked = Instant::now();
            match self.set(LIFETIME).await {
                Ok(()) => held_from = asked,
                Err(error) => tracing::warn!("cannot renew the hold: {error:#}"),
            }
            if held_from.elapsed() + 2 * RENEW_EVERY > LIFETIME && !stop.is_cancelled() {
                tracing::error!("the hold could not be renewed; stopping");
                stop.cancel();
            }
        }
    }

    async fn release(&self) {
        for _ in 0..RELEASES_MAX {
            match self.set(Duration::ZERO).await {
                Ok(()) => return,
                Err(error) => tracing::warn!("cannot release the hold: {error:#}"),
            }
        }
        tracing::warn!("the hold ends by itself within {LIFETIME:?}");
    }
}
