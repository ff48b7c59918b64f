//! What a span is: a call that costs, a part of the tree, or nothing of ours.
//!
//! Only inference, embedding and reranking are calls: the spans around them (agents, chains,
//! `ai.generateText`) repeat their children's tokens.

use schemas::wire::SpanType;

use super::meaning::Meaning;
use super::span::{Role, Span};
use Kind::{Call, Shape};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Counted and priced.
    Call(SpanType),
    /// Shapes the tree; carries no tokens and no cost.
    Shape(SpanType),
    /// Has nothing to do with models.
    Other,
}

const LLM: Kind = Call(SpanType::Llm);
const EMBEDDING: Kind = Call(SpanType::Embedding);
/// Charged by searches, not by tokens.
const RERANK: Kind = Call(SpanType::Other);
const AGENT: Kind = Shape(SpanType::Agent);
const TOOL: Kind = Shape(SpanType::Tool);
const SECTION: Kind = Shape(SpanType::Section);

/// `openinference.span.kind`.
const OPENINFERENCE: [(&str, Kind); 12] = [
    ("LLM", LLM),
    ("DECISION", LLM),
    ("EMBEDDING", EMBEDDING),
    ("RERANKER", RERANK),
    ("AGENT", AGENT),
    ("TOOL", TOOL),
    ("CHAIN", SECTION),
    ("RETRIEVER", SECTION),
    ("GUARDRAIL", SECTION),
    ("EVALUATOR", SECTION),
    ("PROMPT", SECTION),
    ("UNKNOWN", SECTION),
];

/// `traceloop.span.kind`.
const TRACELOOP: [(&str, Kind); 5] = [
    ("workflow", SECTION),
    ("task", SECTION),
    ("agent", AGENT),
    ("tool", TOOL),
    ("unknown", SECTION),
];

/// `gen_ai.operation.name`: the convention's, and what instrumentations add to them.
const OPERATIONS: [(&str, Kind); 16] = [
    ("chat", LLM),
    ("generate_content", LLM),
    ("text_completion", LLM),
    ("completion", LLM),
    ("responses", LLM),
    ("embeddings", EMBEDDING),
    ("embedding", EMBEDDING),
    ("rerank", RERANK),
    ("create_agent", AGENT),
    ("invoke_agent", AGENT),
    ("execute_tool", TOOL),
    ("invoke_workflow", SECTION),
    ("execute_task", SECTION),
    ("agent_step", SECTION),
    ("retrieval", SECTION),
    ("vector_db_retrieve", SECTION),
];

/// `llm.request.type`, of OpenLLMetry before the convention.
const REQUEST_TYPES: [(&str, Kind); 4] = [
    ("chat", LLM),
    ("completion", LLM),
    ("embedding", EMBEDDING),
    ("rerank", RERANK),
];

pub(super) fn kind(span: &Span<'_>, scope: &str) -> Kind {
    let by = |meaning: Meaning, table: &[(&str, Kind)]| {
        let name = span.attributes.text(meaning)?;
        let of = |(known, kind): &(&str, Kind)| name.eq_ignore_ascii_case(known).then_some(*kind);
        table.iter().find_map(of)
    };
    by(Meaning::OpenInferenceKind, &OPENINFERENCE)
        .or_else(|| by(Meaning::TraceloopKind, &TRACELOOP))
        .or_else(|| vercel(span))
        .or_else(|| by(Meaning::Operation, &OPERATIONS))
        .map(|kind| without_repeats(kind, span, scope))
        .or_else(|| by(Meaning::RequestType, &REQUEST_TYPES))
        .unwrap_or_else(|| by_content(span))
}

/// Vercel's `ai.operationId`: `ai.generateText.doGenerate` is the call in `ai.generateText`.
fn vercel(span: &Span<'_>) -> Option<Kind> {
    let operation = span.attributes.text(Meaning::VercelOperation)?;
    let step = operation.rsplit('.').next().unwrap_or_default();
    Some(match step {
        "doGenerate" | "doStream" | "doDecide" => LLM,
        "doEmbed" => EMBEDDING,
        "doRerank" => RERANK,
        "toolCall" => TOOL,
        _ => SECTION,
    })
}

/// Version 7 of Vercel's SDK names the outer span of an embedding as its inner one; only the
/// inner one is a client's.
fn without_repeats(kind: Kind, span: &Span<'_>, scope: &str) -> Kind {
    match kind {
        EMBEDDING | RERANK if scope == "gen_ai" && span.kind == Role::Inside => SECTION,
        kind => kind,
    }
}

/// Before there was a convention for operations, a model and its tokens made an inference.
fn by_content(span: &Span<'_>) -> Kind {
    let has = |meaning| span.attributes.has(meaning);
    let model = has(Meaning::RequestModel) || has(Meaning::ResponseModel);
    let counted = has(Meaning::InputTokens) || has(Meaning::OutputTokens);
    if model && (counted || has(Meaning::Provider)) {
        LLM
    } else if has(Meaning::Operation) || has(Meaning::AgentName) {
        SECTION
    } else {
        Kind::Other
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::otlp::attributes::Value;

    fn of(attributes: &[(&str, &str)]) -> Kind {
        kind(&span(attributes), "")
    }

    fn span(attributes: &[(&str, &str)]) -> Span<'static> {
        let mut span = Span::default();
        for (key, value) in attributes {
            let text = Value::Text((*value).to_owned().into());
            let added: Result<(), ()> = span.attributes.add(key, || Ok(Some(text)));
            added.unwrap();
        }
        span
    }

    #[test]
    fn each_convention_tells_calls_from_what_is_around_them() {
        for (key, value, kind) in [
            ("gen_ai.operation.name", "chat", LLM),
            ("gen_ai.operation.name", "embeddings", EMBEDDING),
            ("gen_ai.operation.name", "invoke_agent", AGENT),
            ("gen_ai.operation.name", "execute_tool", TOOL),
            ("gen_ai.operation.name", "something_new", SECTION),
            ("openinference.span.kind", "LLM", LLM),
            ("openinference.span.kind", "CHAIN", SECTION),
            ("traceloop.span.kind", "agent", AGENT),
            ("llm.request.type", "completion", LLM),
            ("ai.operationId", "ai.generateText", SECTION),
            ("ai.operationId", "ai.streamText.doStream", LLM),
            ("ai.operationId", "ai.embedMany.doEmbed", EMBEDDING),
            ("ai.operationId", "ai.toolCall", TOOL),
            ("http.request.method", "POST", Kind::Other),
        ] {
            assert_eq!(of(&[(key, value)]), kind, "{key} = {value}");
        }
    }

    #[test]
    fn a_model_with_tokens_is_a_call_and_a_model_alone_is_not() {
        let model = ("gen_ai.request.model", "gpt-4o");
        assert_eq!(of(&[model]), Kind::Other);
        assert_eq!(of(&[model, ("gen_ai.system", "openai")]), LLM);
        assert_eq!(of(&[model, ("llm.usage.prompt_tokens", "1")]), LLM);
        let agent = ("gen_ai.operation.name", "invoke_agent");
        assert_eq!(of(&[model, agent, ("gen_ai.system", "openai")]), AGENT);
    }

    #[test]
    fn the_outer_span_of_an_embedding_is_no_second_call() {
        let mut embedding = span(&[("gen_ai.operation.name", "embeddings")]);
        assert_eq!(kind(&embedding, "gen_ai"), SECTION);
        embedding.kind = Role::Caller;
        assert_eq!(kind(&embedding, "gen_ai"), EMBEDDING);
    }
}
