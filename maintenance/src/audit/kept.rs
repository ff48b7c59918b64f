use std::collections::HashMap;

use super::tables::Table;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// `usage_1m` is compared for that long: statistics ask it for no more.
const MINUTES_DAYS: u32 = 14;
/// Clocks differ, and an audit takes its time.
const MARGIN: i64 = HOUR;

/// Which hours the tables still hold whole.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    /// Days by table's name; a table without a limit is not named.
    days: HashMap<String, u32>,
    /// Seconds since 1970.
    now: i64,
}

impl Kept {
    pub(super) fn new(days: impl IntoIterator<Item = (String, u32)>, now: i64) -> Self {
        let mut days: HashMap<String, u32> = days.into_iter().collect();
        let minutes = days
            .entry(Table::Usage1m.name().to_owned())
            .or_insert(MINUTES_DAYS);
        *minutes = (*minutes).min(MINUTES_DAYS);
        Self { days, now }
    }

    /// Whether all of these tables hold all of the hour.
    pub(super) fn whole(&self, hour: u32, tables: &[Table]) -> bool {
        tables
            .iter()
            .all(|table| match self.days.get(table.name()) {
                Some(days) => i64::from(hour) >= self.now - i64::from(*days) * DAY + MARGIN,
                None => true,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_counts_while_every_table_holds_it() {
        let days = |name: &str, days| (name.to_owned(), days);
        let now = 100 * DAY;
        let kept = Kept::new([days("trace_events", 30), days("usage_1m", 16)], now);
        let whole = |days_ago, table| {
            let hour = u32::try_from(now - days_ago * DAY).unwrap_or_default();
            kept.whole(hour, &[Table::TraceEvents, table])
        };
        assert!(whole(29, Table::Runs) && whole(13, Table::Usage1m));
        assert!(!whole(30, Table::Runs) && !whole(14, Table::Usage1m));
    }
}
