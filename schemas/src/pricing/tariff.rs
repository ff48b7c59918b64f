//! What one would pay, unit by unit: for people who ask which price is in force.

use super::decimal::scaled;
use super::overrides::Shown;
use super::rate::{Fraction, Rate};
use super::{Decimal, PriceBook, Query, VERSION, is_special};

/// The prices of a model, for a tenant, in a tier, at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tariff {
    /// Names where they are from, as events carry it in `price_version`.
    pub version: String,
    /// A tier was named for which no price is known: these are the standard prices.
    pub estimated: bool,
    /// One a unit, and one for each size of call at which its price changes.
    pub rows: Vec<Row>,
}

/// A unit's price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// As `usage` names it: `input_tokens`.
    pub unit: String,
    /// The price is for this many.
    pub per: u32,
    /// In dollars, all digits.
    pub usd: String,
    /// Input tokens of the call above which it applies.
    pub above: Option<i128>,
}

impl PriceBook {
    /// The prices that a call would have; its usage does not matter. `None` where there is
    /// none.
    pub fn tariff(&self, query: &Query<'_>) -> Option<Tariff> {
        let Some(own) = self.overrides.find(query) else {
            return self.published_tariff(query, None);
        };
        let version = self.overrides.version().to_owned();
        let tariff = match own.factor() {
            Some(factor) => self.published_tariff(query, Some(factor))?,
            None => Tariff {
                version: String::new(),
                estimated: false,
                rows: own
                    .shown()
                    .flat_map(|shown| self.rows(shown, None))
                    .collect(),
            },
        };
        Some(Tariff { version, ..tariff })
    }

    fn published_tariff(&self, query: &Query<'_>, factor: Option<Decimal>) -> Option<Tariff> {
        let (_, rates, varied) = self.published.rates(query)?;
        let rows = rates
            .iter()
            .flat_map(|(unit, rate)| self.rows(Shown::Known(unit, rate), factor));
        Some(Tariff {
            version: VERSION.to_owned(),
            estimated: is_special(query.service_tier) && !varied,
            rows: rows.collect(),
        })
    }

    fn rows(&self, shown: Shown<'_>, factor: Option<Decimal>) -> Vec<Row> {
        let row = |unit: &str, per: u32, rate: Fraction, above: Option<i128>| {
            let rate = factor.map_or(Some(rate), |factor| rate.times(factor));
            Row {
                unit: unit.to_owned(),
                per,
                usd: rate
                    .and_then(|rate| text(rate, per))
                    .unwrap_or_else(|| "?".to_owned()),
                above,
            }
        };
        match shown {
            Shown::Custom(name, rate) => vec![row(name, 1, rate, None)],
            Shown::Known(unit, Rate { base, tiers }) => {
                let (name, per) = self.published.units.name(unit);
                let tiers = tiers
                    .iter()
                    .map(|(above, rate)| row(name, per, *rate, Some(*above)));
                std::iter::once(row(name, per, *base, None))
                    .chain(tiers)
                    .collect()
            }
        }
    }
}

/// `rate × per` with all its digits.
fn text(rate: Fraction, per: u32) -> Option<String> {
    let mut mantissa = rate.mantissa.checked_mul(i128::from(per))?;
    let mut scale = rate.scale;
    if rate.ninths {
        if mantissa % 9 != 0 {
            mantissa = scaled(mantissa, 6)?;
            scale += 6; // six more digits will do for reading
        }
        mantissa /= 9;
    }
    while scale > 0 && mantissa % 10 == 0 {
        mantissa /= 10;
        scale -= 1;
    }
    let one = 10_i128.checked_pow(scale)?;
    let (whole, fraction) = (mantissa / one, mantissa % one);
    let width = usize::try_from(scale).ok()?;
    Some(match scale {
        0 => whole.to_string(),
        _ => format!("{whole}.{fraction:0width$}"),
    })
}
