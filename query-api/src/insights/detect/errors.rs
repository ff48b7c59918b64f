//! Calls that fail more often than they use to.

use super::ERRORS_MIN;
use crate::insights::baseline::{Baseline, median};
use crate::insights::finding::{Finding, Kind, Metric, Subject};
use crate::insights::history::{Day, History};

/// Calls of a day before their rate says something.
const CALLS_MIN: u64 = 20;
/// Share of the calls that fail more than expected, at least.
const RISE_MIN: f64 = 0.05;
/// How many times the expectation, at least.
const RATIO_MIN: f64 = 2.5;
/// Standard deviations of a binomial count above the expectation, at least.
const SCORE_MIN: f64 = 6.0;
/// The rate of a subject that never failed is still not zero.
const RATE_MIN: f64 = 0.005;

pub(super) fn find(history: &History) -> Option<Finding> {
    if let Subject::Customer(_) = history.subject {
        return None;
    }
    let day = history.day();
    if day.errors < ERRORS_MIN || day.calls < CALLS_MIN {
        return None;
    }
    let days = history.series(rate);
    let known = || days[1..].iter().copied().filter(|rate| rate.is_finite());
    let expected = median(known())?;
    let highest = second_highest(known());
    let rate = expected.max(RATE_MIN);
    let calls = day.calls as f64;
    let deviation = (rate * (1.0 - rate) / calls).sqrt();
    let bursts = days[0] - expected >= RISE_MIN
        && days[0] >= RATIO_MIN * expected
        && days[0] > highest
        && (days[0] - expected) / deviation >= SCORE_MIN;
    bursts.then(|| Finding {
        kind: Kind::ErrorBurst,
        subject: history.subject.clone(),
        metric: Metric::ErrorRate,
        expected,
        actual: days[0],
        actual_pico: None,
        impact_usd: None,
        usual: Baseline::of(&days).map(|baseline| baseline.usual()),
        days: days.to_vec(),
        runs: Vec::new(),
    })
}

fn rate(day: &Day) -> f64 {
    if day.calls >= CALLS_MIN {
        day.errors as f64 / day.calls as f64
    } else {
        f64::NAN
    }
}

/// One of the highest may be an old burst.
fn second_highest(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.iter().rev().nth(1).copied().unwrap_or(0.0)
}
