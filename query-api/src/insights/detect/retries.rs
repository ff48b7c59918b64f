//! Runs that call again and again.

use super::{RUNS_MIN, Whole};
use crate::insights::baseline::{ODD_DAYS, median};
use crate::insights::finding::{Finding, Kind, Metric};
use crate::insights::history::{RunsWeeks, usd};

/// Runs of a past day before their length says something.
const PAST_RUNS_MIN: u64 = 5;
/// Past days that must say something.
const DAYS_MIN: usize = 7;
/// How many times the expectation, at least.
const RATIO_MIN: f64 = 2.0;
/// How many calls more than expected, at least.
const RISE_MIN: f64 = 4.0;
/// How many times what all but a few of the days before stayed below.
const OVER_PAST: f64 = 1.3;

pub(super) fn find(weeks: RunsWeeks<'_>, whole: Whole) -> Option<Finding> {
    let days: Vec<f64> = weeks
        .days
        .iter()
        .map(|day| match day.runs {
            PAST_RUNS_MIN.. => day.calls_per_run,
            _ => f64::NAN,
        })
        .collect();
    let mut known: Vec<f64> = days[1..]
        .iter()
        .copied()
        .filter(|calls| calls.is_finite())
        .collect();
    if known.len() < DAYS_MIN || weeks.days[0].runs < RUNS_MIN {
        return None;
    }
    known.sort_by(f64::total_cmp);
    let expected = median(known.iter().copied())?;
    let highest = known[known.len().saturating_sub(1 + ODD_DAYS)];
    let loops = days[0] >= RATIO_MIN * expected
        && days[0] - expected >= RISE_MIN
        && days[0] >= OVER_PAST * highest;
    if !loops {
        return None;
    }
    let cost_of_run = |day: usize| {
        let day = &weeks.days[day];
        (day.runs >= PAST_RUNS_MIN).then(|| usd(day.cost) / day.runs as f64)
    };
    let usual = median((1..days.len()).filter_map(cost_of_run))?;
    let day = &weeks.days[0];
    let change = usd(day.cost) - usual * day.runs as f64;
    whole.matters(change).then(|| Finding {
        kind: Kind::RetryLoop,
        subject: weeks.subject.clone(),
        metric: Metric::CallsPerRun,
        expected,
        actual: days[0],
        actual_pico: None,
        impact_usd: Some(change),
        usual: None,
        days,
        runs: weeks.longest.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use crate::insights::finding::Kind;
    use crate::insights::history::example::{runs, section, tenant};

    #[test]
    fn longer_runs_are_told_when_they_cost() {
        let mut loops = runs();
        loops.days[0].calls_per_run = 20.0;
        assert_eq!(found(&tenant(), &[loops.clone()]), []);
        loops.days[0].cost *= 2;
        let told = [(Kind::RetryLoop, section("chat"))];
        assert_eq!(found(&tenant(), &[loops.clone()]), told);
        loops.days[0].runs = 4;
        assert_eq!(found(&tenant(), &[loops]), []);
    }

    #[test]
    fn what_is_often_so_is_ordinary() {
        let mut often = runs();
        for day in [0, 2, 6, 11, 17, 23] {
            often.days[day].calls_per_run = 20.0;
            often.days[day].cost *= 2;
        }
        assert_eq!(found(&tenant(), &[often]), []);
    }
}
