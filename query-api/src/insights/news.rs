//! What was not told before.
//!
//! A jump that stays is told on the first day that shows it, not on each. So a finding is news
//! unless one of the seven days before, judged as this one, showed the same about half as large.
//! The same answer comes for the same `as_of`: nothing is kept.

use std::collections::BTreeMap;

use super::detect;
use super::explain::Cause;
use super::finding::{Finding, Kind, Subject};
use super::history::{History, RunsHistory, RunsWeeks, Weeks};
use super::window::EARLIER_DAYS;

/// How many times the earlier size it must have to be told again.
const GROWN: f64 = 2.0;

/// The largest size of each finding on the days before.
pub(super) struct Known(BTreeMap<(Kind, Subject), f64>);

impl Known {
    /// Judges the days before, as far as today's findings ask for it.
    pub(super) fn before(findings: &[Finding], usage: &[History], runs: &[RunsHistory]) -> Self {
        let asked = |subject: &Subject| findings.iter().any(|found| found.subject == *subject);
        let mut known = BTreeMap::new();
        for days in 1..=EARLIER_DAYS {
            let usage: Vec<Weeks<'_>> = usage.iter().filter_map(|of| of.ago(days)).collect();
            let runs: Vec<RunsWeeks<'_>> = runs.iter().filter_map(|of| of.ago(days)).collect();
            for finding in detect::find(&usage, &runs, asked) {
                let size = finding.size();
                let largest: &mut f64 = known.entry((finding.kind, finding.subject)).or_default();
                *largest = largest.max(size);
            }
        }
        Self(known)
    }

    /// Whether the cause, or the same change of another subject, was there and is no larger now.
    pub(super) fn includes(&self, cause: &Cause) -> bool {
        // Usage without a price is missing in every bill until someone gives it one.
        cause.finding.kind != Kind::UnpricedUsage
            && cause.findings().any(|finding| {
                let key = (finding.kind, finding.subject.clone());
                finding.kind == cause.finding.kind
                    && self
                        .0
                        .get(&key)
                        .is_some_and(|size| finding.size() < GROWN * size)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insights::history::example::{change, section, tenant};

    /// Whether the section's jump of today is news, when it costs so many times the usual.
    fn is_news(times: i128, before: &[(usize, i128)]) -> bool {
        let mut tenant = tenant();
        for (day, times) in before.iter().chain(&[(0, times)]) {
            change(&mut tenant, &section("chat"), *day, |of| of.cost *= *times);
        }
        let usage: Vec<_> = tenant.iter().filter_map(|of| of.ago(0)).collect();
        let finding = detect::find(&usage, &[], |_| true).remove(0);
        let known = Known::before(std::slice::from_ref(&finding), &tenant, &[]);
        let also = Vec::new();
        !known.includes(&Cause { finding, also })
    }

    #[test]
    fn a_jump_that_stays_is_told_once() {
        assert!(is_news(3, &[]));
        assert!(!is_news(3, &[(1, 3)]));
        assert!(!is_news(3, &[(6, 3)]));
        assert!(is_news(3, &[(8, 3)]));
    }

    #[test]
    fn what_became_twice_as_large_is_told_again() {
        assert!(is_news(9, &[(1, 3)]));
        assert!(!is_news(4, &[(1, 3)]));
    }
}
