//! Prompts that grew.

use super::Whole;
use crate::insights::baseline::Baseline;
use crate::insights::finding::{Finding, Kind, Metric, Subject};
use crate::insights::history::{Day, Weeks, usd};

/// Calls of a day before their mean says something.
const CALLS_MIN: u64 = 20;
/// How many times the expectation, at least.
pub(in crate::insights) const RATIO_MIN: f64 = 1.4;
/// How many times its noise the mean must lie off.
const SCORE_MIN: f64 = 3.5;

pub(super) fn find(weeks: Weeks<'_>, whole: Whole) -> Option<Finding> {
    // A provider's mean moves with the mix of its models; a model's and a section's is a prompt.
    let (Subject::Section(_) | Subject::Model(..)) = weeks.subject else {
        return None;
    };
    let days = weeks.series(|day| mean(day, day.input as f64));
    let baseline = Baseline::of(&days).filter(|_| days[0].is_finite())?;
    let grew = baseline.above(days[0]) >= SCORE_MIN
        && days[0] >= RATIO_MIN * baseline.high
        && days[0] > baseline.odd_high;
    if !grew {
        return None;
    }
    let change = dearer_calls(weeks)?;
    whole.matters(change).then(|| {
        let (kind, metric) = (Kind::TokenBloat, Metric::InputTokensPerCall);
        Finding::against(kind, weeks.subject, metric, baseline.high, &baseline, &days)
            .costing(change)
    })
}

/// Dollars that the day's calls cost more than as many did before.
pub(super) fn dearer_calls(weeks: Weeks<'_>) -> Option<f64> {
    let usual = Baseline::of(&weeks.series(|day| mean(day, usd(day.cost))))?;
    Some(usd(weeks.day().cost) - usual.high * good(weeks.day()) as f64)
}

/// Of a call that succeeded, as one that failed has no tokens; `NaN` of too few.
pub(super) fn mean(day: &Day, sum: f64) -> f64 {
    if good(day) >= CALLS_MIN {
        sum / good(day) as f64
    } else {
        f64::NAN
    }
}

fn good(day: &Day) -> u64 {
    day.calls.saturating_sub(day.errors)
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use crate::insights::finding::Kind;
    use crate::insights::history::example::{change, section, tenant};

    #[test]
    fn a_longer_prompt_is_told_when_it_costs() {
        let mut longer = tenant();
        change(&mut longer, &section("chat"), 0, |day| {
            (day.input, day.cost) = (day.input * 2, day.cost * 3 / 2);
        });
        assert_eq!(found(&longer, &[]), [(Kind::TokenBloat, section("chat"))]);
        let mut cheap = tenant();
        change(&mut cheap, &section("chat"), 0, |day| day.input *= 2);
        assert_eq!(found(&cheap, &[]), []);
    }

    /// Failed calls have no tokens: that many fail makes no prompt shorter or longer.
    #[test]
    fn failed_calls_do_not_count() {
        let mut failing = tenant();
        change(&mut failing, &section("chat"), 1, |day| {
            (day.errors, day.input, day.cost) = (100, day.input / 2, day.cost / 2);
        });
        assert_eq!(found(&failing, &[]), []);
    }
}
