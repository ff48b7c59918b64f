//! Prompts that grew.

use super::Whole;
use crate::insights::baseline::Baseline;
use crate::insights::finding::{Finding, Kind, Metric, Subject};
use crate::insights::history::{Day, History, usd};

/// Calls of a day before their mean says something.
const CALLS_MIN: u64 = 20;
/// How many times the expectation, at least.
const RATIO_MIN: f64 = 1.4;
/// How many times its noise the mean must lie off.
const SCORE_MIN: f64 = 3.5;

pub(super) fn find(history: &History, whole: Whole) -> Option<Finding> {
    // A provider's mean moves with the mix of its models; a model's and a section's is a prompt.
    let (Subject::Section(_) | Subject::Model(..)) = history.subject else {
        return None;
    };
    let days = history.series(|day| mean(day, day.input as f64));
    let baseline = Baseline::of(&days)?;
    let ratio = baseline.ratio(days[0]).filter(|ratio| ratio.is_finite())?;
    if ratio < RATIO_MIN || baseline.score(days[0]) < SCORE_MIN || days[0] <= baseline.weekday_high
    {
        return None;
    }
    let day = history.day();
    let usual = Baseline::of(&history.series(|day| mean(day, usd(day.cost))))?;
    let change = usd(day.cost) - usual.expected * day.calls as f64;
    whole.matters(change).then(|| {
        let metric = Metric::InputTokensPerCall;
        Finding::against(Kind::TokenBloat, &history.subject, metric, &baseline, &days)
            .costing(change)
    })
}

/// Of a call; `NaN` of too few.
pub(super) fn mean(day: &Day, sum: f64) -> f64 {
    if day.calls >= CALLS_MIN {
        sum / day.calls as f64
    } else {
        f64::NAN
    }
}
