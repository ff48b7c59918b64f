//! How the spans of one request hang together. A span's ancestors may have come earlier or may
//! come later, in requests of their own: what is told here is told as far as it can be seen.

use std::borrow::Cow;
use std::collections::HashMap;

use schemas::wire::SpanType;

use super::kind::{Kind, kind};
use super::label;
use super::meaning::Meaning;
use super::span::{Export, Span, SpanId, TraceId, hex};

/// Ancestors looked at of one span; a sender may even close a ring.
const DEPTH_MAX: usize = 64;

pub(super) struct Tree<'e, 'a> {
    export: &'e Export<'a>,
    kinds: Vec<Kind>,
    parents: Vec<Option<usize>>,
    keep_other: bool,
}

impl<'e, 'a> Tree<'e, 'a> {
    pub(super) fn of(export: &'e Export<'a>, keep_other: bool) -> Self {
        let mut by_id: HashMap<(TraceId, SpanId), usize> = HashMap::new();
        for (i, span) in export.spans.iter().enumerate() {
            if let (Some(trace), Some(id)) = (span.trace_id, span.span_id) {
                by_id.entry((trace, id)).or_insert(i);
            }
        }
        let parent = |span: &Span<'_>| by_id.get(&(span.trace_id?, span.parent?)).copied();
        let kind = |span: &Span<'_>| kind(span, &export.scopes[span.scope]);
        let mut tree = Self {
            export,
            kinds: export.spans.iter().map(kind).collect(),
            parents: export.spans.iter().map(parent).collect(),
            keep_other,
        };
        tree.count_each_call_once();
        tree
    }

    /// A call within a call is the same call, seen by another instrumentation: the inner one is
    /// nearer to the wire. Below an agent or a tool it is another call.
    fn count_each_call_once(&mut self) {
        let repeats = |inner: usize| {
            self.ancestors(inner)
                .take_while(|outer| !is_actor(self.kinds[*outer]))
                .find(|outer| matches!(self.kinds[*outer], Kind::Call(_)))
        };
        let calls = (0..self.kinds.len()).filter(|i| matches!(self.kinds[*i], Kind::Call(_)));
        let outer: Vec<usize> = calls.filter_map(repeats).collect();
        for span in outer {
            self.kinds[span] = Kind::Shape(SpanType::Section);
        }
    }

    /// Nearest first.
    fn ancestors(&self, span: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(self.parents[span], |above| self.parents[*above]).take(DEPTH_MAX)
    }

    pub(super) fn kind(&self, span: usize) -> Kind {
        self.kinds[span]
    }

    /// Whether the span becomes an event. What happens within a call is part of it.
    pub(super) fn is_kept(&self, span: usize) -> bool {
        match self.kinds[span] {
            Kind::Call(_) | Kind::Shape(_) => true,
            Kind::Other => {
                self.keep_other
                    && !self
                        .ancestors(span)
                        .any(|above| matches!(self.kinds[above], Kind::Call(_)))
            }
        }
    }

    /// The nearest ancestor that becomes an event, else the one above all that are here.
    pub(super) fn parent_span_id(&self, span: usize) -> Option<String> {
        let kept = self.ancestors(span).find(|above| self.is_kept(*above));
        let id = match kept {
            Some(above) => self.export.spans[above].span_id,
            None => {
                let top = self.ancestors(span).last().unwrap_or(span);
                self.export.spans[top].parent
            }
        };
        id.map(|id| hex(&id))
    }

    /// A text of the span's own, else of its nearest ancestor that has one, else of its resource.
    pub(super) fn inherited(&self, span: usize, meaning: Meaning) -> Option<Cow<'e, str>> {
        let spans = &self.export.spans;
        let resource = &self.export.resources[spans[span].resource];
        std::iter::once(span)
            .chain(self.ancestors(span))
            .find_map(|at| spans[at].attributes.text(meaning))
            .or_else(|| resource.text(meaning))
    }

    /// Where in the work the span belongs: what it says itself, so that it says the same in
    /// every request, else the names of its ancestors here.
    pub(super) fn section_path(&self, span: usize) -> Option<String> {
        let own = &self.export.spans[span];
        if let Some(path) = own.attributes.text(Meaning::SectionPath) {
            return Some(label::path(path.split('/')));
        }
        if let Some(path) = label::traceloop_path(own) {
            return Some(path);
        }
        let shape = |at: usize| match self.kinds[at] {
            Kind::Shape(of) => label::of(&self.export.spans[at], of),
            _ => None,
        };
        let mut parts: Vec<String> = self.ancestors(span).filter_map(shape).collect();
        parts.reverse();
        match self.kinds[span] {
            Kind::Shape(_) => parts.extend(shape(span)),
            Kind::Call(_) | Kind::Other if parts.is_empty() => parts.extend(label::around(own)),
            _ => {}
        }
        (!parts.is_empty()).then(|| label::path(parts.iter().map(String::as_str)))
    }
}

fn is_actor(kind: Kind) -> bool {
    matches!(kind, Kind::Shape(SpanType::Agent | SpanType::Tool))
}
