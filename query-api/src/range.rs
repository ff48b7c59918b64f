//! Which span of time a question is about, and from which rollup each part of it is read.

mod params;

use chrono::{DateTime, SecondsFormat, Utc};
use service::Problem;

pub(crate) use params::{RangeParams, instant};

const MINUTE: i64 = 60;
const QUARTER: i64 = 15 * MINUTE;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Longest range that one question may ask for, in days.
pub(crate) const RANGE_DAYS_MAX: i64 = 1100;
/// Bounds younger than this are answered to the minute, older ones to the quarter of an hour.
/// `usage_1m` keeps 16 days, so that an answer or a cursor does not outlive its rows.
pub(crate) const MINUTES_DAYS: i64 = 14;
/// How far ahead of our clock an event's timestamp may lie, in seconds.
const AHEAD_MAX: i64 = HOUR;
/// First second that ClickHouse's `DateTime` cannot hold.
const SECOND_MAX: i64 = u32::MAX as i64;

/// A half-open range of whole minutes. Made only by [`RangeParams`], by a cursor, or for one
/// run: a query without a bound does not compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    from: i64,
    to: i64,
}

/// The part of a range that quarters of an hour answer; minutes answer what is around it.
/// All bounds are seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) from: u32,
    pub(crate) middle_from: u32,
    pub(crate) middle_to: u32,
    pub(crate) to: u32,
}

impl Parts {
    /// Whether quarters of an hour answer some of it.
    pub(crate) fn has_middle(self) -> bool {
        self.middle_from < self.middle_to
    }

    /// Whether minutes answer some of it.
    pub(crate) fn has_edges(self) -> bool {
        self.from < self.middle_from || self.middle_to < self.to
    }
}

impl Range {
    /// Widens both bounds outward to the resolution that answers them.
    pub(crate) fn widened(from: DateTime<Utc>, to: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        let minutes_since = now.timestamp() - MINUTES_DAYS * DAY;
        let step = |second: i64| {
            if second < minutes_since {
                QUARTER
            } else {
                MINUTE
            }
        };
        let from = from.timestamp();
        let to = ceil_second(to);
        let (from, to) = (floor(from, step(from)), ceil(to, step(to)));
        Self {
            from: from.clamp(0, SECOND_MAX),
            to: to.clamp(0, SECOND_MAX),
        }
    }

    /// Everything that is kept, and what may be stamped ahead of our clock.
    pub(crate) fn all_time(now: DateTime<Utc>) -> Self {
        Self {
            from: 0,
            to: ceil(ceil_second(now) + AHEAD_MAX, MINUTE),
        }
    }

    /// Between two whole minutes, in seconds since 1970.
    pub(crate) fn whole_minutes(from: i64, to: i64) -> Self {
        Self {
            from: floor(from, MINUTE).clamp(0, SECOND_MAX),
            to: floor(to, MINUTE).clamp(0, SECOND_MAX),
        }
    }

    /// The hours `first..=last`, given by their first seconds.
    pub(crate) fn hours(first: u32, last: u32) -> Self {
        Self {
            from: i64::from(first),
            to: i64::from(last) + HOUR,
        }
    }

    /// A range that a cursor froze; `None` when it cannot be one of ours.
    pub(crate) fn frozen(from: i64, to: i64) -> Option<Self> {
        let whole = from % MINUTE == 0 && to % MINUTE == 0;
        (whole && 0 <= from && from < to && to <= SECOND_MAX).then_some(Self { from, to })
    }

    /// First second, since 1970.
    pub(crate) fn from(&self) -> i64 {
        self.from
    }

    /// First second behind, since 1970.
    pub(crate) fn to(&self) -> i64 {
        self.to
    }

    /// The same up to an earlier end, given in microseconds since 1970.
    pub(crate) fn until_us(self, end_us: i64) -> Self {
        let end = floor(end_us.div_euclid(1_000_000), MINUTE) + MINUTE;
        Self {
            from: self.from,
            to: self.to.min(end).max(self.from),
        }
    }

    /// The last `seconds` of it, from a whole hour.
    pub(crate) fn last(self, seconds: i64) -> Self {
        Self {
            from: floor(self.to - seconds, HOUR).max(self.from),
            to: self.to,
        }
    }

