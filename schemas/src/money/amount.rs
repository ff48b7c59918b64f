//! Money in answers: a JSON number with all its digits, or a string where asked for.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::Usd;

/// How an answer writes money (`?money=string`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MoneyFormat {
    /// A JSON number in plain notation.
    #[default]
    Number,
    /// A JSON string, for readers whose numbers are floats.
    Text,
}

impl MoneyFormat {
    /// The amount as this format writes it.
    pub fn amount(self, usd: Usd) -> Amount {
        match self {
            Self::Number => Amount::Number(usd),
            Self::Text => Amount::Text(usd),
        }
    }
}

/// An amount that knows how it is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// A JSON number: `0.000123`.
    Number(Usd),
    /// A JSON string: `"0.000123"`.
    Text(Usd),
}

impl Serialize for Usd {
    /// A JSON number in plain notation with all digits; only for `serde_json`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.to_string())
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(usd) => usd.serialize(serializer),
            Self::Text(usd) => serializer.collect_str(usd),
        }
    }
}
