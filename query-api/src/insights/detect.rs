//! Judges a tenant's histories, kind by kind. Every bound has a name here or beside its kind;
//! `bench/anomalies` measures what they catch and what they raise for nothing.

pub(super) mod cache;
mod cost;
mod errors;
mod models;
mod retries;
pub(super) mod tokens;
mod unpriced;

use super::baseline::Baseline;
use super::finding::{Finding, Subject};
use super::history::{RunsWeeks, Weeks, usd};

/// Dollars a day below which a subject's cost is of no interest.
pub(super) const COST_MIN_USD: f64 = 0.5;
/// Failed calls of the day before they are a burst.
pub(super) const ERRORS_MIN: u64 = 15;
/// Events of the day without a price before it is worth a word.
pub(super) const UNPRICED_MIN: u64 = 5;
/// Runs of the day before their length is judged.
pub(super) const RUNS_MIN: u64 = 5;
/// Share of the tenant's expected day that a change must have.
const SHARE_MIN: f64 = 0.05;

/// What is needed to tell whether a subject matters to its tenant.
#[derive(Debug, Clone, Copy)]
struct Whole {
    /// Dollars that the tenant's day should have cost.
    expected_usd: f64,
}

impl Whole {
    /// Whether so many dollars more or less are worth a word.
    fn matters(self, usd: f64) -> bool {
        self.matters_by(SHARE_MIN, usd)
    }

    /// The same with another share of the tenant's day.
    fn matters_by(self, share: f64, usd: f64) -> bool {
        usd.abs() >= COST_MIN_USD.max(share * self.expected_usd)
    }
}

/// The findings about some subjects of a tenant, of which all usage is given.
pub(super) fn find(
    usage: &[Weeks<'_>],
    runs: &[RunsWeeks<'_>],
    asked: impl Fn(&Subject) -> bool,
) -> Vec<Finding> {
    let of_asked = || usage.iter().copied().filter(|weeks| asked(weeks.subject));
    let mut findings: Vec<Finding> = of_asked().filter_map(unpriced::find).collect();
    // Where the tenant itself is new, everything is: nothing can be unlike before.
    let Some((tenant, whole)) = whole(usage) else {
        return findings;
    };
    let tide = cost::Tide::of(usage);
    for weeks in of_asked() {
        findings.extend(cost::find(weeks, &tide, whole));
        findings.extend(models::find(weeks, tenant, whole));
        findings.extend(tokens::find(weeks, whole));
        findings.extend(errors::find(weeks));
        findings.extend(cache::find(weeks, whole));
    }
    let runs = runs.iter().copied().filter(|weeks| asked(weeks.subject));
    findings.extend(runs.filter_map(|weeks| retries::find(weeks, whole)));
    findings
}

/// All usage of the tenant, and what follows from it.
fn whole<'a>(usage: &[Weeks<'a>]) -> Option<(Weeks<'a>, Whole)> {
    let tenant = usage.iter().find(|weeks| *weeks.subject == Subject::All)?;
    let baseline = Baseline::of(&tenant.series(|day| usd(day.cost)))?;
    let expected_usd = baseline.high;
    Some((*tenant, Whole { expected_usd }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insights::finding::Kind;
    use crate::insights::history::example::{runs, tenant};
    use crate::insights::history::{History, RunsHistory};

    /// What is found on the day: kinds and subjects.
    pub(super) fn found(tenant: &[History], runs: &[RunsHistory]) -> Vec<(Kind, Subject)> {
        let usage: Vec<_> = tenant.iter().filter_map(|of| of.ago(0)).collect();
        let runs: Vec<_> = runs.iter().filter_map(|of| of.ago(0)).collect();
        find(&usage, &runs, |_| true)
            .into_iter()
            .map(|finding| (finding.kind, finding.subject))
            .collect()
    }

    #[test]
    fn an_ordinary_day_is_not_told() {
        assert_eq!(found(&tenant(), &[runs()]), []);
    }

    #[test]
    fn a_young_tenant_is_not_judged() {
        let mut young = tenant();
        for history in &mut young {
            history.days[15..].fill(Default::default());
            history.days[0].cost *= 5;
        }
        assert_eq!(found(&young, &[]), []);
    }
}
