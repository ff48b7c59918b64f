//! Findings that are seen in one cut of the usage and vanish in a finer one.
//!
//! A section that moves to another model is no drop of the one and no jump of the other. Usage
//! whose price became unknown is no drop. Calls that read more on average because the customers with
//! long prompts made more of them are no longer prompts.

use std::collections::BTreeMap;

use super::finding::{Finding, Kind, Subject};
use super::history::{Change, usd};

/// Share of the calls that a subject lost (or gained) and others of the same sections gained
/// (or lost), from which they have moved.
const MOVED_MIN: f64 = 0.6;
/// A subject's change is the whole tenant's when the rest, at least this share of it …
const REST_SHARE_MIN: f64 = 0.1;
/// … has changed as well, at least by this part of how far the subject has.
const REST_STRENGTH_MIN: f64 = 0.5;
/// Share of a subject's change in one section, from which it is that section's.
const OF_SECTION_MIN: f64 = 0.6;
/// Zeros in logarithms.
const SOFTENING: f64 = 0.02;
/// How many times what its sections' calls cost before a new model must cost.
const DEARER_MIN: f64 = 1.4;
/// How much of the change must remain when every customer's share of the calls is as it was.
const REMAINS_MIN: f64 = 0.6;

/// Whether the finding stands.
pub(super) fn stands(finding: &Finding, all: &[Finding], changes: &[Change]) -> bool {
    match finding.kind {
        Kind::CostSpike => {
            let switched = finding.subject.is_supply() && moved(finding, changes, 1.0) >= MOVED_MIN;
            !switched && !of_section(finding, all, changes)
        }
        Kind::CostDrop => {
            moved(finding, changes, -1.0) < MOVED_MIN && !of_section(finding, all, changes)
        }
        Kind::NewExpensiveModel => {
            usd(day_cost(finding, changes)) >= DEARER_MIN * as_before(finding, changes)
        }
        // Where calls have a section, that is judged; a model's mean moves with the mix of sections.
        Kind::TokenBloat | Kind::CacheHitCollapse
            if finding.subject.is_supply() && has_sections(finding, changes) =>
        {
            false
        }
        Kind::TokenBloat => {
            let expected = unmixed(finding, changes, |change| {
                let (_, calls, input, _) = change.past;
                (change.day.calls, change.day.input, input, calls)
            });
            finding.actual / expected - 1.0
                >= REMAINS_MIN * (finding.actual / finding.expected - 1.0)
        }
        Kind::CacheHitCollapse => {
            let expected = unmixed(finding, changes, |change| {
                let (_, _, input, cached) = change.past;
                (change.day.input, change.day.cached, cached, input)
            });
            1.0 - finding.actual / expected
                >= REMAINS_MIN * (1.0 - finding.actual / finding.expected)
        }
        _ => true,
    }
}

fn has_sections(finding: &Finding, changes: &[Change]) -> bool {
    let own = changes
        .iter()
        .filter(|change| finding.subject.covers(change));
    let (mut with, mut without) = (0, 0);
    for change in own {
        let calls = if change.section.is_empty() {
            &mut without
        } else {
            &mut with
        };
        *calls += change.day.calls;
    }
    with > without
}

/// Whether the change is that of one section, which by itself is nothing unusual: it runs once in a
/// while, and what it runs with (or for whom) is otherwise little used.
fn of_section(finding: &Finding, all: &[Finding], changes: &[Change]) -> bool {
    if matches!(finding.subject, Subject::All | Subject::Section(_)) {
        return false;
    }
    let sign = (finding.actual - finding.expected).signum();
    let mut sections: BTreeMap<&str, f64> = BTreeMap::new();
    for change in changes
        .iter()
        .filter(|change| finding.subject.covers(change))
    {
        *sections.entry(&change.section).or_default() += sign * change.cost();
    }
    let whole: f64 = sections.values().sum();
    let Some((section, part)) = sections.into_iter().max_by(|a, b| a.1.total_cmp(&b.1)) else {
        return false;
    };
    let told = all.iter().any(|other| {
        other.kind == finding.kind && other.subject == Subject::Section(section.to_owned())
    });
    if section.is_empty() || told {
        return false;
    }
    if finding.subject.is_supply() {
        // A model or a provider of several sections has moved when it has in all of them.
        let own = changes
            .iter()
            .filter(|change| finding.subject.covers(change));
        return !rest_moved(&Subject::Section(section.to_owned()), own);
    }
    let within = changes.iter().filter(|change| change.section == section);
    part >= OF_SECTION_MIN * whole && rest_moved(&finding.subject, within)
}

