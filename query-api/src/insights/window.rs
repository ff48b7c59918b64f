//! The day that is asked about, and the weeks that it is compared with.

use chrono::{DateTime, Utc};
use service::Problem;
use utoipa::IntoParams;

use crate::params::Params;
use crate::range::{self, Range};

/// Days before the one asked about: four of each weekday.
pub(super) const PAST_DAYS: usize = 28;
/// All of them, the one asked about first.
pub(super) const DAYS: usize = PAST_DAYS + 1;
/// Earlier days that are asked about as well: what showed on one of them is no news.
pub(super) const EARLIER_DAYS: usize = 7;
/// Days that are read.
pub(super) const READ_DAYS: usize = DAYS + EARLIER_DAYS;
const DAY: i64 = 86_400;
const QUARTER: i64 = 900;

/// When the question is asked.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)] // documentation; `Window` reads it
pub(crate) struct AsOfParams {
    /// End of the 24 hours in question, RFC 3339, rounded down to the quarter of an hour; now
    /// when absent. The answer for an instant stays the same, but for events that came late.
    #[param(example = "2026-07-01T00:00:00Z")]
    as_of: Option<DateTime<Utc>>,
}

/// A day, the four weeks before it, and the week before those, ending at a whole quarter of an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    end: i64,
}

impl Window {
    /// # Errors
    /// 400 for an instant that is malformed or still to come.
    pub(super) fn read(params: &mut Params, now: DateTime<Utc>) -> Result<Self, Problem> {
        let as_of = range::instant(params, "as_of")?.unwrap_or(now);
        if as_of > now {
            return Err(range::invalid("as_of must not lie in the future"));
        }
        let end = as_of.timestamp() - as_of.timestamp().rem_euclid(QUARTER);
        // The first weeks of 1970 have no weeks before them.
        Ok(Self {
            end: end.max(DAY * READ_DAYS as i64),
        })
    }

    /// The 24 hours in question.
    pub(super) fn range(self) -> Range {
        Range::whole_minutes(self.end - DAY, self.end)
    }

    /// With the four weeks before.
    pub(super) fn with_past(self) -> Range {
        Range::whole_minutes(self.end - DAY * DAYS as i64, self.end)
    }

    /// All that is read.
    pub(super) fn with_earlier(self) -> Range {
        Range::whole_minutes(self.end - DAY * READ_DAYS as i64, self.end)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn header(query: &str) -> Result<String, Problem> {
        let now = "2026-07-30T12:07:30Z".parse().unwrap();
        Window::read(&mut Params::parse(query)?, now).map(|window| window.range().header())
    }

    #[test]
    fn the_day_ends_at_a_quarter_of_an_hour() {
        let today = "2026-07-29T12:00:00Z/2026-07-30T12:00:00Z";
        assert_eq!(header("").unwrap(), today);
        let past = "2026-06-30T10:15:00Z/2026-07-01T10:15:00Z";
        assert_eq!(header("as_of=2026-07-01T10:29:59Z").unwrap(), past);
        assert_eq!(header("as_of=1970-01-01T00:00:00Z").unwrap().len(), 41);
        assert_eq!(
            header("as_of=2026-07-30T12:08:00Z").unwrap_err().status(),
            400
        );
        assert_eq!(header("as_of=soon").unwrap_err().status(), 400);
    }
}
