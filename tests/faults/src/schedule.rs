//! Which faults, in which order: by the seed alone.

use crate::options::Options;
use crate::stories;
use crate::story::{HowOften, Rng, Story};

/// A run of this many faults and more holds every kind, and some as often as their
/// [`HowOften`] says.
const LONG: usize = 200;
const STEP_KILLS_MIN: usize = 10;
const GHOSTS_MIN: usize = 5;

/// The stories to tell, in their order.
pub(crate) fn plan(options: &Options, rng: &mut Rng) -> anyhow::Result<Vec<&'static Story>> {
    let brokers = if options.short { 1 } else { options.brokers };
    let (only, except) = (named(&options.only)?, named(&options.except)?);
    if !only.is_empty() {
        return Ok(only.into_iter().cycle().take(options.faults).collect());
    }
    let possible = || {
        let here = stories::ALL
            .iter()
            .filter(|story| story.brokers_min <= brokers);
        here.filter(|story| !except.iter().any(|other| other.name == story.name))
    };
    if options.short {
        return Ok(possible().filter(|story| story.telling).collect());
    }
    let mut plan: Vec<_> = possible()
        .filter(|story| story.how_often != HowOften::Named)
        .collect();
    if options.faults >= LONG {
        let again = possible().flat_map(|story| {
            let times = match story.how_often {
                HowOften::Step => STEP_KILLS_MIN,
                HowOften::Several => GHOSTS_MIN,
                HowOften::Often | HowOften::Once | HowOften::Named => 1,
            };
            std::iter::repeat_n(story, times - 1)
        });
        plan.extend(again);
    }
    let again: Vec<_> = possible()
        .filter(|story| matches!(story.how_often, HowOften::Often | HowOften::Step))
        .collect();
    while plan.len() < options.faults {
        plan.push(again[rng.usize(..again.len())]);
    }
    rng.shuffle(&mut plan);
    plan.truncate(options.faults);
    Ok(plan)
}

/// In the order of the names.
fn named(names: &[String]) -> anyhow::Result<Vec<&'static Story>> {
    let find = |name: &String| {
        let found = stories::ALL.iter().find(|story| story.name == *name);
        found.ok_or_else(|| anyhow::anyhow!("no fault is called {name}; see --list"))
    };
    names.iter().map(find).collect()
}
