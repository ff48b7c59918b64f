//! Cost that jumps or drops.

use super::Whole;
use crate::insights::baseline::Baseline;
use crate::insights::finding::{Finding, Kind, Metric, Subject};
use crate::insights::history::{Weeks, usd};

/// Share of the tenant's expected day that a change must have.
const COST_SHARE_MIN: f64 = 0.07;
/// How many times its noise a day's cost must lie off.
const SCORE_MIN: f64 = 3.75;
/// How many times the expectation a jump has, at least.
const SPIKE_RATIO_MIN: f64 = 1.8;
/// And how many times what all but a few days stayed below.
const SPIKE_OVER_ODD: f64 = 1.25;
/// What share of the expectation is left after a drop, at most.
const DROP_RATIO_MAX: f64 = 0.5;
/// And of what all but a few days stayed above.
const DROP_UNDER_ODD: f64 = 0.75;
/// Days with cost, of the 28, before an absence is a drop.
const DROP_DAYS_MIN: usize = 24;
/// Share of the tenant's expected day that the others of a subject's kind must have for them to
/// tell how all went.
const REST_SHARE_MIN: f64 = 0.1;
/// Zeros in logarithms.
const SOFTENING: f64 = 0.02;
/// A subject that is rarely there: its day must have this share of the tenant's expected day …
const RARE_SHARE_MIN: f64 = 0.3;
/// … and so many times its own dearest day.
const RARE_RATIO_MIN: f64 = 4.0;

pub(super) fn find(weeks: Weeks<'_>, tide: &Tide<'_>, whole: Whole) -> Option<Finding> {
    let days = weeks.series(|day| usd(day.cost));
    let Some(baseline) = Baseline::of(&days) else {
        return rare(weeks, &days, whole);
    };
    let today = days[0];
    // As it would have been, had not everything gone up or down: on a holiday a drop is what falls
    // by as much again. But nothing is told for having stayed where all else moved.
    let own = today / tide.level(weeks.subject, whole).exp();
    let (least, most) = (today.min(own), today.max(own));
    let spike = baseline.above(least) >= SCORE_MIN
        && least >= SPIKE_RATIO_MIN * baseline.high
        && least >= SPIKE_OVER_ODD * baseline.odd_high;
    let drop = baseline.below(most) >= SCORE_MIN
        && most <= DROP_RATIO_MAX * baseline.low
        && most <= DROP_UNDER_ODD * baseline.odd_low
        && days[1..].iter().filter(|usd| **usd > 0.0).count() >= DROP_DAYS_MIN;
    let (kind, expected) = match (spike, drop) {
        (true, _) => (Kind::CostSpike, baseline.high),
        (_, true) => (Kind::CostDrop, baseline.low),
        _ => return None,
    };
    let change = today - expected;
    whole.matters_by(COST_SHARE_MIN, change).then(|| {
        let metric = Metric::TotalCost;
        Finding::against(kind, weeks.subject, metric, expected, &baseline, &days)
            .costing(change)
            .exactly(weeks.day().cost)
    })
}

/// How far each subject went, as a log-ratio. A holiday, or a busy day, is of the whole tenant.
pub(super) struct Tide<'a>(Vec<(&'a Subject, f64, f64)>);

impl<'a> Tide<'a> {
    pub(super) fn of(usage: &[Weeks<'a>]) -> Self {
        let moved = |weeks: &Weeks<'a>| {
            let days = weeks.series(|day| usd(day.cost));
            let baseline = Baseline::of(&days)?;
            let expected = f64::midpoint(baseline.low, baseline.high);
            let moved = (days[0] / expected + SOFTENING).ln();
            (expected > 0.0).then_some((weeks.subject, expected, moved))
        };
        Self(usage.iter().filter_map(moved).collect())
    }

    /// How far the others of the subject's kind went: their median, weighted by cost.
    fn level(&self, subject: &Subject, whole: Whole) -> f64 {
        // There are few providers; whether they all moved, sections tell.
        let alike = |other: &Subject| match subject.is_supply() {
            true => matches!(other, Subject::Section(_)),
            false => std::mem::discriminant(other) == std::mem::discriminant(subject),
        };
        let mut others: Vec<(f64, f64)> = self
            .0
            .iter()
            .filter(|(other, ..)| alike(other) && *other != subject)
            .map(|(_, expected, moved)| (*moved, *expected))
            .collect();
        let weight: f64 = others.iter().map(|(_, expected)| expected).sum();
        if weight < REST_SHARE_MIN * whole.expected_usd {
            return 0.0;
        }
        others.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut below = 0.0;
        let median = others.iter().find(|(_, expected)| {
            below += expected;
            below >= weight / 2.0
        });
        median.map_or(0.0, |(moved, _)| *moved)
    }
}

