//! Calls that fail more often than they use to.

use super::ERRORS_MIN;
use crate::insights::baseline::{Baseline, median};
use crate::insights::finding::{Finding, Kind, Metric, Subject};
use crate::insights::history::{Day, Weeks};

/// Calls of a day before their rate says something.
const CALLS_MIN: u64 = 20;
/// Share of the calls that fail more than expected, at least.
const RISE_MIN: f64 = 0.09;
/// How many times the expectation, at least.
const RATIO_MIN: f64 = 3.0;
/// Standard deviations above the expectation, at least: of the count, as chance has it, and of the
/// days before, as errors come in waves.
const SCORE_MIN: f64 = 5.0;
/// The rate of a subject that never failed is still not zero.
const RATE_MIN: f64 = 0.005;
/// The deviation of a normal distribution by its median absolute deviation.
const MAD_TO_SIGMA: f64 = 1.4826;

pub(super) fn find(weeks: Weeks<'_>) -> Option<Finding> {
    if let Subject::Customer(_) = weeks.subject {
        return None;
    }
    let day = weeks.day();
    if day.errors < ERRORS_MIN || day.calls < CALLS_MIN {
        return None;
    }
    let days = weeks.series(rate);
    let known = || days[1..].iter().copied().filter(|rate| rate.is_finite());
    let expected = median(known())?;
    let waves = MAD_TO_SIGMA * median(known().map(|rate| (rate - expected).abs()))?;
    let rate = expected.max(RATE_MIN);
    let chance = rate * (1.0 - rate) / day.calls as f64;
    let deviation = (chance + waves * waves).sqrt();
    let bursts = days[0] - expected >= RISE_MIN
        && days[0] >= RATIO_MIN * expected
        && (days[0] - expected) / deviation >= SCORE_MIN;
    bursts.then(|| Finding {
        kind: Kind::ErrorBurst,
        subject: weeks.subject.clone(),
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

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use crate::insights::finding::{Kind, Subject};
    use crate::insights::history::example::{change, section, tenant};

    #[test]
    fn a_burst_is_told_and_a_wave_is_not() {
        let mut burst = tenant();
        change(&mut burst, &section("chat"), 0, |day| day.errors = 40);
        assert_eq!(found(&burst, &[]), [(Kind::ErrorBurst, section("chat"))]);
        change(&mut burst, &section("chat"), 0, |day| day.errors = 16);
        assert_eq!(found(&burst, &[]), []);
    }

    #[test]
    fn what_fails_in_waves_has_to_fail_more() {
        let mut waves = tenant();
        for day in 1..36 {
            change(&mut waves, &section("chat"), day, |of| {
                of.errors = [2, 24][day % 2]
            });
        }
        change(&mut waves, &section("chat"), 0, |day| day.errors = 40);
        assert_eq!(found(&waves, &[]), []);
    }

    #[test]
    fn customers_are_not_judged_by_errors() {
        let mut tenant = tenant();
        let customer = Subject::Customer("acme".to_owned());
        tenant[1].subject = customer.clone();
        change(&mut tenant, &customer, 0, |day| day.errors = 90);
        assert_eq!(found(&tenant, &[]), []);
    }
}
