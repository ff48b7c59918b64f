//! What a person reads: a line for each fault, a table at the end.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::oracle::{Seen, Violation};
use crate::story::Outcome;
use crate::world::World;

type Told = anyhow::Result<(Outcome, Seen)>;

/// What all stories of a kind came to.
#[derive(Default)]
struct Row {
    count: u64,
    lost: u64,
    doubled: u64,
}

/// Of the whole run.
#[derive(Default)]
pub(crate) struct Report {
    rows: BTreeMap<&'static str, Row>,
    skipped: BTreeMap<&'static str, String>,
    confirmed: u64,
}

impl Report {
    pub(crate) fn add(&mut self, name: &'static str, told: &Told, violation: Option<&Violation>) {
        if let Ok((Outcome::Skipped(reason), _)) = told {
            self.skipped.insert(name, reason.clone());
            return;
        }
        let row = self.rows.entry(name).or_default();
        row.count += 1;
        if let Ok((_, seen)) = told {
            row.lost += seen.lost;
            row.doubled += seen.doubled;
            self.confirmed = seen.confirmed;
        }
        if let Some(violation) = violation {
            row.lost += violation.lost;
            row.doubled += violation.doubled;
        }
    }

    pub(crate) fn print(&self, world: &World, took: Duration) {
        println!("\n| fault | count | lost | doubled |\n|---|---|---|---|");
        for (name, row) in &self.rows {
            println!(
                "| {name} | {} | {} | {} |",
                row.count, row.lost, row.doubled
            );
        }
        for (name, reason) in &self.skipped {
            println!("skipped: {name}: {reason}");
        }
        let ledger = world.load.ledger();
        println!(
            "\n{} events confirmed exactly once; {} rejected {:?}; {} sent again after their 202; \
             {} poison records; {} answers 429 and 503; {} requests without an answer; {:.0} s",
            self.confirmed,
            ledger.rejected.values().sum::<u64>(),
            ledger.rejected,
            ledger.resent,
            ledger.poison,
            ledger.refusals,
            ledger.unanswered,
            took.as_secs_f64()
        );
    }
}

pub(crate) fn line(number: &str, name: &str, took: Duration, told: &Told) {
    let seconds = took.as_secs_f64();
    match told {
        Ok((Outcome::Done(note), seen)) => {
            println!(
                "{number:>8} {name:<32} {seconds:6.1} s {:>8} events so far  {note}",
                seen.confirmed
            );
        }
        Ok((Outcome::Skipped(reason), _)) => {
            println!("{number:>8} {name:<32} {seconds:6.1} s skipped: {reason}");
        }
        Err(error) => println!("{number:>8} {name:<32} {seconds:6.1} s FAILED\n{error:#}"),
    }
}