/// A subject with too few days to expect anything of.
fn rare(weeks: Weeks<'_>, days: &[f64], whole: Whole) -> Option<Finding> {
    let highest = days[1..].iter().copied().fold(0.0, f64::max);
    let change = days[0] - highest;
    let jumps = whole.matters(change)
        && days[0] >= RARE_SHARE_MIN * whole.expected_usd
        && days[0] >= RARE_RATIO_MIN * highest;
    jumps.then(|| Finding {
        kind: Kind::CostSpike,
        subject: weeks.subject.clone(),
        metric: Metric::TotalCost,
        expected: highest,
        actual: days[0],
        actual_pico: Some(weeks.day().cost),
        impact_usd: Some(change),
        usual: None,
        days: days.to_vec(),
        runs: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use crate::insights::finding::{Kind, Subject};
    use crate::insights::history::example::{change, section, tenant, unused};

    #[test]
    fn a_jump_and_a_drop_are_told() {
        let mut jumped = tenant();
        change(&mut jumped, &section("chat"), 0, |day| day.cost *= 3);
        assert_eq!(found(&jumped, &[]), [(Kind::CostSpike, section("chat"))]);
        let mut fallen = tenant();
        change(&mut fallen, &section("chat"), 0, |day| day.cost /= 5);
        assert_eq!(found(&fallen, &[]), [(Kind::CostDrop, section("chat"))]);
    }

    #[test]
    fn half_more_is_ordinary() {
        let mut more = tenant();
        change(&mut more, &section("chat"), 0, |day| {
            day.cost = day.cost * 3 / 2
        });
        assert_eq!(found(&more, &[]), []);
    }

    #[test]
    fn what_the_tenant_would_not_notice_is_not_told() {
        let mut small = tenant();
        unused(&mut small, section("tiny"));
        for day in 0..36 {
            change(&mut small, &section("tiny"), day, |of| {
                of.cost = if day == 0 {
                    640_000_000_000
                } else {
                    100_000_000_000
                };
            });
        }
        assert_eq!(found(&small, &[]), []);
    }

    #[test]
    fn a_weekly_job_is_expected() {
        let mut weekly = tenant();
        for day in [0, 7, 14, 21, 28, 35] {
            change(&mut weekly, &section("chat"), day, |of| of.cost *= 4);
        }
        assert_eq!(found(&weekly, &[]), []);
    }

    /// Both sections and their models fell: it is told of the tenant alone.
    #[test]
    fn a_holiday_is_one_drop() {
        let mut holiday = tenant();
        for history in &mut holiday {
            history.days[0].cost = history.days[0].cost * 2 / 5;
        }
        assert_eq!(found(&holiday, &[]), [(Kind::CostDrop, Subject::All)]);
    }

    #[test]
    fn on_a_slow_day_a_drop_is_what_falls_by_as_much_again() {
        for (percent, told) in [(45, vec![]), (30, vec![(Kind::CostDrop, section("chat"))])] {
            let mut slow = tenant();
            for history in &mut slow {
                history.days[0].cost = history.days[0].cost * 3 / 4;
            }
            let usual = tenant();
            let whole = usual
                .iter()
                .find(|of| of.subject == section("chat"))
                .unwrap();
            let cost = whole.days[0].cost * percent / 100;
            change(&mut slow, &section("chat"), 0, |day| day.cost = cost);
            assert_eq!(found(&slow, &[]), told, "{percent} %");
        }
    }

    #[test]
    fn who_is_rarely_there_is_told_when_it_is_large() {
        let mut sporadic = tenant();
        unused(&mut sporadic, section("import"));
        change(&mut sporadic, &section("import"), 0, |day| {
            day.cost = 4_000_000_000_000
        });
        assert_eq!(
            found(&sporadic, &[]),
            [(Kind::CostSpike, section("import"))]
        );
        change(&mut sporadic, &section("import"), 9, |day| {
            day.cost = 2_000_000_000_000
        });
        assert_eq!(found(&sporadic, &[]), []);
    }
}
