//! The file as it is written.

use serde::Deserialize;
use serde_json::Value;

use super::{ENTRIES_MAX, FILE_BYTES_MAX};

/// Digits of a file's hash that name it.
const HASH_DIGITS: usize = 12;
/// Longest version.
const VERSION_CHARS_MAX: usize = 64;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    version: Option<String>,
    #[serde(default)]
    pub(super) price: Vec<EntryDocument>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntryDocument {
    pub(super) provider: String,
    pub(super) model: String,
    pub(super) tenant: Option<String>,
    pub(super) service_tier: Option<String>,
    pub(super) from: Option<String>,
    pub(super) until: Option<String>,
    pub(super) multiply: Option<Value>,
    #[serde(default)]
    pub(super) per_million: serde_json::Map<String, Value>,
    #[serde(default)]
    pub(super) per_unit: serde_json::Map<String, Value>,
    #[serde(default)]
    pub(super) tiers: Vec<TierDocument>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TierDocument {
    /// Input tokens of the call above which the tier's prices apply to all of it.
    pub(super) above: u64,
    #[serde(default)]
    pub(super) per_million: serde_json::Map<String, Value>,
    #[serde(default)]
    pub(super) per_unit: serde_json::Map<String, Value>,
}

pub(super) fn read(text: &str) -> Result<File, String> {
    if text.len() > FILE_BYTES_MAX {
        return Err(format!("the file is larger than {FILE_BYTES_MAX} bytes"));
    }
    let value = if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?
    } else {
        let table: toml::Table =
            toml::from_str(text).map_err(|error| format!("not TOML: {error}"))?;
        Value::Object(
            table
                .into_iter()
                .map(|(name, value)| (name, json(value)))
                .collect(),
        )
    };
    let file: File = serde_json::from_value(value).map_err(|error| error.to_string())?;
    if file.price.len() > ENTRIES_MAX {
        return Err(format!("there are more than {ENTRIES_MAX} prices"));
    }
    let named = |version: &str| {
        (1..=VERSION_CHARS_MAX).contains(&version.chars().count())
            && !version.chars().any(char::is_control)
    };
    if file
        .version
        .as_deref()
        .is_some_and(|version| !named(version))
    {
        return Err(format!(
            "`version` must have 1 to {VERSION_CHARS_MAX} printable characters"
        ));
    }
    Ok(file)
}

impl File {
    /// Its own name, or one made of its bytes: another file never has the same.
    pub(super) fn version(&self, text: &str) -> String {
        self.version.clone().unwrap_or_else(|| {
            let hash = blake3::hash(text.as_bytes()).to_hex();
            format!("overrides/{}", &hash[..HASH_DIGITS])
        })
    }
}

/// Dates become text, as they are in JSON.
fn json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(truth) => truth.into(),
        toml::Value::Datetime(time) => Value::String(time.to_string()),
        toml::Value::Array(items) => items.into_iter().map(json).collect(),
        toml::Value::Table(members) => members
            .into_iter()
            .map(|(name, value)| (name, json(value)))
            .collect(),
    }
}