/// Whether what of the changes is not the subject's went the same way.
fn rest_moved<'a>(subject: &Subject, changes: impl Iterator<Item = &'a Change>) -> bool {
    let (mut own, mut rest) = ((0.0, 0.0), (0.0, 0.0));
    for change in changes {
        let (actual, usual) = match subject.covers(change) {
            true => &mut own,
            false => &mut rest,
        };
        *actual += usd(change.day.cost);
        *usual += change.usual_cost();
    }
    let log_ratio = |(actual, usual): (f64, f64)| (actual / usual + SOFTENING).ln();
    rest.1 >= REST_SHARE_MIN * (own.1 + rest.1)
        && log_ratio(rest) / log_ratio(own) >= REST_STRENGTH_MIN
}

/// What the subject's calls of the day would have cost at the past average of their sections.
fn as_before(finding: &Finding, changes: &[Change]) -> f64 {
    let mut sections: BTreeMap<&str, [f64; 3]> = BTreeMap::new();
    for change in changes {
        let [cost, calls, day_calls] = sections.entry(&change.section).or_default();
        *cost += usd(change.past.0);
        *calls += change.past.1 as f64;
        if finding.subject.covers(change) {
            *day_calls += change.day.calls as f64;
        }
    }
    let known = sections.into_values().filter(|[_, calls, _]| *calls > 0.0);
    known
        .map(|[cost, calls, day_calls]| cost / calls * day_calls)
        .sum()
}

fn day_cost(finding: &Finding, changes: &[Change]) -> i128 {
    let own = changes
        .iter()
        .filter(|change| finding.subject.covers(change));
    own.map(|change| change.day.cost).sum()
}

/// Which part of the calls more (`sign` 1) or less (-1) stands against the opposite elsewhere.
fn moved(finding: &Finding, changes: &[Change], sign: f64) -> f64 {
    // By section: calls with a price of the subject, and what may stand in for them.
    let mut sections: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for change in changes {
        let (own, others) = sections.entry(&change.section).or_default();
        if finding.subject.covers(change) {
            let unpriced = change.day.unpriced.min(change.day.calls) as f64;
            *own += sign * (change.calls() - unpriced);
            *others += unpriced;
        } else if finding.subject.is_supply() {
            *others -= sign * change.calls();
        }
    }
    let (mut all, mut stood_in) = (0.0, 0.0);
    for (own, others) in sections.into_values() {
        all += own.max(0.0);
        stood_in += own.min(others).max(0.0);
    }
    if all > 0.0 { stood_in / all } else { 0.0 }
}

