//! An entry, checked: every mistake is named, since a price that is read wrongly is a wrong bill.

use chrono::{DateTime, NaiveDate};
use serde_json::{Map, Value};

use super::file::EntryDocument;
use super::{Entry, Pattern, Price, Tier};
use crate::pricing::decimal::Decimal;
use crate::pricing::rate::{Fraction, Rate};
use crate::pricing::units::{UnitId, Units};
use crate::provider;

const MILLION: u32 = 1_000_000;
/// Places of a price, so that it times a count fits 128 bits.
const PLACES_MAX: u32 = 18;
/// Dearest price of one unit, in dollars: more is a price per million in the wrong place.
const PER_UNIT_BELOW: i128 = 10_000;
/// Dearest price of a million.
const PER_MILLION_BELOW: i128 = 1_000_000;

/// A unit's price: of one that genai-prices knows, or of one's own.
enum Named {
    Known(UnitId, Fraction),
    Custom(String, Fraction),
}

impl EntryDocument {
    pub(super) fn checked(self, units: &Units) -> Result<Entry, String> {
        let (provider, model) = (self.provider.trim(), self.model.trim());
        if provider.is_empty() || model.is_empty() {
            return Err("`provider` and `model` must not be empty".into());
        }
        let wrong = |what: String| format!("{what} ({provider} {model})");
        let price = self.price(units).map_err(wrong)?;
        let from_us = moment(self.from.as_deref(), "from", i64::MIN).map_err(wrong)?;
        let until_us = moment(self.until.as_deref(), "until", i64::MAX).map_err(wrong)?;
        if from_us >= until_us {
            return Err(wrong("`from` must be before `until`".into()));
        }
        if self.tenant.as_deref() == Some("") {
            return Err(wrong(
                "`tenant` must not be empty; leave it out for all".into(),
            ));
        }
        let tier = match (self.service_tier.as_deref(), &price) {
            (Some("*"), _) | (None, Price::Factor(_)) => Tier::Any,
            (Some("standard" | "default") | None, _) => Tier::Standard,
            (Some(name), _) => Tier::One(name.to_owned()),
        };
        Ok(Entry {
            provider: provider::canonical(provider).into_owned(),
            model: Pattern::of(model).map_err(wrong)?,
            tenant: self.tenant.clone(),
            tier,
            from_us,
            until_us,
            price,
        })
    }

    fn price(&self, units: &Units) -> Result<Price, String> {
        let own = named(&self.per_million, &self.per_unit, units)?;
        if let Some(factor) = &self.multiply {
            if !own.is_empty() || !self.tiers.is_empty() {
                return Err("`multiply` and prices exclude each other".into());
            }
            let factor = decimal(factor).filter(|factor| factor.scale <= 6);
            let factor = factor.ok_or("`multiply` must be a decimal of 0 or more, `0.85`")?;
            return Ok(Price::Factor(factor));
        }
        if own.is_empty() {
            return Err("there is no price: give `per_million`, `per_unit` or `multiply`".into());
        }
        let (mut known, mut custom) = (Vec::<(UnitId, Rate)>::new(), Vec::new());
        for price in own {
            match price {
                Named::Custom(name, rate) => custom.push((name, rate)),
                Named::Known(unit, _) if known.iter().any(|(other, _)| *other == unit) => {
                    return Err("a unit has two prices, under two of its names".into());
                }
                Named::Known(unit, base) => {
                    let tiers = Vec::new();
                    known.push((unit, Rate { base, tiers }));
                }
            }
        }
        self.add_tiers(&mut known, units)?;
        Ok(Price::Rates { known, custom })
    }

    fn add_tiers(&self, known: &mut [(UnitId, Rate)], units: &Units) -> Result<(), String> {
        for tier in &self.tiers {
            for price in named(&tier.per_million, &tier.per_unit, units)? {
                let rate = match &price {
                    Named::Known(unit, _) => known.iter_mut().find(|(known, _)| known == unit),
                    Named::Custom(..) => None,
                };
                let (Some((_, rate)), Named::Known(_, above)) = (rate, price) else {
                    return Err("a tier can only change a price that the entry has".into());
                };
                rate.tiers.push((i128::from(tier.above), above));
            }
        }
        for (_, rate) in known {
            rate.tiers.sort_by_key(|(above, _)| *above);
        }
        Ok(())
    }
}

fn named(
    per_million: &Map<String, Value>,
    per_unit: &Map<String, Value>,
    units: &Units,
) -> Result<Vec<Named>, String> {
    let of = |(name, price): (&String, &Value), per, below| {
        let rate = decimal(price)
            .filter(|price| price.scale <= PLACES_MAX && is_below(*price, below))
            .and_then(|price| Fraction::per_one(price, per))
            .ok_or_else(|| {
                format!("the price of `{name}` must be a decimal from 0 to {below}, not {price}")
            })?;
        Ok(match units.in_events(name) {
            Some(unit) => Named::Known(unit, rate),
            None => Named::Custom(name.clone(), rate),
        })
    };
    let million = per_million
        .iter()
        .map(|member| of(member, MILLION, PER_MILLION_BELOW));
    let unit = per_unit.iter().map(|member| of(member, 1, PER_UNIT_BELOW));
    million.chain(unit).collect()
}

fn is_below(price: Decimal, below: i128) -> bool {
    10_i128
        .checked_pow(price.scale)
        .and_then(|one| one.checked_mul(below))
        .is_some_and(|bound| price.mantissa < bound)
}

/// A number, or one in quotes, whose digits are then all kept.
fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::String(text) => Decimal::parse(text.trim()),
        Value::Number(number) => Decimal::parse(&number.to_string()),
        _ => None,
    }
}

/// A day (its beginning in UTC) or a moment.
fn moment(text: Option<&str>, name: &str, absent: i64) -> Result<i64, String> {
    let Some(text) = text else { return Ok(absent) };
    let day = || {
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        Some(day.and_hms_opt(0, 0, 0)?.and_utc().timestamp_micros())
    };
    let exact = || Some(DateTime::parse_from_rfc3339(text).ok()?.timestamp_micros());
    day().or_else(exact).ok_or_else(|| {
        format!("`{name}` must be a day, `2026-10-01`, or a time with its zone, not {text:?}")
    })
}
