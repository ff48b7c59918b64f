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
/// The same for the cost of the whole tenant.
const AS_ONE_MIN: f64 = 0.75;

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
    // What is nearly all of the tenant is the tenant. Where two subjects jumped, each is told: the
    // whole tenant has to have moved nearly as one.
    if wider.subject == Subject::All && wider.kind != Kind::ErrorBurst {
        return outside_size < OUTSIDE_SHARE_MIN * size || outside / whole >= AS_ONE_MIN;
    }
    outside_size >= OUTSIDE_SHARE_MIN * size && outside / whole >= OUTSIDE_STRENGTH_MIN
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insights::finding::example::finding;
    use crate::insights::history::example::{model, row, section};

    /// A day on which a row cost so many times the usual.
    fn day(of: Change, times: i128) -> Change {
        let mut of = of;
        of.day.cost *= times;
        of
    }

    fn subjects(causes: &[Cause]) -> Vec<&Subject> {
        causes.iter().map(|cause| &cause.finding.subject).collect()
    }

    #[test]
    fn one_jump_in_many_cuts_is_told_of_the_narrowest() {
        let changes = [
            day(row("chat", "gpt-4o", "acme"), 9),
            row("chat", "gpt-4o", "else"),
            row("search", "gpt-4o", "else"),
        ];
        let customer = Subject::Customer("acme".to_owned());
        let found = [
            finding(Kind::CostSpike, Subject::All, 3.0, 11.0),
            finding(Kind::CostSpike, model("gpt-4o"), 3.0, 11.0),
            finding(Kind::CostSpike, section("chat"), 2.0, 10.0),
            finding(Kind::CostSpike, customer.clone(), 1.0, 9.0),
        ];
        let causes = causes(found.to_vec(), &changes);
        assert_eq!(subjects(&causes), [&customer]);
        assert_eq!(causes[0].also.len(), 3);
    }

    #[test]
    fn two_jumps_are_two_and_the_whole_is_none_of_its_own() {
        let changes = [
            day(row("chat", "gpt-4o", ""), 9),
            day(row("search", "gpt-5", ""), 5),
            row("draft", "gpt-5", ""),
        ];
        let found = [
            finding(Kind::CostSpike, Subject::All, 3.0, 15.0),
            finding(Kind::CostSpike, section("chat"), 1.0, 9.0),
            finding(Kind::CostSpike, section("search"), 1.0, 5.0),
        ];
        let causes = causes(found.to_vec(), &changes);
        assert_eq!(subjects(&causes), [&section("chat"), &section("search")]);
    }

    #[test]
    fn an_outage_is_of_the_provider() {
        let failing = |section: &str, model: &str| {
            let mut of = row(section, model, "");
            of.day.errors = 50;
            of
        };
        let changes = [failing("chat", "gpt-4o"), failing("search", "gpt-5")];
        let provider = Subject::Provider("openai".to_owned());
        let found = [
            finding(Kind::ErrorBurst, section("chat"), 0.0, 0.5),
            finding(Kind::ErrorBurst, section("search"), 0.0, 0.49),
            finding(Kind::ErrorBurst, provider.clone(), 0.0, 0.495),
        ];
        assert_eq!(subjects(&causes(found.to_vec(), &changes)), [&provider]);
    }

    #[test]
    fn a_jump_is_explained_by_its_longer_prompt() {
        let changes = [
            day(row("chat", "gpt-4o", ""), 3),
            row("search", "gpt-4o", ""),
        ];
        let found = [
            finding(Kind::CostSpike, section("chat"), 1.0, 3.0),
            finding(Kind::TokenBloat, section("chat"), 1000.0, 3000.0),
        ];
        let causes = causes(found.to_vec(), &changes);
        assert_eq!(causes.len(), 1);
        assert_eq!(causes[0].finding.kind, Kind::TokenBloat);
    }
}
