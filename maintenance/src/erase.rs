//! A tenant, or one customer of a tenant, is removed from every table, for good.
//!
//! First the table `erasures` says so, with the end of the log of each partition: whatever
//! happens next, records below it are not stored again, neither those that still wait in
//! Kafka nor in a replay. Then rows are deleted, as in [`crate::rebuild`], by statements that
//! name a customer only by a digest: ClickHouse keeps the text of its mutations. Last the
//! counts are added to the certificate. Who is killed in the middle leaves an erasure without
//! counts, and runs the same again.

mod certificate;
mod subject;
mod tables;

use anyhow::bail;
use chrono::Utc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use certificate::{Certificate, PartitionCut};
pub use subject::Subject;

use crate::hold::{Site, held, log_ends, step};
use crate::rebuild::{Kept, Rollup, Slice, Span, rewrite};
use tables::Tables;

/// Removes the subject. Ingest goes on accepting; what it accepts from now on is new.
///
/// `force`: also where raw events are missing that the ledger tells of. The hours of a
/// customer's runs are made anew from what remains in raw, so statistics of other customers'
/// missing events would be lost there.
///
/// # Errors
/// When the aggregators do not leave, when ClickHouse or Kafka does not answer, when raw
/// events are missing, and at `shutdown`. It may be run again.
pub async fn erase(
    site: &Site,
    subject: &Subject,
    force: bool,
    shutdown: &CancellationToken,
) -> anyhow::Result<Certificate> {
    let kept = Kept::read(site, Some(&subject.tenant_id)).await?;
    held(site, "erase", shutdown, async |quiet, stop| {
        let tables = Tables { site, subject };
        let spans = tables.spans_of_runs(kept).await?;
        if let (Some(first), false) = (spans.first(), force) {
            let tenant_id = Some(subject.tenant_id.as_str());
            kept.check_complete(site, *first, tenant_id, subject.digest())
                .await?;
        }
        let mut certificate = Certificate::new(site, subject, Uuid::now_v7(), Utc::now());
        certificate.cut(&site.epoch, &log_ends(site).await?);
        tables.record(&certificate).await?;
        let went = tables.went().await?;

        step(stop)?;
        match subject.customer_id {
            None => tables.delete_tenant(stop).await?,
            Some(_) => delete_customer(&tables, kept, &spans, stop).await?,
        }
        if !quiet.lasts().await? {
            bail!("an aggregator writes in spite of the hold; stop it and run the same again");
        }
        certificate.counted(went);
        tables.record(&certificate).await?;
        Ok(certificate)
    })
    .await
}

/// The ledger is told before the rows go: so the same may be run again at any point.
async fn delete_customer(
    tables: &Tables<'_>,
    kept: Kept,
    spans: &[Span],
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    tables.tell_ledger().await?;
    tables.delete_customer(kept, stop).await?;
    for span in spans {
        let slice = Slice::new(*span, Some(&tables.subject.tenant_id));
        rewrite(tables.site, slice, &[Rollup::Runs], stop).await?;
    }
    Ok(())
}
