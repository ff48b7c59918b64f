//! What the parts of a section path are called: `agent:planner/tool:search`.

use std::borrow::Cow;

use schemas::validate::PATH_CHARS_MAX;
use schemas::wire::SpanType;

use super::meaning::Meaning;
use super::span::Span;

/// Longest part, in characters; the rest is cut off.
const PART_CHARS_MAX: usize = 128;

/// The span's own part; `None` for one that has no name worth one.
pub(super) fn of(span: &Span<'_>, kind: SpanType) -> Option<String> {
    let any = |meanings: &[Meaning]| meanings.iter().find_map(|m| span.attributes.text(*m));
    let name = match kind {
        SpanType::Agent => any(&[Meaning::AgentName, Meaning::TraceloopEntity])
            .or_else(|| named(span, &["invoke_agent", "create_agent"])),
        SpanType::Tool => any(&[Meaning::ToolName, Meaning::TraceloopEntity])
            .or_else(|| named(span, &["execute_tool"])),
        _ => any(&[
            Meaning::WorkflowName,
            Meaning::TraceloopEntity,
            Meaning::TaskName,
            Meaning::FunctionId,
        ])
        .or_else(|| section_name(span)),
    }?;
    Some(format!("{}{}", prefix(kind), part(&name)))
}

/// What a call says of the work that it belongs to.
pub(super) fn around(span: &Span<'_>) -> Option<String> {
    let text = |meaning| span.attributes.text(meaning);
    if let Some(agent) = text(Meaning::AgentName) {
        return Some(format!("{}{}", prefix(SpanType::Agent), part(&agent)));
    }
    let work = text(Meaning::WorkflowName).or_else(|| text(Meaning::FunctionId));
    work.map(|name| part(&name))
}

/// OpenLLMetry tells each span the whole path.
pub(super) fn traceloop_path(span: &Span<'_>) -> Option<String> {
    let workflow = span.attributes.text(Meaning::TraceloopWorkflow);
    let entities = span.attributes.text(Meaning::TraceloopPath);
    let entities = entities.as_deref().unwrap_or_default();
    let mut parts: Vec<&str> = workflow.as_deref().into_iter().collect();
    parts.extend(entities.split('.').filter(|part| !part.is_empty()));
    let own = span.attributes.text(Meaning::TraceloopEntity);
    let own = own.filter(|_| span.attributes.has(Meaning::TraceloopKind));
    parts.extend(own.as_deref().filter(|own| parts.last() != Some(own)));
    (!parts.is_empty()).then(|| path(parts))
}

/// Parts as one path, as long as a path may be.
pub(super) fn path<'p>(parts: impl IntoIterator<Item = &'p str>) -> String {
    let parts: Vec<String> = parts.into_iter().map(part).collect();
    let path = parts.join("/");
    match path.char_indices().nth(PATH_CHARS_MAX) {
        Some((end, _)) => path[..end].to_owned(),
        None => path,
    }
}

/// Text that every field accepts: printable, and no longer than `chars_max`.
pub(super) fn printable(text: &str, chars_max: usize) -> String {
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    let text: String = text.chars().take(chars_max).map(printable).collect();
    text.trim().to_owned()
}

fn part(name: &str) -> String {
    printable(name, PART_CHARS_MAX).replace('/', "_")
}

fn prefix(kind: SpanType) -> &'static str {
    match kind {
        SpanType::Agent => "agent:",
        SpanType::Tool => "tool:",
        _ => "",
    }
}

/// The span's name without the operation before it; a model is no name.
fn named<'s>(span: &'s Span<'_>, operations: &[&str]) -> Option<Cow<'s, str>> {
    let operation = operations.iter().find_map(|o| span.name.strip_prefix(o));
    let name = operation.unwrap_or(&span.name).trim();
    let model = span.attributes.text(Meaning::RequestModel);
    let is_model = operation.is_some() && model.as_deref() == Some(name);
    (!name.is_empty() && !is_model).then_some(Cow::Borrowed(name))
}

/// Vercel's outer spans and steps are all called the same: only a function's id names them.
fn section_name<'s>(span: &'s Span<'_>) -> Option<Cow<'s, str>> {
    let has = |meaning| span.attributes.has(meaning);
    let nameless = has(Meaning::VercelOperation) || has(Meaning::RequestModel);
    let step = span.attributes.text(Meaning::Operation);
    if nameless || step.as_deref() == Some("agent_step") {
        return None;
    }
    (!span.name.is_empty()).then(|| Cow::Borrowed(span.name.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_has_no_slash_and_nothing_unprintable() {
        assert_eq!(path(["a/b", "c\nd"]), "a_b/c d");
        assert_eq!(path(["x".repeat(200).as_str()]).len(), PART_CHARS_MAX);
        let long = path(std::iter::repeat_n("ä".repeat(100).as_str(), 20));
        assert_eq!(long.chars().count(), PATH_CHARS_MAX);
    }
}
