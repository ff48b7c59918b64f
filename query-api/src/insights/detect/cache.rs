//! A prompt cache that no longer hits.

use super::Whole;
use super::tokens::{dearer_calls, mean};
use crate::insights::baseline::Baseline;
use crate::insights::finding::{Finding, Kind, Metric, Subject};
use crate::insights::history::{Day, Weeks};

/// Input tokens of a day before the share of cached ones says something.
const INPUT_MIN: u64 = 20_000;
/// Share of cached tokens that there used to be, at least.
const SHARE_MIN: f64 = 0.1;
/// What is left of the share, at most.
pub(in crate::insights) const RATIO_MAX: f64 = 0.6;
/// How many times its noise the share must lie below.
const SCORE_MIN: f64 = 4.0;

pub(super) fn find(weeks: Weeks<'_>, whole: Whole) -> Option<Finding> {
    let (Subject::Section(_) | Subject::Model(..)) = weeks.subject else {
        return None;
    };
    let days = weeks.series(cached_share);
    let baseline = Baseline::of(&days).filter(|_| days[0].is_finite())?;
    let fell = baseline.low >= SHARE_MIN
        && days[0] <= RATIO_MAX * baseline.low
        && baseline.below(days[0]) >= SCORE_MIN
        && days[0] < baseline.odd_low;
    // A prompt that grew by what is not cached has a smaller share, and as many cached tokens.
    let of_call = weeks.series(|day| mean(day, day.cached as f64));
    let fewer = Baseline::of(&of_call).is_some_and(|usual| of_call[0] <= RATIO_MAX * usual.low);
    if !fell || !fewer {
        return None;
    }
    // Dearer calls are the harm; a cheap section may lose its cache unnoticed.
    let change = dearer_calls(weeks)?;
    whole.matters(change).then(|| {
        let (kind, metric) = (Kind::CacheHitCollapse, Metric::CachedShare);
        Finding::against(kind, weeks.subject, metric, baseline.low, &baseline, &days)
            .costing(change)
    })
}

fn cached_share(day: &Day) -> f64 {
    if day.input >= INPUT_MIN {
        day.cached as f64 / day.input as f64
    } else {
        f64::NAN
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use crate::insights::finding::Kind;
    use crate::insights::history::example::{change, section, tenant};

    #[test]
    fn a_cache_that_no_longer_hits_is_told_when_it_costs() {
        let mut cold = tenant();
        change(&mut cold, &section("chat"), 0, |day| {
            (day.cached, day.cost) = (day.cached / 10, day.cost * 7 / 5);
        });
        assert_eq!(
            found(&cold, &[]),
            [(Kind::CacheHitCollapse, section("chat"))]
        );
        let mut cheap = tenant();
        change(&mut cheap, &section("chat"), 0, |day| day.cached /= 10);
        assert_eq!(found(&cheap, &[]), []);
    }

    #[test]
    fn a_third_less_is_ordinary() {
        let mut tepid = tenant();
        change(&mut tepid, &section("chat"), 0, |day| {
            (day.cached, day.cost) = (day.cached * 2 / 3, day.cost * 7 / 5);
        });
        assert_eq!(found(&tepid, &[]), []);
    }
}
