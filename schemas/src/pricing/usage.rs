//! What a call used.

use std::collections::BTreeMap;

use super::decimal::{Decimal, scaled};
use super::units::{COUNT, Mask, UnitId, Units};

/// Counts as OpenTelemetry counts them: a whole contains its parts. `None` = not reported,
/// which is not zero.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usage {
    /// All input tokens: cached, cache writes and audio included.
    pub input_tokens: Option<u64>,
    /// All output tokens: reasoning and audio included.
    pub output_tokens: Option<u64>,
    /// Part of input: read from a cache.
    pub cached_tokens: Option<u64>,
    /// Part of input: written to a cache, for whatever time.
    pub cache_write_tokens: Option<u64>,
    /// Part of `cache_write_tokens`: written for an hour.
    pub cache_write_1h_tokens: Option<u64>,
    /// Part of output.
    pub reasoning_tokens: Option<u64>,
    /// Part of input.
    pub audio_input_tokens: Option<u64>,
    /// Part of output.
    pub audio_output_tokens: Option<u64>,
    /// Further quantities of 0 or more by genai-prices' names (`web_searches`,
    /// `audio_seconds`, …); names it does not know are not priced.
    pub units: BTreeMap<String, f64>,
}

impl Usage {
    /// Whether nothing was used: no count and no unit above zero was reported.
    pub fn is_nothing(&self) -> bool {
        self.counts()
            .iter()
            .all(|count| count.unwrap_or_default() == 0)
            && self.units.values().all(|quantity| *quantity == 0.0)
    }

    /// All cache writes: where only those for an hour are told, these.
    pub(crate) fn cache_writes(&self) -> Option<u64> {
        self.cache_write_tokens.or(self.cache_write_1h_tokens)
    }

    /// Both together; what neither reported stays unreported.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let sum = |left: Option<u64>, right: Option<u64>| match (left, right) {
            (Some(left), Some(right)) => Some(left.saturating_add(right)),
            (one, other) => one.or(other),
        };
        let mut units = self.units.clone();
        for (name, quantity) in &other.units {
            *units.entry(name.clone()).or_default() += quantity;
        }
        Self {
            input_tokens: sum(self.input_tokens, other.input_tokens),
            output_tokens: sum(self.output_tokens, other.output_tokens),
            cached_tokens: sum(self.cached_tokens, other.cached_tokens),
            cache_write_tokens: sum(self.cache_write_tokens, other.cache_write_tokens),
            cache_write_1h_tokens: sum(self.cache_write_1h_tokens, other.cache_write_1h_tokens),
            reasoning_tokens: sum(self.reasoning_tokens, other.reasoning_tokens),
            audio_input_tokens: sum(self.audio_input_tokens, other.audio_input_tokens),
            audio_output_tokens: sum(self.audio_output_tokens, other.audio_output_tokens),
            units,
        }
    }

    fn counts(&self) -> [Option<u64>; 8] {
        [
            self.input_tokens,
            self.output_tokens,
            self.cached_tokens,
            self.cache_write_tokens,
            self.cache_write_1h_tokens,
            self.reasoning_tokens,
            self.audio_input_tokens,
            self.audio_output_tokens,
        ]
    }
}

/// The reported quantities as whole numbers of one common scale.
#[derive(Debug)]
pub(super) struct Quantities {
    /// Times `10^scale`.
    values: [i128; COUNT],
    pub(super) reported: Mask,
    pub(super) scale: u32,
}

impl Quantities {
    /// `None` when a quantity is negative, not finite or beyond 128 bits.
    pub(super) fn of(usage: &Usage, units: &Units) -> Option<Self> {
        let mut quantities = Self {
            values: [0; COUNT],
            reported: 0,
            scale: 0,
        };
        let mut further = Vec::new();
        for (name, quantity) in &usage.units {
            let decimal = Decimal::of_f64(*quantity)?;
            if let Some(unit) = units.reported(name) {
                quantities.scale = quantities.scale.max(decimal.scale);
                further.push((unit, decimal));
            }
        }
        for (unit, decimal) in further {
            quantities.set(
                unit,
                scaled(decimal.mantissa, quantities.scale - decimal.scale)?,
            );
        }
        // Last, so that an event's own fields win over units of the same name.
        let known = &units.known;
        let fields = [
            known.input,
            known.output,
            known.cache_read,
            known.cache_write,
            known.cache_write_1h,
            known.reasoning,
            known.audio_input,
            known.audio_output,
        ];
        for (unit, count) in fields.into_iter().zip(usage.counts()) {
            if let Some(count) = count {
                quantities.set(unit, scaled(i128::from(count), quantities.scale)?);
            }
        }
        Some(quantities)
    }

    fn set(&mut self, unit: UnitId, value: i128) {
        self.values[unit] = value;
        self.reported |= 1 << unit;
    }

    /// Times `10^scale`; 0 when not reported.
    pub(super) fn value(&self, unit: UnitId) -> i128 {
        self.values[unit]
    }

    pub(super) fn positive(&self) -> Mask {
        super::units::ids(self.reported).fold(0, |mask, unit| {
            if self.values[unit] > 0 {
                mask | 1 << unit
            } else {
                mask
            }
        })
    }

    /// Bills at least this many seconds of audio, if any were used.
    pub(super) fn raise_audio(&mut self, seconds_min: u32, units: &Units) -> Option<()> {
        let (all, input) = (units.known.audio_seconds, units.known.input_audio_seconds);
        let seconds = if self.values[all] > 0 {
            self.values[all]
        } else {
            self.values[input]
        };
        if seconds > 0 {
            let billed = seconds.max(scaled(i128::from(seconds_min), self.scale)?);
            self.set(all, billed);
            self.set(input, billed);
        }
        Some(())
    }
}
