//! Judges a tenant's histories, kind by kind. Every bound has a name here or beside its kind;
//! `bench/anomalies` measures what they catch and what they raise for nothing.

mod cache;
mod cost;
mod errors;
mod models;
mod retries;
mod tokens;
mod unpriced;

use super::baseline::Baseline;
use super::finding::{Finding, Subject};
use super::history::{History, RunsHistory, usd};

/// Dollars a day below which a subject's cost is of no interest.
pub(super) const COST_MIN_USD: f64 = 0.5;
/// Failed calls of the day before they are a burst.
pub(super) const ERRORS_MIN: u64 = 15;
/// Events of the day without a price before it is worth a word.
pub(super) const UNPRICED_MIN: u64 = 5;
/// Runs of the day before their length is judged.
pub(super) const RUNS_MIN: u64 = 10;
/// Share of the tenant's expected day that a change must have.
const COST_SHARE_MIN: f64 = 0.05;

/// What is needed to tell whether a subject matters to its tenant.
#[derive(Debug, Clone, Copy)]
struct Whole {
    /// Dollars that the tenant's day should have cost.
    expected_usd: f64,
}

impl Whole {
    /// Whether so many dollars more or less are worth a word.
    fn matters(self, usd: f64) -> bool {
        usd.abs() >= COST_MIN_USD.max(COST_SHARE_MIN * self.expected_usd)
    }
}

/// All findings about a tenant.
pub(super) fn all(histories: &[History], runs: &[RunsHistory]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = histories.iter().filter_map(unpriced::find).collect();
    // Where the tenant itself is new, everything is: nothing can be unlike before.
    let Some(whole) = whole(histories) else {
        return findings;
    };
    for history in histories {
        findings.extend(cost::find(history, whole));
        findings.extend(models::find(history, histories, whole));
        findings.extend(tokens::find(history, whole));
        findings.extend(errors::find(history));
        findings.extend(cache::find(history, whole));
    }
    findings.extend(runs.iter().filter_map(|runs| retries::find(runs, whole)));
    findings
}

fn whole(histories: &[History]) -> Option<Whole> {
    let all = histories
        .iter()
        .find(|history| history.subject == Subject::All)?;
    let baseline = Baseline::of(&all.series(|day| usd(day.cost)))?;
    Some(Whole {
        expected_usd: baseline.expected,
    })
}
