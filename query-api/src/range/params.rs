use chrono::{DateTime, TimeDelta, Utc};
use service::Problem;
use utoipa::IntoParams;

use super::{RANGE_DAYS_MAX, Range, invalid};
use crate::params::Params;

/// The time asked for; without any of these the last 24 hours (all time for the list of runs).
/// The range that was answered is in the header `LLMObserve-Range`.
#[derive(Debug, Clone, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RangeParams {
    /// First instant, RFC 3339. Widened outward to the minute, beyond 14 days to 15 minutes.
    #[param(example = "2026-07-01T00:00:00Z")]
    from: Option<DateTime<Utc>>,
    /// First instant behind the range, RFC 3339; now when absent.
    to: Option<DateTime<Utc>>,
    /// The last so many hours. Not together with the others.
    #[param(minimum = 1)]
    hours: Option<u32>,
    /// The last so many days. Not together with the others.
    #[param(minimum = 1, maximum = 1100)]
    days: Option<u32>,
}

impl RangeParams {
    /// # Errors
    /// 400 for what is malformed, or mixed.
    pub(crate) fn read(params: &mut Params) -> Result<Self, Problem> {
        let range = Self {
            from: instant(params, "from")?,
            to: instant(params, "to")?,
            hours: params.number("hours", 1..=24 * DAYS_MAX)?,
            days: params.number("days", 1..=DAYS_MAX)?,
        };
        let ways = [
            range.from.or(range.to).is_some(),
            range.hours.is_some(),
            range.days.is_some(),
        ];
        if ways.iter().filter(|given| **given).count() > 1 {
            return Err(invalid("give either from and to, or hours, or days"));
        }
        Ok(range)
    }

    /// The range; the last 24 hours when nothing was asked for.
    pub(crate) fn last_day(&self, now: DateTime<Utc>) -> Result<Range, Problem> {
        self.starting(now, |to| to - TimeDelta::days(1))
    }

    /// The range; all time when nothing was asked for.
    pub(crate) fn all_time(&self, now: DateTime<Utc>) -> Result<Range, Problem> {
        match (self.from, self.to, self.back()) {
            (None, None, None) => Ok(Range::all_time(now)),
            (None, Some(to), None) => Ok(Range::widened(DateTime::UNIX_EPOCH, to, now)),
            _ => self.last_day(now),
        }
    }

    fn starting(
        &self,
        now: DateTime<Utc>,
        default: impl FnOnce(DateTime<Utc>) -> DateTime<Utc>,
    ) -> Result<Range, Problem> {
        let to = self.to.unwrap_or(now);
        let from = match (self.from, self.back()) {
            (Some(from), _) => from,
            (None, Some(back)) => to - back,
            (None, None) => default(to),
        };
        if from >= to {
            return Err(invalid(
                "from must lie before to (which is now when absent)",
            ));
        }
        if to - from > TimeDelta::days(RANGE_DAYS_MAX) {
            return Err(invalid(format!(
                "a range may be {RANGE_DAYS_MAX} days long"
            )));
        }
        Ok(Range::widened(from, to, now))
    }

    fn back(&self) -> Option<TimeDelta> {
        let hours = self.hours.map(|hours| TimeDelta::hours(hours.into()));
        hours.or(self.days.map(|days| TimeDelta::days(days.into())))
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a small constant
const DAYS_MAX: u32 = RANGE_DAYS_MAX as u32;

/// Reads an instant in RFC 3339.
///
/// # Errors
/// 400 for what is no instant of this time.
pub(crate) fn instant(
    params: &mut Params,
    name: &'static str,
) -> Result<Option<DateTime<Utc>>, Problem> {
    let Some(text) = params.one(name)? else {
        return Ok(None);
    };
    // An unescaped `+` of an offset arrives as a space.
    let parsed = DateTime::parse_from_rfc3339(&text.replace(' ', "+"))
        .or_else(|_| DateTime::parse_from_rfc3339(&text))
        .map(|at| at.to_utc());
    match parsed {
        Ok(at) if (FIRST..END).contains(&at.timestamp()) => Ok(Some(at)),
        _ => Err(invalid(format!(
            "{name} must be a time between 1970 and 2100 in RFC 3339, such as 2026-07-01T00:00:00Z"
        ))),
    }
}

/// 1970 and 2100, in seconds.
const FIRST: i64 = 0;
const END: i64 = 4_102_444_800;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(query: &str) -> Result<String, Problem> {
        let now = "2026-07-30T12:00:30Z".parse().unwrap();
        let range = RangeParams::read(&mut Params::parse(query)?)?;
        range.last_day(now).map(|range| range.header())
    }

    #[test]
    fn the_last_day_is_the_default() {
        assert_eq!(
            read("").unwrap(),
            "2026-07-29T12:00:00Z/2026-07-30T12:01:00Z"
        );
        assert_eq!(
            read("hours=1").unwrap(),
            "2026-07-30T11:00:00Z/2026-07-30T12:01:00Z"
        );
        assert_eq!(
            read("days=30").unwrap(),
            "2026-06-30T12:00:00Z/2026-07-30T12:01:00Z"
        );
        let offset = "from=2026-07-30T01:00:00+01:00&to=2026-07-30T01:00:00Z";
        assert_eq!(
            read(offset).unwrap(),
            "2026-07-30T00:00:00Z/2026-07-30T01:00:00Z"
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for query in [
            "hours=1&days=1",
            "hours=1&from=2026-07-30T00:00:00Z",
            "hours=0",
            "hours=-1",
            "hours=x",
            "days=1101",
            "from=yesterday",
            "from=1969-01-01T00:00:00Z",
            "from=2200-01-01T00:00:00Z",
            "from=2026-07-30T00:00:00Z&to=2026-07-30T00:00:00Z",
            "from=2020-07-30T00:00:00Z",
            "from=2026-08-30T00:00:00Z",
            "from=&to=",
        ] {
            assert_eq!(read(query).unwrap_err().status(), 400, "{query}");
        }
    }
}
