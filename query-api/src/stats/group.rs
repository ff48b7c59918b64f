//! Sums of events that share a key, from the rollups or from the spans of one run.

use clickhouse::Row;
use schemas::money::{Amount, MoneyFormat};
use serde::Deserialize;

use crate::answer::{ListItem, amount};

/// A row of `ranking.sql`.
#[derive(Debug, Clone, Default, Row, Deserialize)]
pub(crate) struct Group {
    /// What the group is called; empty = missing.
    pub(crate) key_1: String,
    /// The second half of the name, where there is one.
    pub(crate) key_2: String,
    /// Pico-dollars.
    pub(crate) cost: i128,
    pub(crate) unpriced: u64,
    pub(crate) calls: u64,
    pub(crate) input: u64,
    pub(crate) output: u64,
    pub(crate) latency_us: u64,
    pub(crate) latencies: u64,
    /// Start of the last bucket, in seconds since 1970.
    pub(crate) last_bucket: u32,
    /// Pico-dollars of all groups together.
    pub(crate) all_cost: i128,
}

/// One side from which the money is seen.
pub(crate) trait Noun: Send + 'static {
    /// A row of the answer.
    type Item: ListItem;
    /// The column that names a group.
    const KEY_1: &'static str;
    /// A second one, or an empty text.
    const KEY_2: &'static str = "''";
    /// Which groups are told besides those that have a call, a cost or an unpriced event.
    const KEEP: &'static str = "false";

    /// The group as the answer shows it.
    fn item(group: Group, money: MoneyFormat) -> Self::Item;
}

impl Group {
    /// The group's own cost.
    pub(crate) fn total_cost(&self, money: MoneyFormat) -> Amount {
        amount(self.cost, money)
    }

    /// 0 to 100, of all groups together.
    #[allow(clippy::cast_precision_loss)] // a share needs no more than 53 bits
    pub(crate) fn percentage(&self) -> f64 {
        if self.all_cost == 0 {
            0.0
        } else {
            self.cost as f64 / self.all_cost as f64 * 100.0
        }
    }

    /// Milliseconds, over the calls that reported a latency.
    pub(crate) fn avg_latency_ms(&self) -> Option<f64> {
        average_ms(self.latency_us, self.latencies)
    }

    /// Whether there is anything to tell: spans that only shape the tree cost nothing.
    pub(crate) fn counts(&self) -> bool {
        self.calls > 0 || self.cost != 0 || self.unpriced > 0
    }
}

/// `None` without measurements.
#[allow(clippy::cast_precision_loss)] // an average needs no more than 53 bits
pub(crate) fn average_ms(sum_us: u64, count: u64) -> Option<f64> {
    (count > 0).then(|| sum_us as f64 / count as f64 / 1000.0)
}

/// The rollups write "missing" as an empty text.
pub(crate) fn or_missing(name: String) -> Option<String> {
    (!name.is_empty()).then_some(name)
}
