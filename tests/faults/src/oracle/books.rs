//! What the sender expects, summed up from the events that were found stored.

use std::collections::{BTreeMap, HashMap};

use schemas::money::Usd;

use crate::load::{Event, Events, Key};

/// Exact sums of a group of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) pico_usd: i128,
    pub(crate) unpriced: u64,
    pub(crate) events: u64,
}

impl Sum {
    fn add(&mut self, other: Self) {
        self.pico_usd += other.pico_usd;
        self.unpriced += other.unpriced;
        self.events += other.events;
    }

    pub(crate) fn usd(self) -> Usd {
        Usd::from_pico(self.pico_usd)
    }
}

/// Each accepted event is entered once.
#[derive(Default)]
pub(super) struct Books {
    /// By number: found stored.
    stored: Vec<bool>,
    pub(super) count: u64,
    /// Numbers below this were looked at by an earlier check.
    pub(super) checked_below: u64,
    pub(super) groups: HashMap<Key, Sum>,
}

impl Books {
    /// `false`: it was entered before.
    pub(super) fn enter(&mut self, events: &Events, n: u64, event: &Event) -> anyhow::Result<bool> {
        let index = usize::try_from(n)?;
        if index >= self.stored.len() {
            self.stored.resize(index + 1, false);
        }
        if std::mem::replace(&mut self.stored[index], true) {
            return Ok(false);
        }
        let cost = events.cost(event)?;
        self.count += 1;
        self.groups.entry(event.key.clone()).or_default().add(Sum {
            pico_usd: cost.map_or(0, i128::from),
            unpriced: u64::from(cost.is_none()),
            events: 1,
        });
        Ok(true)
    }

    pub(super) fn has(&self, n: u64) -> bool {
        let index = usize::try_from(n).unwrap_or(usize::MAX);
        self.stored.get(index).copied().unwrap_or(false)
    }

    pub(super) fn by_tenant(&self) -> BTreeMap<String, Sum> {
        let mut sums = BTreeMap::<String, Sum>::new();
        for (key, sum) in &self.groups {
            sums.entry(key.0.clone()).or_default().add(*sum);
        }
        sums
    }
}
