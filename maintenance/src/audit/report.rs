//! What an audit answers.

use chrono::{DateTime, Utc};
use schemas::money::Amount;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::Ref;

use super::in_flight::InFlight;

/// Whether every record that was received is accounted for.
#[derive(Debug, Serialize, ToSchema)]
pub struct Conservation {
    /// First instant, a whole hour.
    pub from: DateTime<Utc>,
    /// First instant behind the range, a whole hour.
    pub to: DateTime<Utc>,
    /// True: everything that was compared is equal. False: something differs. Null: unknown,
    /// because ClickHouse did not answer, an operator is rewriting the tables, or the tables
    /// keep nothing of these hours any more.
    pub conserved: Option<bool>,
    /// Every hour of the range, oldest first; null while ClickHouse does not answer.
    pub hours: Option<Vec<Hour>>,
    /// Records that wait in Kafka, by partition; null while Kafka does not answer. Only for
    /// all tenants at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<InFlight>)]
    pub in_flight: Option<Option<InFlight>>,
    /// What did not answer, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// One hour. The ledger and the rows that it tells of are of this hour of log time (when the
/// broker stored the record), the rollups and what they are made of of this hour of the
/// events' own timestamps. Batches that are under way are left out.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Hour {
    /// Start of the hour.
    pub hour: DateTime<Utc>,
    /// How it stands.
    pub state: State,
    /// What became of the records of the hour.
    pub ledger: LedgerSums,
    /// Rows of `trace_events` whose records the broker stored in the hour: `stored - erased`.
    pub raw_events: u64,
    /// `usage_15m`; null where it or `trace_events` has expired.
    pub usage_15m: Option<Comparison>,
    /// `usage_1m`, for its 14 days.
    pub usage_1m: Option<Comparison>,
    /// `runs`.
    pub runs: Option<Comparison>,
    /// What differs.
    pub differences: Vec<Difference>,
}

/// How an hour stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Everything that was compared is equal.
    Conserved,
    /// Something differs.
    Differs,
    /// Something differs while an operator rewrites the tables: ask again.
    Settling,
    /// The tables keep nothing of it to compare.
    Expired,
}

/// `received = stored + duplicates + dead_lettered`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct LedgerSums {
    /// Records of finished batches.
    pub received: u64,
    /// The first of their (tenant, id).
    pub stored: u64,
    /// Others of the same (tenant, id).
    pub duplicates: u64,
    /// Records that could not be decoded; they name no tenant.
    pub dead_lettered: u64,
    /// Of `stored`: removed since at the request of an operator.
    pub erased: u64,
}

/// A rollup beside the raw rows that it is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Comparison {
    /// From `trace_events`.
    pub raw: Sums,
    /// From the rollup.
    pub rollup: Sums,
}

/// Sums over events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Sums {
    /// How many.
    pub events: u64,
    /// Those whose cost is unknown.
    pub unpriced_count: u64,
    /// Of the others, exact.
    #[schema(schema_with = money)]
    pub cost_usd: Amount,
}

/// Two tables that disagree about an hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Difference {
    /// Which comparison failed.
    pub check: Check,
    /// By how many events, at least.
    pub events: u64,
    /// Both sides, in words.
    pub message: String,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Within `ingest_ledger`: `received = stored + duplicates + dead_lettered`.
    Received,
    /// `trace_events` and `ingest_ledger`: `raw rows = stored - erased`.
    Raw,
    /// `usage_15m` and `trace_events`.
    #[serde(rename = "usage_15m")]
    Usage15m,
    /// `usage_1m` and `trace_events`.
    #[serde(rename = "usage_1m")]
    Usage1m,
    /// `runs` and `trace_events`.
    Runs,
}

impl Check {
    /// Every one, in the order of the data's way.
    pub const ALL: [Self; 5] = [
        Self::Received,
        Self::Raw,
        Self::Usage15m,
        Self::Usage1m,
        Self::Runs,
    ];

    /// As answers and metrics name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Raw => "raw",
            Self::Usage15m => "usage_15m",
            Self::Usage1m => "usage_1m",
            Self::Runs => "runs",
        }
    }
}

/// [`Conservation::conserved`] of these hours.
pub(super) fn conserved(hours: &[Hour]) -> Option<bool> {
    let any = |state| hours.iter().any(|hour| hour.state == state);
    if any(State::Differs) {
        return Some(false);
    }
    (!any(State::Settling) && any(State::Conserved)).then_some(true)
}

/// The schema `Money` is the query API's.
fn money() -> Ref {
    Ref::from_schema_name("Money")
}
