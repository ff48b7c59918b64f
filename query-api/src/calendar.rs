//! Buckets of a time series. Their boundaries are computed here and handed to ClickHouse, so
//! that its time zone data and ours cannot disagree about a day.

use chrono::{DateTime, Datelike, Days, LocalResult, Months, NaiveDate, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use service::Problem;

use crate::range::Range;

/// Most buckets of one answer.
pub(crate) const BUCKETS_MAX: usize = 2000;
/// Without an interval, the finest one with no more buckets than this.
const BUCKETS_FITTING: usize = 200;

/// The width of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interval {
    Minute,
    FiveMinutes,
    Quarter,
    Hour,
    Day,
    Week,
    Month,
}

/// Every interval under its name, finest first.
pub(crate) const INTERVALS: &[(&str, Interval)] = &[
    ("1m", Interval::Minute),
    ("5m", Interval::FiveMinutes),
    ("15m", Interval::Quarter),
    ("1h", Interval::Hour),
    ("1d", Interval::Day),
    ("1w", Interval::Week),
    ("1mo", Interval::Month),
];

impl Interval {
    /// As the parameter `interval` writes it.
    pub(crate) fn name(self) -> &'static str {
        INTERVALS
            .iter()
            .find(|(_, other)| *other == self)
            .map_or("", |(name, _)| name)
    }

    /// Whether only the rollup by the minute can tell such buckets apart.
    pub(crate) fn needs_minutes(self) -> bool {
        matches!(self, Self::Minute | Self::FiveMinutes)
    }

    /// The finest interval that gives a readable number of buckets.
    pub(crate) fn fitting(range: &Range, tz: Tz, now: DateTime<Utc>) -> Self {
        let fits = |interval: &Self| {
            !(interval.needs_minutes() && range.outlives_minutes(now))
                && interval
                    .starts(range, tz)
                    .is_ok_and(|starts| starts.len() <= BUCKETS_FITTING)
        };
        let intervals = INTERVALS.iter().map(|(_, interval)| *interval);
        intervals.into_iter().find(fits).unwrap_or(Self::Month)
    }

    /// The starts of all buckets that the range touches, in seconds since 1970, ascending; the
    /// first may lie before the range.
    ///
    /// # Errors
    /// 400 beyond [`BUCKETS_MAX`].
    pub(crate) fn starts(self, range: &Range, tz: Tz) -> Result<Vec<u32>, Problem> {
        match self {
            Self::Minute => even(range, 60, 0),
            Self::FiveMinutes => even(range, 300, 0),
            Self::Quarter => even(range, 900, 0),
            Self::Hour => even(range, 3600, offset_seconds(tz, range.from())),
            Self::Day | Self::Week | Self::Month => self.calendar(range, tz),
        }
    }

    fn calendar(self, range: &Range, tz: Tz) -> Result<Vec<u32>, Problem> {
        let mut date = self.first_date(local_date(tz, range.from()));
        let mut starts: Vec<u32> = Vec::new();
        loop {
            let start = midnight(tz, date);
            if start >= range.to() {
                return Ok(starts);
            }
            let start = u32::try_from(start).unwrap_or_default();
            // A zone that crossed the date line has a date that never was.
            if starts.last().is_none_or(|last| *last < start) {
                starts.push(start);
            }
            if starts.len() > BUCKETS_MAX {
                return Err(too_many());
            }
            date = self.next_date(date);
        }
    }

    fn first_date(self, date: NaiveDate) -> NaiveDate {
        match self {
            Self::Week => date - Days::new(date.weekday().num_days_from_monday().into()),
            Self::Month => date.with_day(1).unwrap_or(date),
            _ => date,
        }
    }

    fn next_date(self, date: NaiveDate) -> NaiveDate {
        match self {
            Self::Week => date + Days::new(7),
            Self::Month => date + Months::new(1),
            _ => date + Days::new(1),
        }
    }
}

/// Buckets of one length, on whole multiples of it in local time.
fn even(range: &Range, width: i64, offset: i64) -> Result<Vec<u32>, Problem> {
    let first = range.from() - (range.from() + offset).rem_euclid(width);
    let count = (range.to() - first + width - 1) / width;
    match usize::try_from(count) {
        Ok(count) if count <= BUCKETS_MAX => {}
        _ => return Err(too_many()),
    }
    let starts = (0..count).map(|i| u32::try_from((first + i * width).max(0)).unwrap_or_default());
    Ok(starts.collect())
}

fn too_many() -> Problem {
    Problem::bad_request(
        "too_many_buckets",
        format!("more than {BUCKETS_MAX} buckets: take a longer interval or a shorter range"),
    )
}

fn utc(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).unwrap_or_default()
}

fn offset_seconds(tz: Tz, second: i64) -> i64 {
    let local = utc(second).with_timezone(&tz).naive_local();
    (local - utc(second).naive_utc()).num_seconds()
}

