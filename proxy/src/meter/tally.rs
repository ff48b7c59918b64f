//! What an answer has said of itself so far.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemas::pricing::{Part, Report};
use serde_json::Number;

use super::paths::{ANSWER, Said};
use super::sample::Sample;
use super::sieve::{Findings, Sieve};
use super::told::Told;

/// Findings of one event kept until it is complete; more are not an event that anyone sends.
const FINDINGS_MAX: usize = 256;
/// As many as most events have, and their JSON; room for them is made at once.
const FINDINGS: usize = 8;
const FINDINGS_BYTES: usize = 512;
/// Room that is not given back between events.
const FINDINGS_KEPT: usize = 16 * 1024;

/// All that was said, later over earlier.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) told: Told,
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
    /// Of the event at hand, with where in `pending_json` it is.
    pending: Vec<(Said, Range<usize>)>,
    pending_json: Vec<u8>,
    pending_written: Sample,
    pending_whole: Sample,
    is_wrapped: bool,
}

impl Tally {
    /// The event at hand is complete and counts.
    pub(super) fn commit(&mut self) {
        self.written.append(&mut self.pending_written);
        self.whole.append(&mut self.pending_whole);
        // Their room is the next event's.
        let json = std::mem::take(&mut self.pending_json);
        let mut pending = std::mem::take(&mut self.pending);
        for (said, range) in pending.drain(..) {
            self.learn(said, &json[range]);
        }
        self.pending = pending;
        self.pending_json = json;
        self.pending_json.clear();
        self.pending_json.shrink_to(FINDINGS_KEPT);
    }

    /// The event at hand was damaged.
    pub(super) fn discard(&mut self) {
        self.pending.clear();
        self.pending_json.clear();
        self.pending_written.clear();
        self.pending_whole.clear();
    }

    fn learn(&mut self, said: Said, json: &[u8]) {
        if json == b"null" {
            return;
        }
        match said {
            Said::Model => keep(&mut self.model, text(json)),
            Said::Tier => keep(&mut self.tier, text_or(json, &["type"])),
            Said::Status => keep(&mut self.status, text(json)),
            Said::Id => keep(&mut self.id, text(json)),
            Said::Background => self.is_background = json == b"true",
            Said::Stop => self.has_stopped = true,
            Said::Event => self.has_ended |= text(json).is_some_and(|name| is_last(&name)),
            Said::Error => keep(&mut self.error, text_or(json, &["code", "type", "status"])),
            Said::ErrorName => keep(&mut self.error, text(json)),
            Said::Lesser(name) if self.told.get(name).is_some() => {}
            Said::Member(name) | Said::Lesser(name) => {
                if let Some(report) = Report::parse(json) {
                    self.told.merge(name, report);
                }
            }
            Said::Count(name) => {
                if let Some(report) = Report::parse(json) {
                    self.told.set(name, report);
                }
            }
            Said::Sum(name) => {
                let known = self.told.get(name).and_then(Part::as_u64);
                let more = serde_json::from_slice(json).unwrap_or_default();
                let sum = known.unwrap_or_default().saturating_add(more);
                self.told.set(name, Report::of_count(sum));
            }
            Said::Wrapped | Said::Written | Said::Whole => {}
        }
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
        } else if self.pending.len() < FINDINGS_MAX {
            let start = self.pending_json.len();
            if start == 0 {
                self.pending_json.reserve(FINDINGS_BYTES);
                self.pending.reserve(FINDINGS);
            }
            self.pending_json.extend_from_slice(json);
            self.pending.push((said, start..self.pending_json.len()));
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

fn keep(slot: &mut Option<String>, text: Option<String>) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        *slot = Some(text);
    }
}

/// Of a text or a number.
fn text(json: &[u8]) -> Option<String> {
    match json.first()? {
        b'"' => serde_json::from_slice(json).ok(),
        b'-' | b'0'..=b'9' => Some(serde_json::from_slice::<Number>(json).ok()?.to_string()),
        _ => None,
    }
}

/// The same; of an object, of the first of these members that is one.
fn text_or(json: &[u8], names: &[&str]) -> Option<String> {
    if json.first() != Some(&b'{') {
        return text(json);
    }
    let object = Report::parse(json)?;
    let object = object.root()?;
    names.iter().find_map(|name| {
        let member = object.get(name)?;
        let number = || member.as_number().map(ToString::to_string);
        member.as_str().map(ToOwned::to_owned).or_else(number)
    })
}
