//! Single values as protobuf's JSON writes them.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

use super::super::span::{Role, id};

/// A text that borrows unless it holds escapes (`Cow` alone would always copy).
#[derive(Deserialize, Default)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// A 64-bit number: as text, or as a number. Unsigned ones keep their bits.
pub(super) struct Integer(pub(super) i64);

/// A number, or `"NaN"`, `"Infinity"`, `"-Infinity"`.
pub(super) struct Double(pub(super) f64);

/// An enumeration's number, or its name.
#[derive(Default)]
pub(super) enum Enumeration {
    Number(u64),
    Caller,
    Error,
    #[default]
    Other,
}

/// An id in hexadecimal; `None` when it is none that OTLP allows.
pub(super) struct Hex<const N: usize>(pub(super) Option<[u8; N]>);

impl Enumeration {
    pub(super) fn role(&self) -> Role {
        match self {
            Self::Number(kind) => Role::of(*kind),
            Self::Caller => Role::Caller,
            _ => Role::Inside,
        }
    }

    pub(super) fn is_error(&self) -> bool {
        matches!(self, Self::Error | Self::Number(2))
    }
}

/// A JSON text or number, whichever it is.
enum Either {
    Text(String),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
}

impl<'de> Deserialize<'de> for Either {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Either;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text or a number")
            }
            fn visit_str<E>(self, text: &str) -> Result<Either, E> {
                Ok(Either::Text(text.to_owned()))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Either, E> {
                Ok(Either::Signed(number))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Either, E> {
                Ok(Either::Unsigned(number))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Either, E> {
                Ok(Either::Float(number))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

impl<'de> Deserialize<'de> for Integer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let invalid = || D::Error::custom("expected a whole number, or one as text");
        let number = match Either::deserialize(deserializer)? {
            Either::Signed(number) => number,
            Either::Unsigned(number) => number.cast_signed(),
            Either::Text(text) => match text.parse::<i64>() {
                Ok(number) => number,
                Err(_) => text.parse::<u64>().map_err(|_| invalid())?.cast_signed(),
            },
            #[allow(clippy::cast_possible_truncation)] // whole, and within 53 bits
            Either::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => number as i64,
            Either::Float(_) => return Err(invalid()),
        };
        Ok(Self(number))
    }
}

impl<'de> Deserialize<'de> for Double {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[allow(clippy::cast_precision_loss)] // as every reader of JSON
        let number = match Either::deserialize(deserializer)? {
            Either::Signed(number) => number as f64,
            Either::Unsigned(number) => number as f64,
            Either::Float(number) => number,
            Either::Text(text) => text
                .parse()
                .map_err(|_| D::Error::custom("expected a number"))?,
        };
        Ok(Self(number))
    }
}

impl<'de> Deserialize<'de> for Enumeration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Either::deserialize(deserializer)? {
            Either::Unsigned(number) => Self::Number(number),
            Either::Text(name) => match name.as_str() {
                "SPAN_KIND_CLIENT" | "SPAN_KIND_PRODUCER" => Self::Caller,
                "STATUS_CODE_ERROR" => Self::Error,
                _ => Self::Other,
            },
            Either::Signed(_) | Either::Float(_) => Self::Other,
        })
    }
}

impl<'de, const N: usize> Deserialize<'de> for Hex<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text(text) = Text::deserialize(deserializer)?;
        let mut bytes = [0; N];
        if text.len() != 2 * N {
            return Ok(Self(None));
        }
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let digits = std::str::from_utf8(digits).unwrap_or_default();
            match u8::from_str_radix(digits, 16) {
                // `+f` would be a number, too.
                Ok(value) if !digits.starts_with('+') => *byte = value,
                _ => return Ok(Self(None)),
            }
        }
        Ok(Self(id(&bytes)))
    }
}
