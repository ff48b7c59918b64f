//! Findings that rest on the same events are one cause.
//!
//! A customer that suddenly calls one model in one section ten times as often raises four
//! findings. The one that is furthest from its usual is told; the others stand beside it.

use super::finding::{Finding, Kind, Subject};
use super::history::Change;

/// Share of a finding's change that another must account for to explain it.
const SHARE_MIN: f64 = 0.6;

/// A finding and the subjects in which the same change shows.
#[derive(Debug, Clone)]
pub(super) struct Cause {
    pub(super) finding: Finding,
    pub(super) also: Vec<Subject>,
}

/// The causes, causes of causes first, then the largest.
pub(super) fn causes(mut findings: Vec<Finding>, changes: &[Change]) -> Vec<Cause> {
    findings.sort_by(|a, b| {
        let rank = |finding: &Finding| (finding.kind, finding.subject == Subject::All);
        rank(a)
            .cmp(&rank(b))
            .then(b.strength().total_cmp(&a.strength()))
            .then(a.subject.cmp(&b.subject))
    });
    let mut causes: Vec<Cause> = Vec::new();
    for finding in findings {
        let explained = causes.iter_mut().find(|cause| {
            explains(cause.finding.kind, finding.kind)
                && share(&cause.finding, &finding, changes) >= SHARE_MIN
        });
        match explained {
            Some(cause) => {
                let known = finding.subject == cause.finding.subject
                    || cause.also.contains(&finding.subject);
                if !known {
                    cause.also.push(finding.subject);
                }
            }
            None => causes.push(Cause {
                finding,
                also: Vec::new(),
            }),
        }
    }
    causes.sort_by(|a, b| {
        let size = |cause: &Cause| cause.finding.impact_usd.unwrap_or(0.0).abs();
        size(b).total_cmp(&size(a))
    });
    causes
}

/// Whether the one kind can be why the other is seen.
fn explains(cause: Kind, effect: Kind) -> bool {
    use Kind::{
        CacheHitCollapse, CostDrop, CostSpike, ErrorBurst, NewExpensiveModel, RetryLoop,
        TokenBloat, UnpricedUsage,
    };
    match cause {
        // Each model's price is asked for on its own.
        UnpricedUsage => effect == CostDrop,
        NewExpensiveModel | RetryLoop | CacheHitCollapse | TokenBloat => matches!(
            effect,
            NewExpensiveModel | RetryLoop | CacheHitCollapse | TokenBloat | CostSpike
        ),
        // Failed calls cost nothing.
        ErrorBurst => matches!(effect, ErrorBurst | CostDrop),
        CostSpike => effect == CostSpike,
        CostDrop => effect == CostDrop,
    }
}

/// Which part of the effect's change lies in the cause's events.
fn share(cause: &Finding, effect: &Finding, changes: &[Change]) -> f64 {
    if cause.subject == effect.subject {
        return 1.0;
    }
    let falls = effect.kind == Kind::CostDrop;
    let measure = |change: &Change| match effect.kind {
        Kind::ErrorBurst => change.errors,
        _ if falls => -change.cost,
        _ => change.cost,
    };
    let (mut whole, mut common) = (0.0, 0.0);
    for change in changes
        .iter()
        .filter(|change| effect.subject.covers(change))
    {
        let size = measure(change);
        whole += size;
        if cause.subject.covers(change) {
            common += size;
        }
    }
    if whole <= 0.0 { 0.0 } else { common / whole }
}
