//! A prompt cache that no longer hits.

use super::Whole;
use super::tokens::mean;
use crate::insights::baseline::Baseline;
use crate::insights::finding::{Finding, Kind, Metric, Subject};
use crate::insights::history::{Day, History, usd};

/// Input tokens of a day before the share of cached ones says something.
const INPUT_MIN: u64 = 20_000;
/// Share of cached tokens that there used to be, at least.
const SHARE_MIN: f64 = 0.1;
/// What is left of the share, at most.
const RATIO_MAX: f64 = 0.5;
/// How many times its noise the share must lie below.
const SCORE_MIN: f64 = 4.0;

pub(super) fn find(history: &History, whole: Whole) -> Option<Finding> {
    let (Subject::Section(_) | Subject::Model(..)) = history.subject else {
        return None;
    };
    let days = history.series(cached_share);
    let baseline = Baseline::of(&days)?;
    let ratio = baseline.ratio(days[0]).filter(|ratio| ratio.is_finite())?;
    if baseline.expected < SHARE_MIN
        || ratio > RATIO_MAX
        || baseline.score(days[0]) > -SCORE_MIN
        || days[0] >= baseline.weekday_low
    {
        return None;
    }
    let day = history.day();
    let usual = Baseline::of(&history.series(|day| mean(day, usd(day.cost))))?;
    let change = usd(day.cost) - usual.expected * day.calls as f64;
    // Dearer calls are the harm; a cheap section may lose its cache unnoticed.
    (change > 0.0 && whole.matters(usd(day.cost))).then(|| {
        let metric = Metric::CachedShare;
        let kind = Kind::CacheHitCollapse;
        Finding::against(kind, &history.subject, metric, &baseline, &days).costing(change)
    })
}

fn cached_share(day: &Day) -> f64 {
    if day.input >= INPUT_MIN {
        day.cached as f64 / day.input as f64
    } else {
        f64::NAN
    }
}