    /// The same with `seconds` more on both sides.
    pub(crate) fn padded(self, seconds: i64) -> Self {
        let to = self.to.saturating_add(seconds).min(SECOND_MAX);
        Self {
            from: (self.from - seconds).max(0),
            to,
        }
    }

    /// Whether minutes may have expired at its start.
    pub(crate) fn outlives_minutes(&self, now: DateTime<Utc>) -> bool {
        self.from < now.timestamp() - MINUTES_DAYS * DAY - QUARTER
    }

    /// Quarters of an hour where whole ones fit, minutes at the edges.
    pub(crate) fn parts(&self) -> Parts {
        let (middle_from, middle_to) = (ceil(self.from, QUARTER), floor(self.to, QUARTER));
        if middle_from >= middle_to {
            return self.minutes();
        }
        Parts {
            from: second(self.from),
            middle_from: second(middle_from),
            middle_to: second(middle_to),
            to: second(self.to),
        }
    }

    /// Minutes throughout.
    pub(crate) fn minutes(&self) -> Parts {
        let to = second(self.to);
        Parts {
            from: second(self.from),
            middle_from: to,
            middle_to: to,
            to,
        }
    }

    /// The value of the header `LLMObserve-Range`.
    pub(crate) fn header(&self) -> String {
        format!("{}/{}", rfc3339(self.from), rfc3339(self.to))
    }
}

/// Whole seconds since 1970 in RFC 3339, UTC.
fn rfc3339(second: i64) -> String {
    let at = DateTime::from_timestamp(second, 0).unwrap_or_default();
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn floor(second: i64, step: i64) -> i64 {
    second - second.rem_euclid(step)
}

fn ceil(second: i64, step: i64) -> i64 {
    floor(second + step - 1, step)
}

fn ceil_second(at: DateTime<Utc>) -> i64 {
    at.timestamp() + i64::from(at.timestamp_subsec_nanos() > 0)
}

fn second(second: i64) -> u32 {
    // Every constructor keeps bounds inside of `u32`, so this never clamps.
    u32::try_from(second).unwrap_or_default()
}

/// 400: the range makes no sense.
pub(crate) fn invalid(detail: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::bad_request("invalid_range", detail)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn bounds_widen_outward_to_what_answers_them() {
        let now = at("2026-07-30T12:00:00Z");
        let range = Range::widened(
            at("2026-07-29T10:00:01Z"),
            at("2026-07-29T10:00:01.5Z"),
            now,
        );
        assert_eq!(range.header(), "2026-07-29T10:00:00Z/2026-07-29T10:01:00Z");
        let range = Range::widened(at("2026-07-01T10:07:00Z"), at("2026-07-29T10:07:00Z"), now);
        assert_eq!(range.header(), "2026-07-01T10:00:00Z/2026-07-29T10:07:00Z");
        let range = Range::widened(at("2026-07-01T10:07:00Z"), at("2026-07-02T10:07:00Z"), now);
        assert_eq!(range.header(), "2026-07-01T10:00:00Z/2026-07-02T10:15:00Z");
    }

    #[test]
    fn quarters_answer_the_middle_and_minutes_the_edges() {
        let parts = Range {
            from: 60,
            to: 2 * QUARTER + 60,
        }
        .parts();
        assert_eq!(
            parts,
            Parts {
                from: 60,
                middle_from: 900,
                middle_to: 1800,
                to: 1860
            }
        );
        let parts = Range { from: 60, to: 1740 }.parts();
        assert_eq!(
            parts,
            Parts {
                from: 60,
                middle_from: 1740,
                middle_to: 1740,
                to: 1740
            }
        );
        let parts = Range { from: 0, to: 900 }.parts();
        assert_eq!(
            parts,
            Parts {
                from: 0,
                middle_from: 0,
                middle_to: 900,
                to: 900
            }
        );
    }

    #[test]
    fn a_cursor_cannot_smuggle_in_a_range() {
        assert!(Range::frozen(0, 60).is_some());
        for (from, to) in [(60, 60), (-60, 60), (1, 60), (0, SECOND_MAX + 60)] {
            assert_eq!(Range::frozen(from, to), None);
        }
    }
}
