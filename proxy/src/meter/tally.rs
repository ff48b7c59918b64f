//! What an answer has said of itself so far.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::paths::{ANSWER, Said};
use super::sample::Sample;
use super::sieve::{Findings, Sieve};

/// Findings of one event kept until it is complete; more are not an event that anyone sends.
const FINDINGS_MAX: usize = 256;

/// All that was said, later over earlier.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// The members from which usage is extracted, by genai-prices' names and ours.
    /// Null until something was said.
    pub(super) answer: Value,
    pub(super) model: Option<String>,
    pub(super) tier: Option<String>,
    pub(super) status: Option<String>,
    pub(super) is_background: bool,
    pub(super) id: Option<String>,
    pub(super) error: Option<String>,
    /// The answer said that it is complete.
    pub(super) has_stopped: bool,
    /// The stream said that nothing follows.
    pub(super) has_ended: bool,
    /// What the model wrote, piece by piece.
    pub(super) written: Sample,
    /// The same where it came whole; some streams say it both ways.
    pub(super) whole: Sample,
    /// Of the event at hand.
    pending: Vec<(Said, Value)>,
    pending_written: Sample,
    pending_whole: Sample,
    is_wrapped: bool,
}

impl Tally {
    /// The event at hand is complete and counts.
    pub(super) fn commit(&mut self) {
        self.written.append(&mut self.pending_written);
        self.whole.append(&mut self.pending_whole);
        let mut pending = std::mem::take(&mut self.pending);
        for (said, value) in pending.drain(..) {
            self.learn(said, value);
        }
        self.pending = pending; // its room is the next event's
    }

    /// The event at hand was damaged.
    pub(super) fn discard(&mut self) {
        self.pending.clear();
        self.pending_written.clear();
        self.pending_whole.clear();
    }

    fn learn(&mut self, said: Said, value: Value) {
        if value.is_null() {
            return;
        }
        match said {
            Said::Model => keep(&mut self.model, value),
            Said::Tier => keep(&mut self.tier, first_of(value, &["type"])),
            Said::Status => keep(&mut self.status, value),
            Said::Id => keep(&mut self.id, value),
            Said::Background => self.is_background = value == Value::Bool(true),
            Said::Stop => self.has_stopped = true,
            Said::Event => self.has_ended |= value.as_str().is_some_and(is_last),
            Said::Error => keep(
                &mut self.error,
                first_of(value, &["code", "type", "status"]),
            ),
            Said::ErrorName => keep(&mut self.error, value),
            Said::Member(name) => self.merge(name, value),
            Said::Lesser(name) => {
                if self.answer.get(name).is_none() {
                    self.merge(name, value);
                }
            }
            Said::Count(name) => {
                self.answer[name] = value;
            }
            Said::Sum(name) => {
                let sum = |value: Option<&Value>| value.and_then(Value::as_u64).unwrap_or_default();
                let total = sum(self.answer.get(name)).saturating_add(sum(Some(&value)));
                self.answer[name] = total.into();
            }
            Said::Wrapped | Said::Written | Said::Whole => {}
        }
    }

    /// Streams report as they go, each time what has changed: Anthropic the output, Gemini all.
    fn merge(&mut self, name: &str, value: Value) {
        let Value::Object(mut said) = value else {
            return;
        };
        said.retain(|_, value| !value.is_null());
        match &mut self.answer[name] {
            Value::Object(known) => known.extend(said),
            unknown => *unknown = Value::Object(said),
        }
    }

    /// Another answer of the same model: a batch's usage is the sum of its answers'.
    pub(super) fn add(&mut self, other: Self) {
        add(&mut self.answer, other.answer);
    }

    /// An answer in base64 within the answer.
    fn unwrap(&mut self, json: &[u8]) {
        let text = json
            .strip_prefix(b"\"")
            .and_then(|json| json.strip_suffix(b"\""));
        let Some(inner) = text.and_then(|text| STANDARD.decode(text).ok()) else {
            return;
        };
        self.is_wrapped = true;
        let mut sieve = Sieve::new(&ANSWER);
        sieve.feed(&inner, self);
        sieve.end(self);
        self.is_wrapped = false;
    }
}

impl Findings<Said> for Tally {
    fn value(&mut self, said: Said, json: &[u8]) {
        if said == Said::Wrapped {
            if !self.is_wrapped {
                self.unwrap(json);
            }
        } else if self.pending.len() < FINDINGS_MAX
            && let Ok(value) = serde_json::from_slice(json)
        {
            self.pending.push((said, value));
        }
    }

    fn text(&mut self, said: Said, piece: &[u8]) {
        match said {
            Said::Whole => self.pending_whole.add(piece),
            _ => self.pending_written.add(piece),
        }
    }

    /// The framing around knows better when an event is complete.
    fn document(&mut self) {}
}

/// Adds the whole numbers of two values of one shape, wherever they are in them.
fn add(sum: &mut Value, value: Value) {
    match (sum, value) {
        (Value::Object(sum), Value::Object(members)) => {
            for (name, value) in members {
                add(sum.entry(name).or_insert(Value::Null), value);
            }
        }
        (sum @ Value::Null, value) => *sum = value,
        (sum @ Value::Number(_), value @ Value::Number(_)) => {
            if let (Some(left), Some(right)) = (sum.as_u64(), value.as_u64()) {
                *sum = left.saturating_add(right).into();
            }
        }
        _ => {}
    }
}

/// The events of Anthropic's, Cohere's and OpenAI's streams behind which nothing comes.
fn is_last(event: &str) -> bool {
    matches!(
        event,
        "message_stop"
            | "message-end"
            | "response.completed"
            | "response.incomplete"
            | "response.failed"
    )
}

fn keep(slot: &mut Option<String>, value: Value) {
    let text = match value {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        _ => return,
    };
    if !text.is_empty() {
        *slot = Some(text);
    }
}

/// The value itself, or of an object the first of these members that says something.
fn first_of(value: Value, names: &[&str]) -> Value {
    let Value::Object(mut object) = value else {
        return value;
    };
    let says = |value: &Value| value.is_string() || value.is_number();
    names
        .iter()
        .find_map(|name| object.remove(*name).filter(says))
        .unwrap_or(Value::Null)
}
