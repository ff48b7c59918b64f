//! What is known of a call in the end, in the event's terms.

use schemas::money::Usd;
use schemas::pricing::{Evidence, Usage};
use schemas::validate::{TEXT_CHARS_MAX, TOKENS_MAX, parts_fit};

/// Names the figure where a provider states its own price.
const CHARGED_BY_OPENROUTER: &str = "openrouter/usage.cost";
/// Longest name of an error; a longer text is a message.
const ERROR_CHARS_MAX: usize = 64;

/// How far the figures can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Basis {
    /// The provider's own.
    Measured,
    /// Ours, from text that passed.
    Estimated,
    /// There are none.
    Unknown,
}

/// What a call used. Fields are named as the event's.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Metered {
    pub(crate) model: Option<String>,
    pub(crate) service_tier: Option<String>,
    /// As far as known.
    pub(crate) usage: Usage,
    /// `None` where nothing is to be known: the call is free, or was refused.
    pub(crate) basis: Option<Basis>,
    pub(crate) is_streaming: bool,
    /// The provider's own name of an error, `rate_limit_exceeded`.
    pub(crate) error_type: Option<String>,
    /// The provider's own price.
    pub(crate) charged: Option<Usd>,
    /// Names something that is paid for once, however often it is fetched: an answer that ran
    /// in the background, a batch. To be the event's id, after the provider's name.
    pub(crate) once: Option<String>,
}

impl Metered {
    /// What its cost is to be settled by.
    pub(crate) fn evidence(&self) -> Evidence<'static> {
        match (self.charged, self.basis) {
            (Some(usd), _) => Evidence::Charged(usd, CHARGED_BY_OPENROUTER),
            (None, Some(Basis::Measured)) => Evidence::Measured,
            (None, Some(Basis::Estimated)) => Evidence::Estimated,
            (None, Some(Basis::Unknown)) => Evidence::Unknown,
            (None, None) => Evidence::Free,
        }
    }

    /// Takes the counts over. An event with parts larger than their wholes would be refused, so
    /// of a report that contradicts itself the wholes are kept, and no price is made of it.
    pub(super) fn set_usage(&mut self, usage: Usage) {
        if is_consistent(&usage) {
            self.usage = usage;
            return;
        }
        self.basis = Some(Basis::Unknown);
        let whole = |count: Option<u64>| count.filter(|count| *count <= TOKENS_MAX);
        self.usage = Usage {
            input_tokens: whole(usage.input_tokens),
            output_tokens: whole(usage.output_tokens),
            ..Usage::default()
        };
    }
}

/// Whether an event may say so.
fn is_consistent(usage: &Usage) -> bool {
    let is_sane = |count: Option<u64>| count.unwrap_or_default() <= TOKENS_MAX;
    is_sane(usage.input_tokens) && is_sane(usage.output_tokens) && parts_fit(usage).is_ok()
}

/// A text as an event may carry it: short, and without control characters.
pub(super) fn printable(text: String) -> Option<String> {
    let is_plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    let chars = if is_plain {
        text.len()
    } else {
        text.chars().count()
    };
    if chars > TEXT_CHARS_MAX || (!is_plain && text.chars().any(char::is_control)) {
        return None;
    }
    let trimmed = text.trim();
    match trimmed.len() {
        0 => None,
        all if all == text.len() => Some(text),
        _ => Some(trimmed.to_owned()),
    }
}

/// The name of an error, unless it is a sentence.
pub(super) fn error_name(text: String) -> Option<String> {
    printable(text).filter(|name| {
        name.chars().count() <= ERROR_CHARS_MAX && !name.contains(char::is_whitespace)
    })
}
