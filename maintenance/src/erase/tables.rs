//! What the tables hold of a subject, and the statements that remove it.

use clickhouse::query::Query;
use tokio_util::sync::CancellationToken;

use super::certificate::{Certificate, PartitionCut, Went};
use super::subject::Subject;
use crate::hold::{Site, step};
use crate::rebuild::{Kept, Slice, Span, insert_tenant_latencies};

pub(super) struct Tables<'a> {
    pub(super) site: &'a Site,
    pub(super) subject: &'a Subject,
}

impl Tables<'_> {
    fn query(&self, sql: &str) -> Query {
        let query = self.site.query(sql);
        query
            .param("tenant", &self.subject.tenant_id)
            .param("customer", self.subject.digest())
    }

    /// Ranges, each within a month, of the runs that had the customer's events: by raw, and by
    /// `runs` for one who was interrupted. Only where raw still holds all events.
    pub(super) async fn spans_of_runs(&self, kept: Kept) -> anyhow::Result<Vec<Span>> {
        if self.subject.customer_id.is_none() {
            return Ok(Vec::new());
        }
        let first = kept.events_from();
        let query = self.query(include_str!("spans_of_runs.sql"));
        let query = query.param("first", u32::try_from(first.max(0))?);
        let found: Vec<(u32, u32)> = query.fetch_all().await?;
        let spans = found.into_iter();
        let spans = spans.filter_map(|(from, to)| Span::of_seconds(from.into(), to.into()));
        Ok(spans.filter_map(|span| span.since(first)).collect())
    }

    /// Adds the certificate's rows as it is: the cuts alone, then with the counts.
    pub(super) async fn record(&self, certificate: &Certificate) -> anyhow::Result<()> {
        let cuts = &certificate.partitions;
        let column = |of: fn(&PartitionCut) -> u64| cuts.iter().map(of).collect::<Vec<u64>>();
        let epochs: Vec<&str> = cuts.iter().map(|cut| cut.epoch.as_str()).collect();
        let costs: Vec<String> = cuts.iter().map(|cut| cut.cost_usd.clone()).collect();
        let query = self.query(include_str!("record.sql"));
        let query = query
            .param("id", &certificate.erasure_id)
            .param("at_ms", certificate.erased_at.timestamp_millis())
            .param("hash", certificate.customer_hash.as_deref().unwrap_or(""))
            .param("topic", &certificate.topic)
            .param("epochs", epochs)
            .param("partitions", column(|cut| cut.partition.into()))
            .param("ends", column(|cut| cut.offset_end))
            .param("raw_rows", column(|cut| cut.raw_events))
            .param("costs", costs);
        self.site.execute(query).await
    }

    /// What there is to remove.
    pub(super) async fn went(&self) -> anyhow::Result<Went> {
        Ok(Went {
            raw: self.query(include_str!("raw.sql")).fetch_all().await?,
            statistics: self
                .query(include_str!("statistics.sql"))
                .fetch_one()
                .await?,
        })
    }

    pub(super) async fn tell_ledger(&self) -> anyhow::Result<()> {
        let query = self.query(include_str!("tell_ledger.sql"));
        self.site.execute(query).await
    }

    pub(super) async fn delete_tenant(&self, stop: &CancellationToken) -> anyhow::Result<()> {
        for table in [
            "usage_15m",
            "usage_1m",
            "runs",
            "trace_events",
            "ingest_ledger",
        ] {
            step(stop)?;
            self.delete(include_str!("delete_tenant.sql"), table)
                .await?;
        }
        Ok(())
    }

    /// Runs whose hours raw still holds are left to be made anew.
    pub(super) async fn delete_customer(
        &self,
        kept: Kept,
        stop: &CancellationToken,
    ) -> anyhow::Result<()> {
        for table in ["usage_15m", "usage_1m", "trace_events"] {
            step(stop)?;
            self.delete(include_str!("delete_customer.sql"), table)
                .await?;
        }
        step(stop)?;
        self.delete(include_str!("delete_tenant_latencies.sql"), "usage_15m")
            .await?;
        let rest = Slice::new(Span::ALL, Some(&self.subject.tenant_id));
        insert_tenant_latencies(self.site, rest).await?;
        let query = self.query(include_str!("delete_old_runs.sql"));
        let first = u32::try_from(kept.events_from().max(0))?;
        self.site.execute(query.param("first", first)).await
    }

    async fn delete(&self, sql: &str, table: &str) -> anyhow::Result<()> {
        let query = self.query(&sql.replace("erased_table", table));
        self.site.execute(query).await
    }
}
