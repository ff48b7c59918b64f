//! What a span or a resource says about itself, of what means anything to us. Prompts and
//! answers are passed over where they stand: they are never copied.

use std::borrow::Cow;

use serde_json::Number;

use super::meaning::{Meaning, Slot};

/// Attributes of the sender's own that are kept of one span; further ones are dropped.
const OWN_MAX: usize = 32;
/// Longest name or text of the sender's own, in bytes; longer ones are dropped.
const OWN_BYTES_MAX: usize = 512;

/// An attribute's value; arrays, maps and bytes mean nothing to us.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'a> {
    Text(Cow<'a, str>),
    Int(i64),
    Double(f64),
    Bool(bool),
}

#[derive(Debug, Default)]
pub(super) struct Attributes<'a> {
    /// One value per meaning, with the rank of its name.
    known: Vec<(Meaning, usize, Value<'a>)>,
    own: Vec<(String, Value<'a>)>,
}

impl<'a> Attributes<'a> {
    /// `value` is only asked for when the key means something. The first of one name stays.
    pub(super) fn add<E>(
        &mut self,
        key: &str,
        value: impl FnOnce() -> Result<Option<Value<'a>>, E>,
    ) -> Result<(), E> {
        let Some(slot) = Slot::of(key) else {
            return Ok(());
        };
        let Some(value) = value()? else {
            return Ok(());
        };
        match slot {
            Slot::Known(meaning, rank) => self.know(meaning, rank, value),
            Slot::Own(name) => {
                let long = matches!(&value, Value::Text(text) if text.len() > OWN_BYTES_MAX);
                if self.own.len() < OWN_MAX && !long && name.len() <= OWN_BYTES_MAX {
                    self.own.push((name.to_owned(), value));
                }
            }
        }
        Ok(())
    }

    fn know(&mut self, meaning: Meaning, rank: usize, value: Value<'a>) {
        // An empty text says nothing, and must not hide what another convention says.
        if matches!(&value, Value::Text(text) if text.is_empty()) {
            return;
        }
        match self.known.iter_mut().find(|known| known.0 == meaning) {
            None => self.known.push((meaning, rank, value)),
            Some(known) if rank < known.1 => *known = (meaning, rank, value),
            Some(_) => {}
        }
    }

    pub(super) fn get(&self, meaning: Meaning) -> Option<&Value<'a>> {
        self.known
            .iter()
            .find_map(|(known, _, value)| (*known == meaning).then_some(value))
    }

    pub(super) fn has(&self, meaning: Meaning) -> bool {
        self.get(meaning).is_some()
    }

    /// The value, as text whatever its type.
    pub(super) fn text(&self, meaning: Meaning) -> Option<Cow<'_, str>> {
        self.get(meaning).map(Value::to_text)
    }

    /// A count: whole and not negative (-1 stands for unknown in places), whatever its type.
    pub(super) fn count(&self, meaning: Meaning) -> Option<u64> {
        match self.get(meaning)? {
            Value::Int(count) => u64::try_from(*count).ok(),
            Value::Double(count) if *count >= 0.0 && count.fract() == 0.0 && *count < 1e15 => {
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // checked above
                Some(*count as u64)
            }
            Value::Text(count) => count.trim().parse().ok(),
            _ => None,
        }
    }

    /// A finite number, whatever its type.
    pub(super) fn number(&self, meaning: Meaning) -> Option<f64> {
        let number = match self.get(meaning)? {
            #[allow(clippy::cast_precision_loss)] // times, far below 2^53
            Value::Int(number) => *number as f64,
            Value::Double(number) => *number,
            Value::Text(number) => number.trim().parse().ok()?,
            Value::Bool(_) => return None,
        };
        number.is_finite().then_some(number)
    }

    pub(super) fn boolean(&self, meaning: Meaning) -> Option<bool> {
        match self.get(meaning)? {
            Value::Bool(is) => Some(*is),
            Value::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The sender's own, in the order sent.
    pub(super) fn own(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        self.own.iter().map(|(name, value)| (name.as_str(), value))
    }
}

impl Value<'_> {
    pub(super) fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Int(number) => Cow::Owned(number.to_string()),
            Self::Double(number) => Cow::Owned(number.to_string()),
            Self::Bool(is) => Cow::Borrowed(if *is { "true" } else { "false" }),
        }
    }

    pub(super) fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Text(text) => text.as_ref().into(),
            Self::Int(number) => (*number).into(),
            // JSON has no NaN.
            Self::Double(number) => Number::from_f64(*number)
                .map_or_else(|| number.to_string().into(), serde_json::Value::Number),
            Self::Bool(is) => (*is).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn of(attributes: &[(&str, Value<'static>)]) -> Attributes<'static> {
        let mut all = Attributes::default();
        for (key, value) in attributes {
            let added: Result<(), ()> = all.add(key, || Ok(Some(value.clone())));
            added.unwrap();
        }
        all
    }

    #[test]
    fn the_newer_name_wins_in_any_order() {
        let (new, old) = ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens");
        for names in [[new, old], [old, new]] {
            let value = |name: &str| Value::Int(if name == new { 7 } else { 8 });
            let all = of(&[(names[0], value(names[0])), (names[1], value(names[1]))]);
            assert_eq!(all.count(Meaning::InputTokens), Some(7));
        }
        let empty = of(&[
            ("gen_ai.provider.name", Value::Text("".into())),
            ("gen_ai.system", Value::Text("openai".into())),
        ]);
        assert_eq!(empty.text(Meaning::Provider).unwrap(), "openai");
    }

    #[test]
    fn counts_come_in_every_type() {
        for (value, count) in [
            (Value::Int(12), Some(12)),
            (Value::Double(12.0), Some(12)),
            (Value::Text("12".into()), Some(12)),
            (Value::Int(-1), None),
            (Value::Double(1.5), None),
            (Value::Double(f64::NAN), None),
            (Value::Text("many".into()), None),
            (Value::Bool(true), None),
        ] {
            let all = of(&[("gen_ai.usage.input_tokens", value.clone())]);
            assert_eq!(all.count(Meaning::InputTokens), count, "{value:?}");
        }
    }

    #[test]
    fn the_senders_own_is_bounded() {
        let mut all = Attributes::default();
        for i in 0..100 {
            let key = format!("ai.telemetry.metadata.k{i}");
            let text = "x".repeat(if i == 0 { OWN_BYTES_MAX + 1 } else { 1 });
            let added: Result<(), ()> = all.add(&key, || Ok(Some(Value::Text(text.into()))));
            added.unwrap();
        }
        assert_eq!(all.own().count(), OWN_MAX);
        assert_eq!(all.own().next().unwrap().0, "k1");
    }
}
