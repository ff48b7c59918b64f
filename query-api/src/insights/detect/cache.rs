//! A prompt cache that no longer hits.

use super::Whole;
use super::tokens::dearer_calls;
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
    if !fell {
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
