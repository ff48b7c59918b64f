//! Rates: dollars per one of a unit, exact, by total input where they are tiered.

use super::decimal::Decimal;

/// Dollars: `mantissa / 10^scale`, and a ninth of that where `ninths`
/// (an hour has 3600 = 9 × 400 seconds, so a price per second may have no last digit).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fraction {
    pub(super) mantissa: i128,
    pub(super) scale: u32,
    pub(super) ninths: bool,
}

impl Fraction {
    /// The price of one, from a price for `per` of them; `None` for a `per` that is not in the table's use.
    pub(super) fn per_one(price: Decimal, per: u32) -> Option<Self> {
        let (factor, power, ninths) = match per {
            1 => (1, 0, false),
            1_000 => (1, 3, false),
            1_000_000 => (1, 6, false),
            1_000_000_000 => (1, 9, false),
            3_600 => (25, 4, true), // 1 / 3600 = 25 / (9 × 10^4)
            _ => return None,
        };
        let mantissa = price.mantissa.checked_mul(factor)?;
        Some(Self {
            mantissa,
            scale: price.scale + power,
            ninths,
        })
    }
}

impl Fraction {
    /// A part of it, or a multiple.
    pub(super) fn times(self, factor: Decimal) -> Option<Self> {
        Some(Self {
            mantissa: self.mantissa.checked_mul(factor.mantissa)?,
            scale: self.scale.checked_add(factor.scale)?,
            ninths: self.ninths,
        })
    }
}

/// A price that may change with the size of the call.
#[derive(Debug, Clone)]
pub(super) struct Rate {
    pub(super) base: Fraction,
    /// Applies above this many input tokens; ascending.
    pub(super) tiers: Vec<(i128, Fraction)>,
}

impl Rate {
    /// The rate for a call with this much input, in units of `10^-scale` tokens. The whole
    /// call is billed at its tier, not the part above the threshold.
    pub(super) fn at(&self, total_input: i128, scale: u32) -> Option<Fraction> {
        for (start, rate) in self.tiers.iter().rev() {
            if total_input > super::decimal::scaled(*start, scale)? {
                return Some(*rate);
            }
        }
        Some(self.base)
    }

    pub(super) fn is_zero(&self) -> bool {
        self.base.mantissa == 0 && self.tiers.iter().all(|(_, rate)| rate.mantissa == 0)
    }
}
