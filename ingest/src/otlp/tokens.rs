//! How many tokens: ours are counted as OpenTelemetry counts, with cached tokens and cache
//! writes part of the input, and reasoning part of the output. Some senders pass on what their
//! provider says, where the parts stand beside the whole.

use super::attributes::Attributes;
use super::meaning::Meaning;

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tokens {
    pub(super) input: Option<u64>,
    pub(super) output: Option<u64>,
    pub(super) cached: Option<u64>,
    pub(super) cache_write: Option<u64>,
    pub(super) reasoning: Option<u64>,
    pub(super) audio_input: Option<u64>,
    pub(super) audio_output: Option<u64>,
}

impl Tokens {
    pub(super) fn of(attributes: &Attributes<'_>) -> Self {
        let count = |meaning| attributes.count(meaning);
        let cached = count(Meaning::CachedTokens);
        let cache_write = count(Meaning::CacheWriteTokens);
        let reasoning = count(Meaning::ReasoningTokens);
        let (input, output) = (count(Meaning::InputTokens), count(Meaning::OutputTokens));
        let sum = |a: Option<u64>, b: Option<u64>| a.unwrap_or(0).saturating_add(b.unwrap_or(0));
        let (cache, thought) = (sum(cached, cache_write), reasoning.unwrap_or(0));
        // What the total holds beyond input and output: nothing where parts are within.
        let beyond = count(Meaning::TotalTokens).and_then(|t| t.checked_sub(sum(input, output)));
        let both = beyond == Some(cache.saturating_add(thought));
        let cache_beside = beyond == Some(cache) && beyond != Some(thought);
        let whole = |whole: Option<u64>, part: u64, beside: bool| {
            if part > 0 && (beside || both || part > whole.unwrap_or(0)) {
                Some(whole.unwrap_or(0).saturating_add(part))
            } else {
                whole
            }
        };
        let input = whole(input, cache, cache_beside);
        let output = whole(output, thought, beyond == Some(thought));
        let within = |part: Option<u64>, whole: Option<u64>| part.filter(|p| Some(*p) <= whole);
        Self {
            cached,
            cache_write,
            reasoning,
            audio_input: within(count(Meaning::AudioInputTokens), input),
            audio_output: within(count(Meaning::AudioOutputTokens), output),
            input,
            output,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::otlp::attributes::Value;

    /// Input, output, total, cached, written, reasoning as sent; input and output as counted.
    fn counted(sent: [i64; 6]) -> (Option<u64>, Option<u64>) {
        let names = [
            "gen_ai.usage.input_tokens",
            "gen_ai.usage.output_tokens",
            "gen_ai.usage.total_tokens",
            "gen_ai.usage.cache_read.input_tokens",
            "gen_ai.usage.cache_creation.input_tokens",
            "gen_ai.usage.reasoning.output_tokens",
        ];
        let mut attributes = Attributes::default();
        for (name, count) in names.into_iter().zip(sent) {
            let added: Result<(), ()> = attributes.add(name, || Ok(Some(Value::Int(count))));
            added.unwrap();
        }
        let tokens = Tokens::of(&attributes);
        (tokens.input, tokens.output)
    }

    #[test]
    fn parts_are_within_as_the_convention_says() {
        assert_eq!(counted([100, 50, -1, 80, 20, 30]), (Some(100), Some(50)));
        assert_eq!(counted([100, 50, 150, 80, 20, 30]), (Some(100), Some(50)));
        assert_eq!(counted([100, 50, 150, 0, 0, 0]), (Some(100), Some(50)));
    }

    #[test]
    fn parts_larger_than_the_whole_stand_beside_it() {
        assert_eq!(counted([4, 50, -1, 2000, 0, 0]), (Some(2004), Some(50)));
        assert_eq!(counted([4, 50, -1, 0, 2000, 80]), (Some(2004), Some(130)));
        assert_eq!(counted([-1, -1, -1, 10, 0, 0]), (Some(10), None));
    }

    #[test]
    fn a_total_that_holds_more_tells() {
        // Gemini's thoughts, and a cache that is smaller than the rest.
        assert_eq!(counted([100, 50, 180, 0, 0, 30]), (Some(100), Some(80)));
        assert_eq!(counted([100, 50, 190, 40, 0, 10]), (Some(140), Some(50)));
        assert_eq!(counted([100, 50, 200, 40, 0, 10]), (Some(140), Some(60)));
        // Explained by neither: as the convention says.
        assert_eq!(counted([100, 50, 177, 40, 0, 10]), (Some(100), Some(50)));
    }
}