/// What a figure `sum / size` would be, had every customer of every section the figure that it
/// had before. `sums` = (size, sum) of the day, (sum, size) of the weeks before; who is new
/// counts as it is.
fn unmixed(
    finding: &Finding,
    changes: &[Change],
    sums: impl Fn(&Change) -> (u64, u64, u64, u64),
) -> f64 {
    let mut callers: BTreeMap<(&str, &str), [f64; 4]> = BTreeMap::new();
    for change in changes
        .iter()
        .filter(|change| finding.subject.covers(change))
    {
        let caller = callers
            .entry((&change.section, &change.customer))
            .or_default();
        let (size, sum, past_sum, past_size) = sums(change);
        for (total, value) in caller.iter_mut().zip([size, sum, past_sum, past_size]) {
            *total += value as f64;
        }
    }
    let (mut size, mut expected) = (0.0, 0.0);
    for [day_size, day_sum, past_sum, past_size] in callers.into_values() {
        size += day_size;
        expected += if past_size > 0.0 {
            day_size * past_sum / past_size
        } else {
            day_sum
        };
    }
    if size > 0.0 && expected > 0.0 {
        expected / size
    } else {
        finding.expected
    }
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::*;
    use crate::insights::finding::example::finding;
    use crate::insights::history::Day;
    use crate::insights::history::example::{model, row, section};

    fn times(mut change: Change, times: u64) -> Change {
        change.day.calls *= times;
        change.day.input *= times;
        change.day.cost *= i128::from(times);
        change
    }

    #[test]
    fn a_section_that_changes_its_model_is_no_drop_and_no_jump() {
        let gone = Change {
            day: Day::default(),
            ..row("chat", "gpt-4o", "")
        };
        let drop = finding(Kind::CostDrop, model("gpt-4o"), 1.0, 0.0);
        let section_drop = finding(Kind::CostDrop, section("chat"), 1.0, 0.0);
        let all = [drop.clone(), section_drop];
        assert!(stands(&drop, &all, from_ref(&gone)));
        let came = Change {
            weekdays: Default::default(),
            past: Default::default(),
            ..row("chat", "gpt-5", "")
        };
        assert!(!stands(&drop, &all, &[gone.clone(), came.clone()]));
        let jump = finding(Kind::CostSpike, model("gpt-5"), 0.0, 1.0);
        assert!(!stands(&jump, &all, &[gone, came]));
    }

    #[test]
    fn usage_without_a_price_is_no_drop() {
        let mut unpriced = row("chat", "preview", "");
        (unpriced.day.cost, unpriced.day.unpriced) = (0, 100);
        let drop = finding(Kind::CostDrop, section("chat"), 1.0, 0.0);
        assert!(!stands(&drop, &[], &[unpriced]));
    }

    /// `import` runs once in a while, and the model is hardly used but by it.
    #[test]
    fn a_models_jump_in_a_section_that_is_as_usual_is_none() {
        let changes = [
            times(row("import", "gpt-4o", ""), 5),
            row("chat", "gpt-4o", ""),
        ];
        let jump = finding(Kind::CostSpike, model("gpt-4o"), 2.0, 6.0);
        assert!(!stands(&jump, from_ref(&jump), &changes));
        let section_jump = finding(Kind::CostSpike, section("import"), 1.0, 5.0);
        assert!(stands(&jump, &[jump.clone(), section_jump], &changes));
        let both = [
            times(row("import", "gpt-4o", ""), 5),
            times(row("chat", "gpt-4o", ""), 4),
        ];
        assert!(stands(&jump, from_ref(&jump), &both));
    }

    #[test]
    fn more_calls_with_long_prompts_are_no_longer_prompts() {
        let mut long = times(row("chat", "gpt-4o", "long"), 9);
        (long.day.input, long.past.2) = (long.day.input * 4, long.past.2 * 4);
        let bloat = finding(Kind::TokenBloat, section("chat"), 2500.0, 3700.0);
        assert!(!stands(
            &bloat,
            &[],
            &[long.clone(), row("chat", "gpt-4o", "short")]
        ));
        let mut longer = row("chat", "gpt-4o", "short");
        longer.day.input *= 8;
        assert!(stands(&bloat, &[], &[longer]));
    }

    #[test]
    fn a_new_model_must_be_dearer_than_its_section_was() {
        let mut new = row("chat", "o3", "");
        (new.weekdays, new.past) = Default::default();
        let found = finding(Kind::NewExpensiveModel, model("o3"), 1.0, 2.0);
        assert!(!stands(
            &found,
            &[],
            &[new.clone(), row("chat", "gpt-4o", "")]
        ));
        new.day.cost *= 2;
        assert!(stands(&found, &[], &[new, row("chat", "gpt-4o", "")]));
    }
}
