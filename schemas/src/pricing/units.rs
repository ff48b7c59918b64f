//! What can be counted, and what is part of what: `prices/units.csv`.
//!
//! A unit is a set of dimensions. It is part of every unit whose dimensions are a subset
//! (`cache_read_tokens` of `input_tokens`), and the *join* of two is the unit with the
//! dimensions of both (audio × cache reads). Sets of units are bit masks.

use std::collections::HashMap;

use super::catalog::PriceDataError;

const TABLE: &str = include_str!("../../prices/units.csv");
/// Units in the table; a mask has a bit for each.
pub(super) const COUNT: usize = 59;

/// An index into the table, most dimensions first, so that parts come before their wholes.
pub(super) type UnitId = usize;
/// A set of units, one bit each.
pub(super) type Mask = u64;

#[derive(Debug)]
pub(super) struct Unit {
    usage_key: &'static str,
    price_key: &'static str,
    /// A price is for this many.
    pub(super) per: u32,
    family: &'static str,
    dimensions: Vec<(&'static str, &'static str)>,
}

/// The table, and the relations that a charge needs.
#[derive(Debug)]
pub(super) struct Units {
    list: Vec<Unit>,
    by_usage_key: HashMap<&'static str, UnitId>,
    by_price_key: HashMap<&'static str, UnitId>,
    /// Per unit, the units that are part of it.
    parts: Vec<Mask>,
    /// Per unit, the units it is part of.
    wholes: Vec<Mask>,
    /// Per pair, the bit of their join, where neither is part of the other.
    joins: Vec<[Mask; COUNT]>,
    pub(super) known: Known,
}

/// The units that events have fields for, or that prices treat by name.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) input: UnitId,
    pub(super) output: UnitId,
    pub(super) cache_read: UnitId,
    pub(super) cache_write: UnitId,
    pub(super) cache_write_1h: UnitId,
    pub(super) reasoning: UnitId,
    pub(super) audio_input: UnitId,
    pub(super) audio_output: UnitId,
    pub(super) audio_seconds: UnitId,
    pub(super) input_audio_seconds: UnitId,
    /// One per call, never reported.
    pub(super) requests: UnitId,
}

impl Units {
    pub(super) fn bundled() -> Result<Self, PriceDataError> {
        let mut list = TABLE
            .lines()
            .skip(1)
            .map(unit)
            .collect::<Option<Vec<_>>>()
            .filter(|list| list.len() == COUNT)
            .ok_or(PriceDataError::Units)?;
        list.sort_by_key(|unit| (std::cmp::Reverse(unit.dimensions.len()), unit.usage_key));
        let by_usage_key: HashMap<_, _> = list
            .iter()
            .enumerate()
            .map(|(id, unit)| (unit.usage_key, id))
            .collect();
        let by_price_key = list
            .iter()
            .enumerate()
            .map(|(id, unit)| (unit.price_key, id))
            .collect();
        let parts = (0..COUNT)
            .map(|id| mask(|other| list[id].is_whole_of(&list[other])))
            .collect();
        let wholes = (0..COUNT)
            .map(|id| mask(|other| list[other].is_whole_of(&list[id])))
            .collect();
        let joins = list
            .iter()
            .map(|left| std::array::from_fn(|id| join(&list, left, &list[id])));
        let joins = joins.collect();
        let known = Known::of(&by_usage_key).ok_or(PriceDataError::Units)?;
        Ok(Self {
            list,
            by_usage_key,
            by_price_key,
            parts,
            wholes,
            joins,
            known,
        })
    }

    /// The unit that a sender reports by this name; `requests` cannot be reported.
    pub(super) fn reported(&self, usage_key: &str) -> Option<UnitId> {
        self.by_usage_key
            .get(usage_key)
            .copied()
            .filter(|id| *id != self.known.requests)
    }

    pub(super) fn priced(&self, price_key: &str) -> Option<(UnitId, &Unit)> {
        let id = *self.by_price_key.get(price_key)?;
        Some((id, &self.list[id]))
    }

    /// The event's own name for a unit where it has one: `cached_tokens`.
    pub(super) fn in_events(&self, name: &str) -> Option<UnitId> {
        let known = &self.known;
        Some(match name {
            "cached_tokens" => known.cache_read,
            "reasoning_tokens" => known.reasoning,
            "audio_input_tokens" => known.audio_input,
            "audio_output_tokens" => known.audio_output,
            name => *self.by_usage_key.get(name)?,
        })
    }

