//! `event_metadata`, and the fields that the contract does not name beside it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::METADATA_BYTES_MAX;
use super::read::wrong_type;
use super::rejection::{Code, Rejection};
use crate::raw::{Field, RawEvent};

/// One JSON object's text, or nothing. What `event_metadata` itself names wins.
pub(super) fn merged(raw: &RawEvent<'_>) -> Result<String, Rejection> {
    let own = raw.get(Field::EventMetadata).unwrap_or("{}");
    if !own.starts_with('{') {
        return Err(wrong_type(Field::EventMetadata, "an object"));
    }
    let merged = if raw.unknown().len() == 0 {
        Cow::Borrowed(own)
    } else {
        with_unknown(own, raw)?
    };
    if merged.len() > METADATA_BYTES_MAX {
        let message = format!(
            "`event_metadata`, unknown fields included, is larger than {METADATA_BYTES_MAX} bytes"
        );
        return Err(Rejection::new(Code::MetadataTooLarge, message));
    }
    Ok(if merged == "{}" {
        String::new()
    } else {
        merged.into_owned()
    })
}

fn with_unknown<'a>(own: &str, raw: &RawEvent<'a>) -> Result<Cow<'a, str>, Rejection> {
    let mut seen = names(own).ok_or_else(|| wrong_type(Field::EventMetadata, "an object"))?;
    let mut merged = String::with_capacity(own.len() + 64);
    merged.push('{');
    merged.push_str(if seen.is_empty() {
        ""
    } else {
        &own[1..own.len() - 1]
    });
    for (name, value) in raw.unknown() {
        if !seen.insert(name.to_owned()) {
            continue;
        }
        if merged.len() > 1 {
            merged.push(',');
        }
        merged.push_str(&serde_json::Value::from(name).to_string());
        merged.push(':');
        merged.push_str(value);
    }
    merged.push('}');
    Ok(Cow::Owned(merged))
}

fn names(object: &str) -> Option<BTreeSet<String>> {
    #[derive(Deserialize)]
    struct Object(std::collections::BTreeMap<String, IgnoredAny>);
    serde_json::from_str::<Object>(object)
        .ok()
        .map(|object| object.0.into_keys().collect())
}