/// The date on the wall of that zone.
pub(crate) fn local_date(tz: Tz, second: i64) -> NaiveDate {
    utc(second).with_timezone(&tz).date_naive()
}

/// The instant in that zone.
pub(crate) fn local_time(tz: Tz, second: u32) -> DateTime<Tz> {
    utc(second.into()).with_timezone(&tz)
}

/// First second of a local day: not every day has a midnight, and some have two.
fn midnight(tz: Tz, date: NaiveDate) -> i64 {
    const STEP_MINUTES: i64 = 15;
    const STEPS_MAX: i64 = 26 * 60 / STEP_MINUTES;
    let wall = date.and_time(chrono::NaiveTime::MIN);
    (0..=STEPS_MAX)
        .find_map(|step| {
            match tz.from_local_datetime(&(wall + TimeDelta::minutes(step * STEP_MINUTES))) {
                LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.timestamp()),
                LocalResult::None => None,
            }
        })
        .unwrap_or_else(|| wall.and_utc().timestamp())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn range(from: &str, to: &str) -> Range {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap().timestamp();
        Range::frozen(at(from), at(to)).unwrap()
    }

    fn starts(interval: Interval, tz: Tz, range: &Range) -> Vec<String> {
        let starts = interval.starts(range, tz).unwrap();
        starts
            .iter()
            .map(|second| local_time(tz, *second).to_rfc3339())
            .collect()
    }

    #[test]
    fn days_follow_summer_time() {
        // Clocks go forward in Berlin on 29 March 2026 and back on 25 October.
        let spring = range("2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z");
        assert_eq!(
            starts(Interval::Day, Tz::Europe__Berlin, &spring),
            [
                "2026-03-28T00:00:00+01:00",
                "2026-03-29T00:00:00+01:00",
                "2026-03-30T00:00:00+02:00"
            ]
        );
        let autumn = range("2026-10-25T00:00:00Z", "2026-10-25T23:30:00Z");
        assert_eq!(
            starts(Interval::Day, Tz::Europe__Berlin, &autumn),
            ["2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"]
        );
    }

    #[test]
    fn a_day_without_midnight_begins_when_it_begins() {
        // Santiago, 6 September 2026: 24:00 becomes 1:00.
        let day = range("2026-09-06T12:00:00Z", "2026-09-06T13:00:00Z");
        let first = &starts(Interval::Day, Tz::America__Santiago, &day)[0];
        assert_eq!(first, "2026-09-06T01:00:00-03:00");
        // Samoa went from 29 to 31 December 2011.
        let skipped = range("2011-12-29T12:00:00Z", "2012-01-01T00:00:00Z");
        let days = starts(Interval::Day, Tz::Pacific__Apia, &skipped);
        let dates: Vec<&str> = days.iter().map(|day| &day[..10]).collect();
        assert_eq!(dates, ["2011-12-29", "2011-12-31", "2012-01-01"]);
    }

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        let range = range("2026-01-31T12:00:00Z", "2026-03-01T00:00:00Z");
        let weeks = starts(Interval::Week, Tz::UTC, &range);
        assert_eq!(
            weeks[..2],
            ["2026-01-26T00:00:00+00:00", "2026-02-02T00:00:00+00:00"]
        );
        let months = starts(Interval::Month, Tz::UTC, &range);
        assert_eq!(
            months,
            ["2026-01-01T00:00:00+00:00", "2026-02-01T00:00:00+00:00"]
        );
    }

    #[test]
    fn hours_are_those_of_the_zone() {
        let range = range("2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z");
        assert_eq!(
            starts(Interval::Hour, Tz::Asia__Kolkata, &range),
            ["2026-01-01T05:00:00+05:30", "2026-01-01T06:00:00+05:30"]
        );
    }

    #[test]
    fn the_interval_fits_the_range() {
        let now = "2026-03-01T00:00:00Z".parse().unwrap();
        let fitting = |from| Interval::fitting(&range(from, "2026-03-01T00:00:00Z"), Tz::UTC, now);
        assert_eq!(fitting("2026-02-28T23:00:00Z").name(), "1m");
        assert_eq!(fitting("2026-02-28T12:00:00Z").name(), "5m");
        assert_eq!(fitting("2026-02-28T00:00:00Z").name(), "15m");
        assert_eq!(fitting("2026-02-22T00:00:00Z").name(), "1h");
        assert_eq!(fitting("2026-01-01T00:00:00Z").name(), "1d");
        assert_eq!(fitting("2024-01-01T00:00:00Z").name(), "1w");
        let old = range("2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z");
        assert_eq!(Interval::fitting(&old, Tz::UTC, now).name(), "15m");
        let long = range("2024-01-01T00:00:00Z", "2026-01-01T00:00:00Z");
        assert_eq!(
            Interval::Hour.starts(&long, Tz::UTC).unwrap_err().code(),
            "too_many_buckets"
        );
    }
}
