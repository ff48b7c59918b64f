//! Usage × rates, in whole numbers, rounded once.

use super::catalog::Rates;
use super::decimal::{Decimal, scaled};
use super::rate::Fraction;
use super::units::{COUNT, Units, ids};
use super::usage::Quantities;
use crate::money::{Usd, divide_half_even};

/// Decimal places of a pico-dollar.
const PLACES: u32 = 12;

/// What each rate makes of the usage; `None` when usage that the price needs is missing or contradicts itself, when
/// it is not an event's ([`Usd::EVENT_MAX`]), or when it takes more than 128 bits to get
/// there: some 15 decimals in a count, at a rate of as many.
pub(super) fn terms(
    rates: &Rates<'_>,
    quantities: &Quantities,
    units: &Units,
) -> Option<Vec<Fraction>> {
    if !is_measured(rates, quantities, units) {
        return None;
    }
    let implied = units.implied(quantities.positive()) & !quantities.reported;
    let needs_total = rates.iter().any(|(_, rate)| !rate.tiers.is_empty());
    let needed = rates.priced
        | if needs_total {
            1 << units.known.input
        } else {
            0
        };
    if needed & implied != 0 {
        return None;
    }
    let total_input = quantities.value(units.known.input);
    let leaves = leaves(rates, quantities, units)?;
    let mut terms = Vec::with_capacity(rates.priced.count_ones() as usize);
    for (unit, rate) in rates.iter() {
        let count = if unit == units.known.requests {
            scaled(1, quantities.scale)?
        } else {
            leaves[unit]
        };
        if count > 0 {
            terms.push(term(
                count,
                quantities.scale,
                rate.at(total_input, quantities.scale)?,
            )?);
        }
    }
    Some(terms)
}

/// Each by a factor: a discount.
pub(super) fn scaled_by(terms: Vec<Fraction>, factor: Option<Decimal>) -> Option<Vec<Fraction>> {
    match factor {
        None => Some(terms),
        Some(factor) => terms.into_iter().map(|term| term.times(factor)).collect(),
    }
}

/// Their sum, rounded once; `None` when it is not an event's cost.
pub(super) fn total(terms: &[Fraction]) -> Option<Usd> {
    sum(terms).filter(|usd| *usd < Usd::EVENT_MAX)
}

/// Whether something was reported of what the model is billed by. A chat model without token
/// counts has no price, however many searches it made; one that is billed by searches alone
/// and made none costs 0.
fn is_measured(rates: &Rates<'_>, quantities: &Quantities, units: &Units) -> bool {
    let mut measures = rates
        .iter()
        .filter(|(unit, rate)| units.is_measure(*unit) && !rate.is_zero())
        .map(|(unit, _)| unit)
        .peekable();
    measures.peek().is_none()
        || measures
            .any(|unit| ids(quantities.reported).any(|reported| units.same_family(unit, reported)))
}

/// Of each priced unit what is left without its priced parts; `None` when parts exceed it.
fn leaves(rates: &Rates<'_>, quantities: &Quantities, units: &Units) -> Option<[i128; COUNT]> {
    let mut leaves = [0; COUNT];
    // Ids ascend from parts to wholes.
    for unit in ids(rates.priced & !(1 << units.known.requests)) {
        let parts = ids(units.parts(unit) & rates.priced)
            .try_fold(0_i128, |sum, part| sum.checked_add(leaves[part]))?;
        leaves[unit] = quantities.value(unit) - parts;
        if leaves[unit] < 0 {
            return None;
        }
    }
    Some(leaves)
}

/// Count × rate. A count that is whole stays so beside one with many decimals, which keeps
/// the sum within 128 bits.
pub(super) fn term(mut count: i128, mut scale: u32, rate: Fraction) -> Option<Fraction> {
    while scale > 0 && count % 10 == 0 {
        count /= 10;
        scale -= 1;
    }
    let mantissa = count.checked_mul(rate.mantissa)?;
    Some(Fraction {
        mantissa,
        scale: rate.scale + scale,
        ninths: rate.ninths,
    })
}

/// All terms over one denominator, `10^scale` or `9 × 10^scale`, then one division.
fn sum(terms: &[Fraction]) -> Option<Usd> {
    let scale = terms
        .iter()
        .map(|term| term.scale)
        .max()
        .unwrap_or_default();
    let ninths = terms.iter().any(|term| term.ninths);
    let mut numerator = 0_i128;
    for term in terms {
        let part = scaled(term.mantissa, scale - term.scale)?;
        let part = if ninths && !term.ninths {
            part.checked_mul(9)?
        } else {
            part
        };
        numerator = numerator.checked_add(part)?;
    }
    let ninth = if ninths { 9 } else { 1 };
    let (numerator, divisor) = if scale >= PLACES {
        (numerator, scaled(ninth, scale - PLACES)?)
    } else {
        (scaled(numerator, PLACES - scale)?, ninth)
    };
    let pico = divide_half_even(numerator.unsigned_abs(), divisor.unsigned_abs());
    i128::try_from(pico).ok().map(Usd::from_pico)
}
