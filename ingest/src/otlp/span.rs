//! A request's spans, as far as they concern us, whatever encoding they came in.

use std::borrow::Cow;

use super::attributes::Attributes;

/// Most spans of one request, resources and scopes counted alike: each costs memory before it
/// is known to be one of ours. The collector's batches have 8192.
pub(super) const SPANS_MAX: usize = 50_000;

/// The event that marks a stream's first token, as OpenInference names it.
const FIRST_TOKEN_EVENT: &str = "First Token Stream Event";

pub(super) type TraceId = [u8; 16];
pub(super) type SpanId = [u8; 8];

/// Everything that one request holds.
#[derive(Debug, Default)]
pub(super) struct Export<'a> {
    pub(super) resources: Vec<Attributes<'a>>,
    /// The names of instrumentations.
    pub(super) scopes: Vec<Cow<'a, str>>,
    pub(super) spans: Vec<Span<'a>>,
}

/// One span; times are nanoseconds since 1970, 0 = not given.
#[derive(Debug, Default)]
pub(super) struct Span<'a> {
    /// Places in [`Export::resources`] and [`Export::scopes`].
    pub(super) resource: usize,
    pub(super) scope: usize,
    /// `None` when it is not an id that OTLP allows.
    pub(super) trace_id: Option<TraceId>,
    pub(super) span_id: Option<SpanId>,
    /// `None` for roots.
    pub(super) parent: Option<SpanId>,
    pub(super) name: Cow<'a, str>,
    pub(super) kind: Role,
    pub(super) start_ns: u64,
    pub(super) end_ns: u64,
    pub(super) failed: bool,
    pub(super) attributes: Attributes<'a>,
    /// The type of the exception that was recorded.
    pub(super) exception: Option<Cow<'a, str>>,
    pub(super) first_token_ns: Option<u64>,
}

/// OTLP's `SpanKind`, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Role {
    /// The side that calls: `CLIENT` and `PRODUCER`.
    Caller,
    /// Whatever else.
    #[default]
    Inside,
}

/// What is too much of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooMany;

impl<'a> Export<'a> {
    /// Begins a resource, whose attributes may come after its spans.
    pub(super) fn begin_resource(&mut self) -> Result<usize, TooMany> {
        push(&mut self.resources, Attributes::default())
    }

    pub(super) fn begin_scope(&mut self) -> Result<usize, TooMany> {
        push(&mut self.scopes, Cow::default())
    }

    pub(super) fn add(&mut self, span: Span<'a>) -> Result<(), TooMany> {
        push(&mut self.spans, span).map(drop)
    }
}

fn push<T>(all: &mut Vec<T>, one: T) -> Result<usize, TooMany> {
    if all.len() >= SPANS_MAX {
        return Err(TooMany);
    }
    all.push(one);
    Ok(all.len() - 1)
}

impl<'a> Span<'a> {
    /// Something that happened during the span.
    pub(super) fn happened(&mut self, name: &str, time_ns: u64, exception: Option<Cow<'a, str>>) {
        if name == FIRST_TOKEN_EVENT && time_ns > 0 {
            self.first_token_ns.get_or_insert(time_ns);
        }
        if name == "exception" && exception.is_some() {
            self.exception = exception;
        }
    }
}

impl Role {
    /// By the number of OTLP's enumeration.
    pub(super) fn of(kind: u64) -> Self {
        const CLIENT: u64 = 3;
        const PRODUCER: u64 = 4;
        match kind {
            CLIENT | PRODUCER => Self::Caller,
            _ => Self::Inside,
        }
    }
}

/// An id of the right length that is not all zeros.
pub(super) fn id<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    let id: [u8; N] = bytes.try_into().ok()?;
    (id != [0; N]).then_some(id)
}

/// An id in lower-case hexadecimal.
pub(super) fn hex(id: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    id.iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}
