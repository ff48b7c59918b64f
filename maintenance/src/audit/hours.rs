use chrono::{DateTime, Utc};

use crate::span::Span;

const HOUR: u32 = 3_600;

/// Whose records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Everyone's, and the records that name nobody (dead letters).
    All,
    /// One tenant's.
    Tenant(String),
}

impl Scope {
    /// As the queries take it; no tenant has an empty name.
    pub(super) fn tenant(&self) -> &str {
        match self {
            Self::All => "",
            Self::Tenant(tenant) => tenant,
        }
    }
}

/// A half-open range of whole hours, bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours(Span);

impl Hours {
    /// Most hours of one audit: 31 days, wherever in an hour they begin.
    pub const COUNT_MAX: u32 = 31 * 24 + 1;

    /// The hours that `from` (included) to `to` (excluded), in seconds since 1970, touch. `None` when
    /// these are none, more than [`Self::COUNT_MAX`], or outside of what ClickHouse can hold.
    pub fn touching(from: i64, to: i64) -> Option<Self> {
        let hours = Self(Span::of_seconds(from, to)?);
        let count = (hours.to() - hours.from()) / HOUR;
        (count <= Self::COUNT_MAX).then_some(hours)
    }

    /// The last so many hours, at most [`Self::COUNT_MAX`], the current one included.
    pub fn last(count: u32, now: DateTime<Utc>) -> Option<Self> {
        let from = now.timestamp() - (i64::from(count) - 1) * i64::from(HOUR);
        Self::touching(from, now.timestamp() + 1)
    }

    /// First second, since 1970.
    pub fn from(self) -> u32 {
        self.0.seconds().0
    }

    /// First second behind, since 1970.
    pub fn to(self) -> u32 {
        self.0.seconds().1
    }

    /// The first second of each hour.
    pub(super) fn starts(self) -> impl Iterator<Item = u32> {
        (self.from()..self.to()).step_by(HOUR as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::instant;

    #[test]
    fn hours_are_whole_and_bounded() {
        let seconds = |from, to| Hours::touching(from, to).map(|hours| hours.0.seconds());
        assert_eq!(seconds(3_600, 7_200), Some((3_600, 7_200)));
        assert_eq!(seconds(3_599, 7_201), Some((0, 10_800)));
        assert_eq!(seconds(1, 31 * 86_400 + 1), Some((0, 31 * 86_400 + 3_600)));
        assert_eq!(seconds(0, 31 * 86_400 + 3_601), None);
        assert_eq!(seconds(7_200, 7_200), None);
        assert_eq!(seconds(i64::from(u32::MAX), i64::from(u32::MAX) + 1), None);
    }

    #[test]
    fn the_last_hours_end_with_the_current_one() {
        let now = instant(7_200);
        assert_eq!(Hours::last(1, now), Hours::touching(7_200, 10_800));
        assert_eq!(Hours::last(2, now), Hours::touching(3_600, 10_800));
        assert_eq!(Hours::last(0, now), None);
    }
}
