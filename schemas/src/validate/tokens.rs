//! Counts: what was used, and that no part is larger than its whole.

use std::collections::BTreeMap;

use super::read::{Reader, has_control};
use super::rejection::{Code, Rejection};
use crate::pricing::Usage;
use crate::raw::Field;
use crate::wire;

/// Most units beside tokens in one event.
const UNITS_MAX: usize = 64;
/// Longest name of a unit, in bytes.
const UNIT_NAME_BYTES_MAX: usize = 64;
/// Largest quantity of a unit.
const UNIT_MAX: f64 = 1e15;

pub(super) fn usage(read: &Reader<'_>) -> Result<Usage, Rejection> {
    let mut usage = Usage {
        input_tokens: read.count(Field::InputTokens)?,
        output_tokens: read.count(Field::OutputTokens)?,
        cached_tokens: read.count(Field::CachedTokens)?,
        cache_write_tokens: read.count(Field::CacheWriteTokens)?,
        cache_write_1h_tokens: read.count(Field::CacheWrite1hTokens)?,
        reasoning_tokens: read.count(Field::ReasoningTokens)?,
        audio_input_tokens: read.count(Field::AudioInputTokens)?,
        audio_output_tokens: read.count(Field::AudioOutputTokens)?,
        units: units(read)?,
    };
    // An hour's cache writes alone are all the cache writes there were.
    usage.cache_write_tokens = usage.cache_writes();
    parts_fit(&usage)?;
    Ok(usage)
}

/// No part of what was used is larger than its whole.
///
/// # Errors
/// Names the first part that is.
pub fn parts_fit(usage: &Usage) -> Result<(), Rejection> {
    let (input, output, writes) = (
        usage.input_tokens,
        usage.output_tokens,
        usage.cache_writes(),
    );
    let n = |count: Option<u64>| count.unwrap_or_default();
    let cache = n(usage.cached_tokens).saturating_add(n(writes));
    within(
        cache,
        input,
        "`cached_tokens` and `cache_write_tokens`",
        "`input_tokens`",
    )?;
    within(
        n(usage.audio_input_tokens),
        input,
        "`audio_input_tokens`",
        "`input_tokens`",
    )?;
    within(
        n(usage.reasoning_tokens),
        output,
        "`reasoning_tokens`",
        "`output_tokens`",
    )?;
    within(
        n(usage.audio_output_tokens),
        output,
        "`audio_output_tokens`",
        "`output_tokens`",
    )?;
    within(
        n(usage.cache_write_1h_tokens),
        writes,
        "`cache_write_1h_tokens`",
        "`cache_write_tokens`",
    )
}

fn within(part: u64, whole: Option<u64>, parts: &str, name: &str) -> Result<(), Rejection> {
    if part <= whole.unwrap_or_default() {
        return Ok(());
    }
    let message = format!("{parts} must not exceed {name}, of which they are part");
    Err(Rejection::new(Code::PartsExceedWhole, message))
}

fn units(read: &Reader<'_>) -> Result<BTreeMap<String, f64>, Rejection> {
    let Some(json) = read.json(Field::Usage) else {
        return Ok(BTreeMap::new());
    };
    let invalid = |message: &'static str| Rejection::new(Code::InvalidUsage, message);
    let units: BTreeMap<String, f64> = serde_json::from_str(json)
        .map_err(|_| invalid("`usage` must be an object of names and numbers of 0 or more"))?;
    if units.len() > UNITS_MAX {
        return Err(invalid("`usage` names more than 64 units"));
    }
    for (name, quantity) in &units {
        if name.is_empty() || name.len() > UNIT_NAME_BYTES_MAX || has_control(name) {
            return Err(invalid(
                "`usage` has a name that is empty, too long or not printable",
            ));
        }
        if !(0.0..=UNIT_MAX).contains(quantity) {
            return Err(invalid("`usage` has a number below 0 or above 1e15"));
        }
    }
    Ok(units)
}

/// What the record carries: absent counts are 0 from here on.
pub(super) fn copy(usage: &Usage, wire: &mut wire::UsageEvent) {
    wire.input_tokens = usage.input_tokens.unwrap_or_default();
    wire.output_tokens = usage.output_tokens.unwrap_or_default();
    wire.cached_tokens = usage.cached_tokens.unwrap_or_default();
    wire.cache_write_tokens = usage.cache_write_tokens.unwrap_or_default();
    wire.cache_write_1h_tokens = usage.cache_write_1h_tokens.unwrap_or_default();
    wire.reasoning_tokens = usage.reasoning_tokens.unwrap_or_default();
    wire.audio_input_tokens = usage.audio_input_tokens.unwrap_or_default();
    wire.audio_output_tokens = usage.audio_output_tokens.unwrap_or_default();
    wire.usage.clone_from(&usage.units);
}
