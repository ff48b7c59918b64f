//! Decimal text to pico-dollars by digits alone, in one pass and with one rounding.

use super::{MoneyError, PLACES, Usd, bounded};

/// Digits before the pico-dollar's point that may still fit; more are too large.
const PICO_DIGITS_MAX: i64 = 38;
/// Exponents are clamped to this: beyond it only zero or too large is left.
const EXPONENT_MAX: i64 = 1_000_000_000;

/// The parts of a decimal number, as they were written.
pub(crate) struct Decimal<'a> {
    pub(crate) negative: bool,
    pub(crate) whole: &'a [u8],
    pub(crate) fraction: &'a [u8],
    pub(crate) exponent: i64,
}

pub(super) fn parse(text: &str) -> Result<i128, MoneyError> {
    if text.len() > Usd::TEXT_BYTES_MAX {
        return Err(MoneyError::TooLong);
    }
    let decimal = split(text.as_bytes()).ok_or(MoneyError::Malformed)?;
    let digits = || {
        decimal
            .whole
            .iter()
            .chain(decimal.fraction)
            .map(|byte| byte - b'0')
    };
    let leading = digits().take_while(|digit| *digit == 0).count();
    if leading == decimal.whole.len() + decimal.fraction.len() {
        return Ok(0);
    }
    if decimal.negative {
        return Err(MoneyError::Negative);
    }
    let point =
        length(decimal.whole) + decimal.exponent + i64::try_from(PLACES).unwrap_or_default();
    let kept = point - i64::try_from(leading).map_err(|_| MoneyError::TooLong)?;
    if kept > PICO_DIGITS_MAX {
        return Err(MoneyError::TooLarge);
    }
    if kept < 0 {
        return Ok(0); // Below a tenth of a pico-dollar.
    }
    bounded(round(digits().skip(leading), kept))
}

/// The first `kept` digits as a number (zeros where none are left), rounded half-even by the rest.
fn round(mut digits: impl Iterator<Item = u8>, kept: i64) -> u128 {
    let mut pico = 0_u128;
    for _ in 0..kept {
        pico = pico * 10 + u128::from(digits.next().unwrap_or_default());
    }
    let first = digits.next().unwrap_or_default();
    let up = match first {
        0..=4 => false,
        5 => digits.any(|digit| digit != 0) || pico % 2 == 1,
        _ => true,
    };
    pico + u128::from(up)
}

/// `[+-] digits [. digits] [(e|E) [+-] digits]`, ASCII only, nothing around it.
pub(crate) fn split(text: &[u8]) -> Option<Decimal<'_>> {
    let (negative, rest) = sign(text);
    let (whole, rest) = leading_digits(rest)?;
    let (fraction, rest) = match rest {
        [b'.', rest @ ..] => leading_digits(rest)?,
        rest => (&rest[..0], rest),
    };
    let exponent = match rest {
        [] => 0,
        [b'e' | b'E', rest @ ..] => exponent(rest)?,
        _ => return None,
    };
    Some(Decimal {
        negative,
        whole,
        fraction,
        exponent,
    })
}

fn exponent(text: &[u8]) -> Option<i64> {
    let (negative, rest) = sign(text);
    let (digits, rest) = leading_digits(rest)?;
    if !rest.is_empty() {
        return None;
    }
    let magnitude = digits.iter().fold(0_i64, |value, digit| {
        (value * 10 + i64::from(digit - b'0')).min(EXPONENT_MAX)
    });
    Some(if negative { -magnitude } else { magnitude })
}

fn sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    }
}

/// At least one digit, and what follows.
fn leading_digits(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

fn length(digits: &[u8]) -> i64 {
    i64::try_from(digits.len()).unwrap_or(i64::MAX)
}
