//! Genai-prices' names of what an event has fields for.

use schemas::pricing::Usage;

/// The field of a count; `None` = a unit.
pub(crate) fn field<'u>(usage: &'u mut Usage, name: &str) -> Option<&'u mut Option<u64>> {
    Some(match name {
        "input_tokens" => &mut usage.input_tokens,
        "output_tokens" => &mut usage.output_tokens,
        "cache_read_tokens" => &mut usage.cached_tokens,
        "cache_write_tokens" => &mut usage.cache_write_tokens,
        "cache_write_1h_tokens" => &mut usage.cache_write_1h_tokens,
        "output_reasoning_tokens" => &mut usage.reasoning_tokens,
        "input_audio_tokens" => &mut usage.audio_input_tokens,
        "output_audio_tokens" => &mut usage.audio_output_tokens,
        _ => return None,
    })
}
