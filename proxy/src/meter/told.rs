//! What an answer told of its usage, member by member.

use schemas::pricing::{Part, Report};

/// The members from which usage is extracted, by genai-prices' names and ours.
#[derive(Debug, Default)]
pub(super) struct Told(Vec<(&'static str, Report)>);

impl Told {
    /// Whether nothing was told.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn get(&self, name: &str) -> Option<Part<'_>> {
        let (_, report) = self.0.iter().find(|(known, _)| *known == name)?;
        report.root()
    }

    /// In place of what was told before.
    pub(super) fn set(&mut self, name: &'static str, report: Report) {
        *self.member(name) = report;
    }

    /// Streams report as they go, each time what has changed: Anthropic the output, Gemini all.
    pub(super) fn merge(&mut self, name: &'static str, report: Report) {
        if report.root().is_some_and(Part::is_object) {
            let known = self.member(name);
            *known = std::mem::take(known).overlaid_by(report);
        }
    }

    /// Another answer of the same model: a batch's usage is the sum of its answers'.
    pub(super) fn add(&mut self, other: &Self) {
        for (name, report) in &other.0 {
            let known = self.member(name);
            *known = known.plus(report);
        }
    }

    fn member(&mut self, name: &'static str) -> &mut Report {
        let known = self.0.iter().position(|(known, _)| *known == name);
        let at = known.unwrap_or_else(|| {
            self.0.push((name, Report::default()));
            self.0.len() - 1
        });
        &mut self.0[at].1
    }
}
