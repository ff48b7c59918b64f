//! Arrays whose length is not to be trusted.

use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::super::span::{SPANS_MAX, TooMany};
use super::{Collected, Events, Exception};

/// An array's items, still as text: one more than [`SPANS_MAX`] at most, to notice it.
#[derive(Default)]
pub(super) struct List<'a>(Vec<&'a RawValue>);

impl<'a> List<'a> {
    pub(super) fn items(self) -> Result<impl Iterator<Item = &'a str>, TooMany> {
        if self.0.len() > SPANS_MAX {
            return Err(TooMany);
        }
        Ok(self.0.into_iter().map(RawValue::get))
    }
}

impl<'a> Each for List<'a> {
    type Item = &'a RawValue;

    fn take(&mut self, item: &'a RawValue) -> Result<(), serde_json::Error> {
        if self.0.len() <= SPANS_MAX {
            self.0.push(item);
        }
        Ok(())
    }
}

/// Takes an array's items one by one, and keeps of them what it likes.
pub(super) trait Each: Default {
    type Item;

    fn take(&mut self, item: Self::Item) -> Result<(), serde_json::Error>;
}

macro_rules! deserialize_each {
    ($($name:ident),*) => {$(
        impl<'de: 'a, 'a> Deserialize<'de> for $name<'a> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Items(PhantomData))
            }
        }
    )*};
}
deserialize_each!(List, Collected, Events, Exception);

struct Items<E>(PhantomData<E>);

impl<'de, E: Each<Item: Deserialize<'de>>> Visitor<'de> for Items<E> {
    type Value = E;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array")
    }

    /// `null` stands for an empty array.
    fn visit_unit<X>(self) -> Result<E, X> {
        Ok(E::default())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<E, S::Error> {
        let mut kept = E::default();
        while let Some(item) = seq.next_element()? {
            kept.take(item).map_err(serde::de::Error::custom)?;
        }
        Ok(kept)
    }
}
