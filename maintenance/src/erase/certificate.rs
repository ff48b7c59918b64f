//! What an operator keeps, and may show.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use clickhouse::Row;
use schemas::money::Usd;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::subject::Subject;
use crate::hold::Site;

/// That a tenant or a customer was erased: what went, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Certificate {
    /// The rows of `erasures`.
    pub erasure_id: String,
    /// When.
    pub erased_at: DateTime<Utc>,
    /// Whose data.
    pub tenant_id: String,
    /// BLAKE3-128 of (tenant, customer) as a decimal number; `None` = the whole tenant.
    pub customer_hash: Option<String>,
    /// The topic whose records are not stored again.
    pub topic: String,
    /// Rows of `trace_events` that went.
    pub raw_events: u64,
    /// Their cost in USD, exact, as far as it is known.
    pub cost_usd: String,
    /// Events that the statistics (`usage_15m`) knew of: they outlive raw events.
    pub statistics_events: u64,
    /// Their cost in USD, exact.
    pub statistics_cost_usd: String,
    /// Where in the log, and how many of each partition.
    pub partitions: Vec<PartitionCut>,
}

/// A partition of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartitionCut {
    /// The topic's incarnation.
    pub epoch: String,
    /// Its number.
    pub partition: u32,
    /// Records below are not stored again.
    pub offset_end: u64,
    /// Rows of `trace_events` that went.
    pub raw_events: u64,
    /// Their cost in USD.
    pub cost_usd: String,
}

/// What the tables held before.
#[derive(Debug)]
pub(super) struct Went {
    pub(super) raw: Vec<RawWent>,
    pub(super) statistics: StatisticsWent,
}

#[derive(Debug, Row, Deserialize)]
pub(super) struct RawWent {
    epoch: String,
    partition: u32,
    /// First offset behind the batches that wrote them.
    offset_end: u64,
    raw_events: u64,
    cost: i128,
}

#[derive(Debug, Row, Deserialize)]
pub(super) struct StatisticsWent {
    events: u64,
    cost: i128,
}

impl Certificate {
    pub(super) fn new(
        site: &Site,
        subject: &Subject,
        erasure_id: Uuid,
        erased_at: DateTime<Utc>,
    ) -> Self {
        Self {
            erasure_id: erasure_id.to_string(),
            erased_at,
            tenant_id: subject.tenant_id.clone(),
            customer_hash: subject.hash().map(|hash| hash.to_string()),
            topic: site.args.kafka.events_topic.clone(),
            raw_events: 0,
            cost_usd: "0".to_owned(),
            statistics_events: 0,
            statistics_cost_usd: "0".to_owned(),
            partitions: Vec::new(),
        }
    }

    /// Nothing below the ends of the log comes back.
    pub(super) fn cut(&mut self, epoch: &str, ends: &[(u32, u64)]) {
        let cuts = ends.iter().map(|(partition, end)| PartitionCut {
            epoch: epoch.to_owned(),
            partition: *partition,
            offset_end: *end,
            raw_events: 0,
            cost_usd: "0".to_owned(),
        });
        self.partitions.extend(cuts);
    }

    /// With what went. Rows of an earlier incarnation of the topic get lines of their own.
    pub(super) fn counted(&mut self, went: Went) {
        self.raw_events = went.raw.iter().map(|raw| raw.raw_events).sum();
        self.cost_usd = usd(went.raw.iter().map(|raw| raw.cost).sum());
        self.statistics_events = went.statistics.events;
        self.statistics_cost_usd = usd(went.statistics.cost);
        for raw in went.raw {
            let known = self
                .partitions
                .iter_mut()
                .find(|cut| cut.epoch == raw.epoch && cut.partition == raw.partition);
            match known {
                Some(cut) => {
                    cut.raw_events = raw.raw_events;
                    cut.cost_usd = usd(raw.cost);
                }
                None => self.partitions.push(PartitionCut {
                    epoch: raw.epoch,
                    partition: raw.partition,
                    offset_end: raw.offset_end,
                    raw_events: raw.raw_events,
                    cost_usd: usd(raw.cost),
                }),
            }
        }
    }
}

fn usd(pico: i128) -> String {
    Usd::from_pico(pico).to_string()
}

/// What an erasure cannot reach.
const STAYS: &str = "\
What stays, until it ends by itself:
  Kafka     the records, until the topic's retention ends; they are not stored again.
            Dead letters, which name no tenant, until theirs ends.
  disk      files of replaced parts, for some minutes.
  backups   whatever was copied before. After restoring one, erase again.";

impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.erased_at.to_rfc3339_opts(SecondsFormat::Millis, true);
        writeln!(f, "Certificate of erasure {}", self.erasure_id)?;
        writeln!(f, "  erased at    {at}")?;
        writeln!(f, "  tenant       {}", self.tenant_id)?;
        if let Some(hash) = &self.customer_hash {
            writeln!(
                f,
                "  customer     BLAKE3-128 of (tenant, customer) = {hash}"
            )?;
        }
        let raw = (self.raw_events, &self.cost_usd);
        writeln!(f, "  raw events   {} ({} USD)", raw.0, raw.1)?;
        let statistics = (self.statistics_events, &self.statistics_cost_usd);
        writeln!(
            f,
            "  statistics   of {} events ({} USD)",
            statistics.0, statistics.1
        )?;
        for cut in &self.partitions {
            writeln!(
                f,
                "  log          {} partition {} ({}): {} rows below offset {}",
                self.topic, cut.partition, cut.epoch, cut.raw_events, cut.offset_end
            )?;
        }
        write!(f, "{STAYS}")
    }
}
