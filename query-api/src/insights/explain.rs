//! Findings that rest on the same events are one cause.
//!
//! A customer that suddenly calls one model in one section ten times as often raises four
//! findings. One is told; the others stand beside it.

use super::finding::{Finding, Kind, Subject};
use super::history::{Change, usd};

/// Share of a finding's change that other causes must account for to explain it.
const SHARE_MIN: f64 = 0.6;
/// A wider subject is the cause when what of it lies outside the narrower one, at least this share
/// of it …
const OUTSIDE_SHARE_MIN: f64 = 0.1;
/// … has moved, too, at least by this part of how far the whole has.
const OUTSIDE_STRENGTH_MIN: f64 = 0.5;

/// A finding, and those in which the same change shows.
#[derive(Debug, Clone)]
pub(super) struct Cause {
    pub(super) finding: Finding,
    pub(super) also: Vec<Finding>,
}

impl Cause {
    pub(super) fn findings(&self) -> impl Iterator<Item = &Finding> {
        std::iter::once(&self.finding).chain(&self.also)
    }
}

/// The causes, the largest first.
pub(super) fn causes(mut findings: Vec<Finding>, changes: &[Change]) -> Vec<Cause> {
    // Kinds that cause others first; of each, what is furthest from its usual.
    findings.sort_by(|a, b| {
        a.kind
            .cmp(&b.kind)
            .then(b.strength().total_cmp(&a.strength()))
            .then(a.subject.cmp(&b.subject))
    });
    let mut causes: Vec<Cause> = Vec::new();
    while !findings.is_empty() {
        let first = findings.remove(0);
        if let Some(cause) = explained_by(&first, &causes, changes) {
            causes[cause].also.push(first);
            continue;
        }
        let (mut finding, mut also) = (first, Vec::new());
        while let Some(wider) = findings
            .iter()
            .position(|other| other.kind == finding.kind && is_wider(other, &finding, changes))
        {
            also.push(std::mem::replace(&mut finding, findings.remove(wider)));
        }
        causes.push(Cause { finding, also });
    }
    causes.sort_by(|a, b| {
        let size = |cause: &Cause| cause.finding.impact_usd.unwrap_or(0.0).abs();
        size(b).total_cmp(&size(a))
    });
    causes
}

/// The cause that accounts for most of the effect, when all together account for enough.
fn explained_by(effect: &Finding, causes: &[Cause], changes: &[Change]) -> Option<usize> {
    let able: Vec<usize> = (0..causes.len())
        .filter(|cause| explains(causes[*cause].finding.kind, effect.kind))
        .collect();
    let share_of = |some: &[usize]| {
        let subjects = some.iter().map(|cause| &causes[*cause].finding.subject);
        share(subjects, effect, changes)
    };
    if share_of(&able) < SHARE_MIN {
        return None;
    }
    let largest = |a: &usize, b: &usize| share_of(&[*a]).total_cmp(&share_of(&[*b]));
    able.into_iter().rev().max_by(largest)
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

/// How much of the effect's kind of change a combination of names has.
fn change_of(effect: &Finding, change: &Change) -> f64 {
    match effect.kind {
        Kind::ErrorBurst => change.errors(),
        Kind::CostDrop => -change.cost(),
        Kind::TokenBloat | Kind::CacheHitCollapse => change.dearer(),
        _ => change.cost(),
    }
}

/// Which part of the effect's change lies in the events of some subjects.
fn share<'a>(
    subjects: impl Iterator<Item = &'a Subject>,
    effect: &Finding,
    changes: &[Change],
) -> f64 {
    let subjects: Vec<&Subject> = subjects.collect();
    if subjects.contains(&&effect.subject) {
        return 1.0;
    }
    let (mut whole, mut common) = (0.0, 0.0);
    for change in changes.iter().filter(|of| effect.subject.covers(of)) {
        let size = change_of(effect, change);
        whole += size;
        if subjects.iter().any(|subject| subject.covers(change)) {
            common += size;
        }
    }
    if whole > 0.0 { common / whole } else { 0.0 }
}

/// Whether the change is one of the wider subject: it shows in what the narrower one is not, too.
fn is_wider(wider: &Finding, narrower: &Finding, changes: &[Change]) -> bool {
    if !matches!(wider.subject, Subject::All | Subject::Provider(_)) {
        return false;
    }
    let figures = |outside_only: bool| {
        let (mut actual, mut usual, mut size) = (0.0, 0.0, 0.0);
        let within = changes.iter().filter(|of| wider.subject.covers(of));
        for change in within.filter(|of| !(outside_only && narrower.subject.covers(of))) {
            if wider.kind == Kind::ErrorBurst {
                actual += change.day.errors as f64;
                usual += change.day.errors as f64 - change.errors();
                size += change.day.calls as f64;
            } else {
                actual += usd(change.day.cost);
                usual += change.usual_cost();
                size += change.usual_cost();
            }
        }
        // Errors as rates, so that they rise by what of all calls failed more.
        let moved = match wider.kind {
            Kind::ErrorBurst => (actual - usual) / size,
            _ => (actual / usual).ln(),
        };
        (moved, size)
    };
    let ((whole, size), (outside, outside_size)) = (figures(false), figures(true));
    // What is nearly all of the tenant is the tenant.
    let same = wider.kind != Kind::ErrorBurst
        && wider.subject == Subject::All
        && outside_size < OUTSIDE_SHARE_MIN * size;
    same || outside_size >= OUTSIDE_SHARE_MIN * size && outside / whole >= OUTSIDE_STRENGTH_MIN
}
