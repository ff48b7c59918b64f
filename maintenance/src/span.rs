use std::fmt;

use chrono::{DateTime, Datelike as _, Months, NaiveTime, SecondsFormat, Utc};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// A half-open range of whole hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    from: u32,
    to: u32,
}

impl Span {
    /// All that ClickHouse's `DateTime` can tell.
    pub(crate) const ALL: Self = Self {
        from: 0,
        to: u32::MAX / 3_600 * 3_600,
    };

    /// The hours that `from` (included) to `to` (excluded) touch; `None` when these are none,
    /// or beyond 1970 to 2106.
    pub fn touching(from: DateTime<Utc>, to: DateTime<Utc>) -> Option<Self> {
        Self::of_seconds(
            from.timestamp(),
            to.timestamp() + i64::from(to.timestamp_subsec_nanos() > 0),
        )
    }

    /// The same in seconds since 1970.
    pub(crate) fn of_seconds(from: i64, to: i64) -> Option<Self> {
        let span = Self {
            from: u32::try_from(from - from.rem_euclid(HOUR)).ok()?,
            to: u32::try_from(to + (-to).rem_euclid(HOUR)).ok()?,
        };
        (span.from < span.to).then_some(span)
    }

    /// The part from `start`, in seconds since 1970, on.
    pub(crate) fn since(self, start: i64) -> Option<Self> {
        Self::of_seconds(start.max(self.from.into()), self.to.into())
    }

    /// First instant.
    pub fn from(self) -> DateTime<Utc> {
        instant(self.from)
    }

    /// First instant behind.
    pub fn to(self) -> DateTime<Utc> {
        instant(self.to)
    }

    /// First second, and first second behind, since 1970.
    pub(crate) fn seconds(self) -> (u32, u32) {
        (self.from, self.to)
    }

    /// Month by month (UTC), as the tables' partitions are.
    pub(crate) fn months(self) -> impl Iterator<Item = Self> {
        let mut rest = Some(self);
        std::iter::from_fn(move || {
            let from = rest?.from();
            let first = from
                .date_naive()
                .with_day(1)?
                .and_time(NaiveTime::MIN)
                .and_utc();
            let next = u32::try_from((first + Months::new(1)).timestamp()).ok()?;
            let month = Self {
                to: rest?.to.min(next),
                ..rest?
            };
            rest = (next < self.to).then_some(Self {
                from: next,
                to: self.to,
            });
            Some(month)
        })
    }

    /// Day by day (UTC).
    pub(crate) fn days(self) -> impl Iterator<Item = Self> {
        let (from, to) = (i64::from(self.from), i64::from(self.to));
        (from.div_euclid(DAY)..=(to - 1).div_euclid(DAY))
            .filter_map(move |day| Self::of_seconds(from.max(day * DAY), to.min((day + 1) * DAY)))
    }
}

/// The instant of a second since 1970.
pub(crate) fn instant(second: u32) -> DateTime<Utc> {
    DateTime::from_timestamp(second.into(), 0).unwrap_or_default()
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
        write!(f, "{} to {}", words(self.from()), words(self.to()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn it_widens_to_hours_and_splits_at_midnight() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let span =
            Span::touching(at("2026-01-31T22:10:00Z"), at("2026-02-02T01:00:00.5Z")).unwrap();
        assert_eq!(
            span.to_string(),
            "2026-01-31T22:00:00Z to 2026-02-02T02:00:00Z"
        );
        let days: Vec<String> = span.days().map(|day| day.to_string()).collect();
        assert_eq!(
            days,
            [
                "2026-01-31T22:00:00Z to 2026-02-01T00:00:00Z",
                "2026-02-01T00:00:00Z to 2026-02-02T00:00:00Z",
                "2026-02-02T00:00:00Z to 2026-02-02T02:00:00Z",
            ]
        );
        let months: Vec<String> = span.months().map(|month| month.to_string()).collect();
        assert_eq!(
            months,
            [
                "2026-01-31T22:00:00Z to 2026-02-01T00:00:00Z",
                "2026-02-01T00:00:00Z to 2026-02-02T02:00:00Z",
            ]
        );
        assert_eq!(
            Span::touching(at("2026-01-01T01:00:00Z"), at("2026-01-01T01:00:00Z")),
            None
        );
    }
}
