//! Published numbers, exactly as they were written.

use crate::money::split_decimal;

/// `mantissa / 10^scale`, not negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal {
    pub(super) mantissa: i128,
    pub(super) scale: u32,
}

impl Decimal {
    /// Reads a JSON number or the shortest text of a float; `None` when it is negative or
    /// does not fit 128 bits.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let parts = split_decimal(text.as_bytes())?;
        let mut mantissa = 0_i128;
        for byte in parts.whole.iter().chain(parts.fraction) {
            mantissa = mantissa
                .checked_mul(10)?
                .checked_add(i128::from(byte - b'0'))?;
        }
        if mantissa == 0 {
            return Some(Self { mantissa, scale: 0 });
        }
        if parts.negative {
            return None;
        }
        let mut scale = i64::try_from(parts.fraction.len()).ok()? - parts.exponent;
        while scale > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            scale -= 1;
        }
        if scale < 0 {
            let power = u32::try_from(-scale).ok()?;
            return Some(Self {
                mantissa: scaled(mantissa, power)?,
                scale: 0,
            });
        }
        Some(Self {
            mantissa,
            scale: u32::try_from(scale).ok()?,
        })
    }

    /// The decimal that the float was written as: the shortest that reads back as it, so
    /// that `12.3` seconds are 12.3 and not 12.300000000000000710….
    pub(super) fn of_f64(value: f64) -> Option<Self> {
        if !value.is_finite() || value < 0.0 {
            return None;
        }
        #[allow(clippy::cast_possible_truncation)] // below 2^53 and whole
        if value < 9_007_199_254_740_992.0 && value.fract() == 0.0 {
            return Some(Self {
                mantissa: i128::from(value as i64),
                scale: 0,
            });
        }
        Self::parse(&format!("{value:e}"))
    }
}

/// `value × 10^power`, unless it overflows.
pub(super) fn scaled(value: i128, power: u32) -> Option<i128> {
    if value == 0 {
        return Some(0);
    }
    value.checked_mul(10_i128.checked_pow(power)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn numbers_keep_their_digits() {
        let of = |text: &str| Decimal::parse(text).map(|d| (d.mantissa, d.scale));
        assert_eq!(
            of("0.041666666666666664"),
            Some((41_666_666_666_666_664, 18))
        );
        assert_eq!(of("1.50"), Some((15, 1)));
        assert_eq!(of("2.5e3"), Some((2500, 0)));
        assert_eq!(of("25e-1"), Some((25, 1)));
        assert_eq!(of("0.000"), Some((0, 0)));
        assert_eq!(of("-1"), None);
        assert_eq!(of("1e40"), None);
    }

    #[test]
    fn floats_are_what_was_written() {
        let of = |value: f64| Decimal::of_f64(value).map(|d| (d.mantissa, d.scale));
        assert_eq!(of(12.3), Some((123, 1)));
        assert_eq!(of(0.000_001), Some((1, 6)));
        assert_eq!(of(1e20), Some((100_000_000_000_000_000_000, 0)));
        assert_eq!(of(7.0), Some((7, 0)));
        assert_eq!(of(-0.0), Some((0, 0)));
        assert_eq!(of(-1.0), None);
        assert_eq!(of(f64::NAN), None);
        assert_eq!(of(f64::INFINITY), None);
    }
}
