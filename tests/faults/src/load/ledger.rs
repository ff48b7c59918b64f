//! The sender's own books: what became of every event, as ingest answered.

use std::collections::BTreeMap;
use std::ops::Range;

/// What the sender knows of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Sent at least once and not answered yet: stored or not.
    Unknown,
    /// Acknowledged by a 202.
    Accepted,
    /// Refused with a code.
    Rejected,
}

/// One line for each event, by number.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    states: Vec<State>,
    /// Rejected events by code, each counted once.
    pub(crate) rejected: BTreeMap<&'static str, u64>,
    /// Answers 503 and 429.
    pub(crate) refusals: u64,
    /// The last of them, or why a request was not answered.
    pub(crate) last_refusal: String,
    /// Requests without any answer.
    pub(crate) unanswered: u64,
    /// Events sent again although they were acknowledged.
    pub(crate) resent: u64,
    /// Poison records that Kafka acknowledged.
    pub(crate) poison: u64,
    /// What ingest answered against its contract.
    pub(crate) complaints: Vec<String>,
}

impl Ledger {
    pub(crate) fn state(&self, n: u64) -> Option<State> {
        self.states.get(usize::try_from(n).ok()?).copied()
    }

    /// How many events were made.
    pub(crate) fn len(&self) -> u64 {
        self.states.len() as u64
    }

    /// The numbers of the next events.
    pub(crate) fn take(&mut self, count: u64) -> Range<u64> {
        let start = self.len();
        let count = usize::try_from(count).unwrap_or(0);
        self.states
            .resize(self.states.len() + count, State::Unknown);
        start..self.len()
    }

    pub(crate) fn answered(&mut self, n: u64, rejection: Option<&'static str>) {
        let Some(state) = usize::try_from(n).ok().and_then(|n| self.states.get_mut(n)) else {
            return;
        };
        if *state != State::Unknown {
            return; // sent again
        }
        *state = State::Accepted;
        if let Some(code) = rejection {
            *state = State::Rejected;
            *self.rejected.entry(code).or_default() += 1;
        }
    }

    /// Events from `start` on in a state.
    pub(crate) fn in_state(&self, start: u64, state: State) -> impl Iterator<Item = u64> {
        (start..self.len()).filter(move |n| self.state(*n) == Some(state))
    }
}
