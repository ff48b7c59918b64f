//! One's own prices over the published ones: contracts, discounts, models of one's own.
//! `docs/PRICES.md` is the manual of the file. The last entry that applies to a call wins.

mod entry;
mod file;

use std::collections::HashMap;

use super::catalog::{PriceDataError, Rates};
use super::charge;
use super::decimal::Decimal;
use super::rate::{Fraction, Rate};
use super::units::{UnitId, Units};
use super::usage::Quantities;
use super::{Query, Quote, Usage, is_special};

/// Largest file.
const FILE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Most entries.
const ENTRIES_MAX: usize = 10_000;

/// The entries of a file, by whom they are for.
#[derive(Debug, Default)]
pub struct Overrides {
    version: String,
    entries: Vec<Entry>,
    /// Per provider and tenant, where there is one, the entries in the order of the file.
    by_owner: HashMap<String, HashMap<Option<String>, Owned>>,
}

/// Entries of one provider and one tenant, or all.
#[derive(Debug, Default)]
struct Owned {
    by_model: HashMap<String, Vec<usize>>,
    patterns: Vec<usize>,
}

/// A price of one's own.
#[derive(Debug)]
pub(super) struct Entry {
    provider: String,
    tenant: Option<String>,
    model: Pattern,
    tier: Tier,
    /// From this moment on, in microseconds since 1970.
    from_us: i64,
    /// Until before this one.
    until_us: i64,
    price: Price,
}

/// A model's name in lower case, or with one `*` for anything.
#[derive(Debug, PartialEq, Eq)]
enum Pattern {
    Exact(String),
    Around(String, String),
}

/// Which service tiers a price is for.
#[derive(Debug, PartialEq, Eq)]
enum Tier {
    Standard,
    Any,
    One(String),
}

#[derive(Debug)]
enum Price {
    /// So much of the published price.
    Factor(Decimal),
    /// In its place.
    Rates {
        known: Vec<(UnitId, Rate)>,
        /// Of units that genai-prices does not know.
        custom: Vec<(String, Fraction)>,
    },
}

/// A unit's price as an entry has it, to be shown.
#[derive(Debug)]
pub(super) enum Shown<'a> {
    Known(UnitId, &'a Rate),
    Custom(&'a str, Fraction),
}

impl Overrides {
    /// Reads TOML, or JSON where the text begins with a brace.
    pub(super) fn parse(text: &str, units: &Units) -> Result<Self, PriceDataError> {
        let file = file::read(text).map_err(PriceDataError::Overrides)?;
        let mut overrides = Self {
            version: file.version(text),
            ..Self::default()
        };
        for (index, entry) in file.price.into_iter().enumerate() {
            let entry = entry.checked(units).map_err(|wrong| {
                PriceDataError::Overrides(format!("price {}: {wrong}", index + 1))
            })?;
            overrides.add(entry);
        }
        Ok(overrides)
    }

    fn add(&mut self, entry: Entry) {
        let index = self.entries.len();
        let of_provider = self.by_owner.entry(entry.provider.clone()).or_default();
        let owned = of_provider.entry(entry.tenant.clone()).or_default();
        match &entry.model {
            Pattern::Exact(name) => owned.by_model.entry(name.clone()).or_default().push(index),
            Pattern::Around(..) => owned.patterns.push(index),
        }
        self.entries.push(entry);
    }

    /// Names these prices: the file's `version`, else a hash of it.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entry that a call is priced by.
    pub(super) fn find(&self, query: &Query<'_>) -> Option<&Entry> {
        let of_provider = self.by_owner.get(query.provider)?;
        let model = query.model.to_ascii_lowercase();
        let general = of_provider.get(&None);
        let own = query
            .tenant_id
            .and_then(|tenant| of_provider.get(&Some(tenant.to_owned())));
        let candidates = general.into_iter().chain(own).flat_map(|owned| {
            let exact = owned.by_model.get(&model).into_iter().flatten();
            exact.chain(&owned.patterns)
        });
        let applies = |index: &&usize| {
            let entry = self.entries.get(**index);
            entry.is_some_and(|entry| entry.applies(&model, query))
        };
        let last = candidates.filter(applies).max()?;
        self.entries.get(*last)
    }
}

impl Entry {
    fn applies(&self, model: &str, query: &Query<'_>) -> bool {
        let tier = query
            .service_tier
            .filter(|_| is_special(query.service_tier));
        let of_tier = match (&self.tier, tier) {
            (Tier::Any, _) | (Tier::Standard, None) => true,
            (Tier::One(own), Some(tier)) => own.eq_ignore_ascii_case(tier),
            (Tier::Standard, Some(_)) | (Tier::One(_), None) => false,
        };
        of_tier
            && (self.from_us..self.until_us).contains(&query.timestamp_us)
            && self.model.matches(model)
    }

    /// The part of the published price that it is, where it is one.
    pub(super) fn factor(&self) -> Option<Decimal> {
        match self.price {
            Price::Factor(factor) => Some(factor),
            Price::Rates { .. } => None,
        }
    }

    /// Its own prices, unit by unit.
    pub(super) fn shown(&self) -> impl Iterator<Item = Shown<'_>> {
        let (known, custom) = match &self.price {
            Price::Factor(_) => (&[][..], &[][..]),
            Price::Rates { known, custom } => (known.as_slice(), custom.as_slice()),
        };
        let known = known.iter().map(|(unit, rate)| Shown::Known(*unit, rate));
        known.chain(custom.iter().map(|(name, rate)| Shown::Custom(name, *rate)))
    }

    /// What its own rates make of the usage.
    pub(super) fn quote(&self, usage: &Usage, units: &Units) -> Option<Quote<'static>> {
        let Price::Rates { known, custom } = &self.price else {
            return None;
        };
        let quantities = Quantities::of(usage, units)?;
        let mut terms = Vec::new();
        let mut is_measured = false;
        if !known.is_empty() {
            let rates = Rates::of(known);
            match charge::terms(&rates, &quantities, units) {
                Some(priced) => {
                    is_measured = true;
                    terms = priced;
                }
                // Priced by a unit of one's own as well, which may be all that was used.
                None if custom.is_empty() || quantities.reported != 0 => return None,
                None => {}
            }
        }
        for (name, rate) in custom {
            if let Some(quantity) = usage.units.get(name) {
                is_measured = true;
                let count = Decimal::of_f64(*quantity)?;
                terms.push(charge::term(count.mantissa, count.scale, *rate)?);
            }
        }
        let usd = is_measured.then(|| charge::total(&terms))??;
        Some(Quote {
            usd,
            estimated: false,
            version: "",
        })
    }
}

impl Pattern {
    fn of(name: &str) -> Result<Self, String> {
        let name = name.to_ascii_lowercase();
        match name.split_once('*') {
            None => Ok(Self::Exact(name)),
            Some((_, after)) if after.contains('*') => {
                Err(format!("`model` has more than one `*`: {name:?}"))
            }
            Some((before, after)) => Ok(Self::Around(before.to_owned(), after.to_owned())),
        }
    }

    fn matches(&self, model: &str) -> bool {
        match self {
            Self::Exact(name) => name == model,
            Self::Around(before, after) => model
                .strip_prefix(before.as_str())
                .is_some_and(|rest| rest.ends_with(after.as_str())),
        }
    }
}

#[cfg(test)]
mod tests;
