//! Exact money. A bill is a sum of very small numbers, so nothing here is a float:
//! an amount is a whole number of pico-dollars, the scale of ClickHouse's `Decimal(38, 12)`.

mod amount;
mod parse;

use std::fmt;
use std::iter::Sum;

pub use amount::{Amount, MoneyFormat};
pub(crate) use parse::split as split_decimal;

/// Decimal places of an amount.
const PLACES: usize = 12;
/// Pico-dollars in one US dollar.
const PICO_PER_USD: i128 = 1_000_000_000_000;
/// First magnitude that `Decimal(38, 12)` cannot hold, in pico-dollars.
const PICO_MAX: u128 = 100_000_000_000_000_000_000_000_000_000_000_000_000;

/// US dollars as a whole number of pico-dollars (10^-12 USD).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usd(i128);

/// Why a text or a float is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a decimal number, or a float that is not finite.
    #[error("not a decimal number")]
    Malformed,
    /// Below zero. Minus zero is zero.
    #[error("below zero")]
    Negative,
    /// 10^26 USD or more: beyond `Decimal(38, 12)`.
    #[error("too large")]
    TooLarge,
    /// More than [`Usd::TEXT_BYTES_MAX`] bytes of text.
    #[error("too many digits")]
    TooLong,
}

impl Usd {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// One event costs less than this: 1,000,000 USD, what `Decimal(18, 12)` holds.
    pub const EVENT_MAX: Self = Self(1_000_000 * PICO_PER_USD);
    /// Longest text that [`Usd::parse`] reads, in bytes.
    pub const TEXT_BYTES_MAX: usize = 64 * 1024;

    /// An amount of pico-dollars.
    pub const fn from_pico(pico: i128) -> Self {
        Self(pico)
    }

    /// The amount in pico-dollars.
    pub const fn pico(self) -> i128 {
        self.0
    }

    /// Reads a JSON number or a decimal string: sign, digits, fraction and exponent
    /// (`+1.5e-3`), rounded half-even to 12 places once, however many digits there are.
    ///
    /// # Errors
    /// [`MoneyError`]; an exponent too small gives zero, one too large `TooLarge`.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        parse::parse(text).map(Self)
    }

    /// The float's exact binary value, rounded half-even to 12 places: `0.1` is
    /// 0.1000000000000000055…, hence 0.1, and nothing is rounded twice on the way.
    ///
    /// # Errors
    /// `Malformed` when not finite, `Negative`, `TooLarge`.
    pub fn from_f64_half_even(value: f64) -> Result<Self, MoneyError> {
        if !value.is_finite() {
            return Err(MoneyError::Malformed);
        }
        if value < 0.0 {
            return Err(MoneyError::Negative);
        }
        let bits = value.to_bits() & !(1 << 63);
        let biased = i32::try_from(bits >> 52).map_err(|_| MoneyError::Malformed)?;
        let fraction = u128::from(bits & ((1 << 52) - 1));
        let (mantissa, exponent) = if biased == 0 {
            (fraction, -1074)
        } else {
            (fraction | (1 << 52), biased - 1075)
        };
        // At most 93 bits: 53 of the mantissa and 40 of 10^12.
        let scaled = mantissa * PICO_PER_USD.unsigned_abs();
        let pico = if exponent >= 0 {
            let doubled = 1_u128
                .checked_shl(exponent.unsigned_abs())
                .ok_or(MoneyError::TooLarge)?;
            scaled.checked_mul(doubled).ok_or(MoneyError::TooLarge)?
        } else {
            match 1_u128.checked_shl(exponent.unsigned_abs()) {
                Some(divisor) => divide_half_even(scaled, divisor),
                None => 0, // Below 2^93 / 2^128: far less than half a pico-dollar.
            }
        };
        bounded(pico).map(Self)
    }

    /// The sum, or `None` beyond 128 bits.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }
}

impl Sum for Usd {
    /// Overflow (some 10^26 USD) stops the program, as integer sums do in this workspace.
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        Self(amounts.map(|usd| usd.0).sum())
    }
}

impl fmt::Display for Usd {
    /// Plain notation with every digit and no trailing zeros: `0.000123`, `12`, `0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pico = self.0.unsigned_abs();
        let unit = PICO_PER_USD.unsigned_abs();
        let (whole, fraction) = (pico / unit, pico % unit);
        if self.0 < 0 {
            f.write_str("-")?;
        }
        write!(f, "{whole}")?;
        if fraction == 0 {
            return Ok(());
        }
        let digits = format!("{fraction:0PLACES$}");
        write!(f, ".{}", digits.trim_end_matches('0'))
    }
}

/// `numerator / divisor` rounded half to even; the divisor is not zero.
pub(crate) fn divide_half_even(numerator: u128, divisor: u128) -> u128 {
    let (quotient, rest) = (numerator / divisor, numerator % divisor);
    // Compared with what is left, not doubled: doubling could overflow.
    let up = match rest.cmp(&(divisor - rest)) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => quotient % 2 == 1,
        std::cmp::Ordering::Greater => true,
    };
    quotient + u128::from(up)
}

fn bounded(pico: u128) -> Result<i128, MoneyError> {
    if pico >= PICO_MAX {
        return Err(MoneyError::TooLarge);
    }
    i128::try_from(pico).map_err(|_| MoneyError::TooLarge)
}