    /// How usage names it, and for how many of it prices are.
    pub(super) fn name(&self, unit: UnitId) -> (&'static str, u32) {
        self.list
            .get(unit)
            .map_or(("?", 1), |unit| (unit.usage_key, unit.per))
    }

    pub(super) fn parts(&self, unit: UnitId) -> Mask {
        self.parts[unit]
    }

    /// The units that cannot be zero when these are not: their wholes, and the joins of any two.
    pub(super) fn implied(&self, positive: Mask) -> Mask {
        let mut implied = 0;
        for left in ids(positive) {
            implied |= self.wholes[left];
            for right in ids(positive & !((2 << left) - 1)) {
                implied |= self.joins[left][right];
            }
        }
        implied
    }

    /// Tool calls and requests come beside what a call is measured by.
    pub(super) fn is_measure(&self, unit: UnitId) -> bool {
        !matches!(self.list[unit].family, "tool_calls" | "requests")
    }

    pub(super) fn same_family(&self, left: UnitId, right: UnitId) -> bool {
        self.list[left].family == self.list[right].family
    }
}

/// The ids in a mask, lowest first.
pub(super) fn ids(mut mask: Mask) -> impl Iterator<Item = UnitId> {
    std::iter::from_fn(move || {
        let id = mask.trailing_zeros() as usize;
        (mask != 0).then(|| {
            mask &= mask - 1;
            id
        })
    })
}

fn mask(holds: impl Fn(UnitId) -> bool) -> Mask {
    (0..COUNT)
        .filter(|id| holds(*id))
        .fold(0, |mask, id| mask | 1 << id)
}

fn unit(line: &'static str) -> Option<Unit> {
    let mut fields = line.split(',');
    let unit = Unit {
        usage_key: fields.next()?,
        price_key: fields.next()?,
        per: fields.next()?.parse().ok()?,
        family: fields.next()?,
        dimensions: fields
            .next()?
            .split_whitespace()
            .map(|dimension| dimension.split_once('='))
            .collect::<Option<_>>()?,
    };
    fields.next().is_none().then_some(unit)
}

fn join(list: &[Unit], left: &Unit, right: &Unit) -> Mask {
    let contradict =
        |(key, value): &(&str, &str)| right.dimension(key).is_some_and(|v| v != *value);
    if left.family != right.family
        || left.dimensions.iter().any(contradict)
        || left.covers(right)
        || right.covers(left)
    {
        return 0;
    }
    let both = |unit: &Unit| {
        unit.family == left.family
            && left.covers(unit)
            && right.covers(unit)
            && unit
                .dimensions
                .iter()
                .all(|(key, _)| left.dimension(key).is_some() || right.dimension(key).is_some())
    };
    list.iter().position(both).map_or(0, |id| 1 << id)
}

impl Unit {
    fn dimension(&self, key: &str) -> Option<&'static str> {
        self.dimensions
            .iter()
            .find(|(name, _)| *name == key)
            .map(|(_, value)| *value)
    }

    /// Whether every dimension of this is one of `other` too.
    fn covers(&self, other: &Self) -> bool {
        self.family == other.family
            && self
                .dimensions
                .iter()
                .all(|(key, value)| other.dimension(key) == Some(value))
    }

    fn is_whole_of(&self, other: &Self) -> bool {
        self.usage_key != other.usage_key && self.covers(other)
    }
}

impl Known {
    fn of(by_usage_key: &HashMap<&'static str, UnitId>) -> Option<Self> {
        let id = |key: &str| by_usage_key.get(key).copied();
        Some(Self {
            input: id("input_tokens")?,
            output: id("output_tokens")?,
            cache_read: id("cache_read_tokens")?,
            cache_write: id("cache_write_tokens")?,
            cache_write_1h: id("cache_write_1h_tokens")?,
            reasoning: id("output_reasoning_tokens")?,
            audio_input: id("input_audio_tokens")?,
            audio_output: id("output_audio_tokens")?,
            audio_seconds: id("audio_seconds")?,
            input_audio_seconds: id("input_audio_seconds")?,
            requests: id("requests")?,
        })
    }
}
