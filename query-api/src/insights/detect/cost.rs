//! Cost that jumps or drops.

use super::Whole;
use crate::insights::baseline::Baseline;
use crate::insights::finding::{Finding, Kind, Metric};
use crate::insights::history::{History, usd};

/// How many times its noise a day's cost must lie off.
const SCORE_MIN: f64 = 4.0;
/// How many times the expectation a jump has, at least.
const SPIKE_RATIO_MIN: f64 = 1.5;
/// And how many times the second highest of the same weekdays.
const SPIKE_OVER_WEEKDAYS: f64 = 1.25;
/// What share of the expectation is left after a drop, at most.
const DROP_RATIO_MAX: f64 = 0.5;
/// And of the second lowest of the same weekdays.
const DROP_UNDER_WEEKDAYS: f64 = 0.75;
/// Days with cost, of the 28, before an absence is a drop.
const DROP_DAYS_MIN: usize = 24;
/// A subject that is rarely there: its day must have this share of the tenant's expected day …
const RARE_SHARE_MIN: f64 = 0.3;
/// … and so many times its own dearest day.
const RARE_RATIO_MIN: f64 = 3.0;

pub(super) fn find(history: &History, whole: Whole) -> Option<Finding> {
    let days = history.series(|day| usd(day.cost));
    let Some(baseline) = Baseline::of(&days) else {
        return rare(history, &days, whole);
    };
    let change = days[0] - baseline.expected;
    if !whole.matters(change) {
        return None;
    }
    let score = baseline.score(days[0]);
    let ratio = baseline.ratio(days[0])?;
    let spike = score >= SCORE_MIN
        && ratio >= SPIKE_RATIO_MIN
        && days[0] >= SPIKE_OVER_WEEKDAYS * baseline.weekday_high;
    let drop = score <= -SCORE_MIN
        && ratio <= DROP_RATIO_MAX
        && days[0] <= DROP_UNDER_WEEKDAYS * baseline.weekday_low
        && days[1..].iter().filter(|usd| **usd > 0.0).count() >= DROP_DAYS_MIN;
    let kind = match (spike, drop) {
        (true, _) => Kind::CostSpike,
        (_, true) => Kind::CostDrop,
        _ => return None,
    };
    let subject = &history.subject;
    let finding = Finding::against(kind, subject, Metric::TotalCost, &baseline, &days);
    Some(finding.costing(change).exactly(history.day().cost))
}

/// A customer or a section with too few days to expect anything of.
fn rare(history: &History, days: &[f64], whole: Whole) -> Option<Finding> {
    let highest = days[1..].iter().copied().fold(0.0, f64::max);
    let change = days[0] - highest;
    let jumps = whole.matters(change)
        && days[0] >= RARE_SHARE_MIN * whole.expected_usd
        && days[0] >= RARE_RATIO_MIN * highest;
    jumps.then(|| Finding {
        kind: Kind::CostSpike,
        subject: history.subject.clone(),
        metric: Metric::TotalCost,
        expected: highest,
        actual: days[0],
        actual_pico: Some(history.day().cost),
        impact_usd: Some(change),
        usual: None,
        days: days.to_vec(),
        runs: Vec::new(),
    })
}
