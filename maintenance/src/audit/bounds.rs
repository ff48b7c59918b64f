use std::collections::{BTreeMap, BTreeSet};

use clickhouse::query::Query;

/// Up to which offset each log counts; one that is not named does not count at all.
/// A log is `epoch/partition`, or `month/epoch/partition`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Bounds(BTreeMap<String, u64>);

/// What a rollup holds of one partition in one month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marker {
    /// `202611`.
    pub(super) month: u32,
    pub(super) log: String,
    pub(super) end: u64,
}

impl Bounds {
    pub(super) fn new(ends: impl IntoIterator<Item = (String, u64)>) -> Self {
        Self(ends.into_iter().collect())
    }

    /// The same in each of the months, and up to the markers where these are further.
    pub(super) fn by_month(&self, months: &BTreeSet<u32>, markers: &[Marker]) -> Self {
        let mut ends = BTreeMap::new();
        for month in months {
            for (log, end) in &self.0 {
                ends.insert(format!("{month}/{log}"), *end);
            }
        }
        for Marker { month, log, end } in markers {
            let bound: &mut u64 = ends.entry(format!("{month}/{log}")).or_default();
            *bound = (*bound).max(*end);
        }
        Self(ends)
    }

    /// Binds `{logs:Array(String)}` and `{ends:Array(UInt64)}` for `transform`.
    pub(super) fn bind(&self, query: Query) -> Query {
        // `transform` wants at least one pair.
        let nothing = (String::new(), 0);
        let pairs = self.0.iter().map(|(log, end)| (log.clone(), *end));
        let (logs, ends): (Vec<String>, Vec<u64>) = pairs.chain([nothing]).unzip();
        query.param("logs", logs).param("ends", ends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_further_of_ledger_and_marker_counts() {
        let finished = Bounds::new([("e/0".to_owned(), 10), ("e/1".to_owned(), 10)]);
        let marker = |month, log: &str, end| Marker {
            month,
            log: log.to_owned(),
            end,
        };
        let markers = [
            marker(7, "e/0", 12),
            marker(7, "e/1", 8),
            marker(8, "e/2", 3),
        ];
        let bounds = finished.by_month(&BTreeSet::from([7, 8]), &markers);
        let pairs = [
            ("7/e/0", 12),
            ("7/e/1", 10),
            ("8/e/0", 10),
            ("8/e/1", 10),
            ("8/e/2", 3),
        ];
        let pairs = pairs.map(|(log, end)| (log.to_owned(), end));
        assert_eq!(bounds, Bounds::new(pairs));
    }
}
