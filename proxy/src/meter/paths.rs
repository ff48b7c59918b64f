//! Where in providers' answers, and in requests to them, is what a meter needs. One table for
//! all: the names do not collide, and what a name means to whom is decided later.

use std::sync::LazyLock;

use super::sieve::{Kind, Path, Tree};

/// Largest piece of an answer that Bedrock wraps in one frame, in base64.
const WRAPPED_BYTES_MAX: usize = 1024 * 1024;

/// What was found in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    Model,
    /// A member of the answer from which usage is extracted, to be merged with what an earlier
    /// event said there.
    Member(&'static str),
    /// The same, where nothing better was said.
    Lesser(&'static str),
    /// A number of its own.
    Count(&'static str),
    /// A number to be added to what was said before in this answer.
    Sum(&'static str),
    Tier,
    Status,
    Background,
    Id,
    /// Not null where the answer is complete.
    Stop,
    /// The name of an event.
    Event,
    Error,
    ErrorName,
    /// An answer within the answer, as Bedrock's frames carry it.
    Wrapped,
    /// A piece of what the model wrote.
    Written,
    /// The same as a whole, or in pieces by a name that others use for the whole.
    Whole,
}

/// What was found in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Model,
    Tier,
    Stream,
    /// Pages are billed as annotated.
    Annotation,
    /// What the model reads.
    Text,
    /// `input` as a text: what is embedded, spoken or answered.
    Input,
}

const fn value(keys: &'static [&'static str], what: Said) -> Path<Said> {
    Path {
        keys,
        kind: Kind::Value,
        what,
    }
}

const fn written(keys: &'static [&'static str]) -> Path<Said> {
    Path {
        keys,
        kind: Kind::Text,
        what: Said::Written,
    }
}

/// What is sought in answers.
pub(super) static ANSWER: LazyLock<Tree<Said>> = LazyLock::new(|| Tree::new(IN_ANSWERS));
/// What is sought in requests.
pub(super) static REQUEST: LazyLock<Tree<Asked>> = LazyLock::new(|| Tree::new(IN_REQUESTS));

static IN_ANSWERS: &[Path<Said>] = &[
    value(&["model"], Said::Model),
    value(&["response", "model"], Said::Model),
    value(&["message", "model"], Said::Model),
    value(&["result", "message", "model"], Said::Model),
    value(&["modelVersion"], Said::Model),
    value(&["usage"], Said::Member("usage")),
    value(&["response", "usage"], Said::Member("usage")),
    value(&["message", "usage"], Said::Member("usage")),
    value(&["result", "message", "usage"], Said::Member("usage")),
    value(&["delta", "usage"], Said::Member("usage")),
    value(&["x_groq", "usage"], Said::Lesser("usage")),
    value(&["usageMetadata"], Said::Member("usageMetadata")),
    value(&["usage_info"], Said::Member("usage_info")),
    value(&["meta"], Said::Member("meta")),
    value(&["response", "meta"], Said::Member("meta")),
    value(
        &["amazon-bedrock-invocationMetrics"],
        Said::Member("metrics"),
    ),
    value(&["inputTextTokenCount"], Said::Count("inputTextTokenCount")),
    value(
        &["totalOutputTextTokenCount"],
        Said::Count("totalOutputTextTokenCount"),
    ),
    value(&["results", "*", "tokenCount"], Said::Sum("tokenCount")),
    value(&["prompt_token_count"], Said::Count("prompt_token_count")),
    value(
        &["generation_token_count"],
        Said::Count("generation_token_count"),
    ),
    value(
        &[
            "predictions",
            "*",
            "embeddings",
            "statistics",
            "token_count",
        ],
        Said::Sum("embeddedTokenCount"),
    ),
    value(&["duration"], Said::Count("duration")),
    value(&["service_tier"], Said::Tier),
    value(&["response", "service_tier"], Said::Tier),
    value(&["serviceTier"], Said::Tier),
    value(&["status"], Said::Status),
    value(&["response", "status"], Said::Status),
    value(&["background"], Said::Background),
    value(&["response", "background"], Said::Background),
    value(&["id"], Said::Id),
    value(&["response", "id"], Said::Id),
    value(&["choices", "*", "finish_reason"], Said::Stop),
    value(&["delta", "stop_reason"], Said::Stop),
    value(&["candidates", "*", "finishReason"], Said::Stop),
    value(&["promptFeedback", "blockReason"], Said::Stop),
    value(&["type"], Said::Event),
    value(&["error"], Said::Error),
    value(&["response", "error"], Said::Error),
    value(&["__type"], Said::ErrorName),
    Path {
        keys: &["bytes"],
        kind: Kind::Long(WRAPPED_BYTES_MAX),
        what: Said::Wrapped,
    },
    written(&["choices", "*", "delta", "content"]),
    written(&["choices", "*", "delta", "reasoning_content"]),
    written(&["choices", "*", "delta", "reasoning"]),
    written(&[
        "choices",
        "*",
        "delta",
        "tool_calls",
        "*",
        "function",
        "arguments",
    ]),
    written(&["choices", "*", "text"]),
    written(&["delta"]),
    written(&["delta", "text"]),
    written(&["delta", "thinking"]),
    written(&["delta", "partial_json"]),
    written(&["delta", "toolUse", "input"]),
    written(&["delta", "reasoningContent", "text"]),
    written(&["delta", "message", "content", "text"]),
    written(&["contentBlockDelta", "delta", "text"]),
    written(&["candidates", "*", "content", "parts", "*", "text"]),
    Path {
        keys: &["text"],
        kind: Kind::Text,
        what: Said::Whole,
    },
    written(&["generation"]),
    written(&["outputText"]),
    written(&["outputs", "*", "text"]),
];

const fn asked(keys: &'static [&'static str], kind: Kind, what: Asked) -> Path<Asked> {
    Path { keys, kind, what }
}

const fn read(keys: &'static [&'static str]) -> Path<Asked> {
    asked(keys, Kind::Text, Asked::Text)
}

static IN_REQUESTS: &[Path<Asked>] = &[
    asked(&["model"], Kind::Value, Asked::Model),
    asked(&["service_tier"], Kind::Value, Asked::Tier),
    asked(&["stream"], Kind::Value, Asked::Stream),
    asked(
        &["document_annotation_format"],
        Kind::Value,
        Asked::Annotation,
    ),
    asked(&["bbox_annotation_format"], Kind::Value, Asked::Annotation),
    read(&["messages", "*", "content"]),
    read(&["messages", "*", "content", "*", "text"]),
    read(&["system"]),
    read(&["system", "*", "text"]),
    read(&["prompt"]),
    read(&["inputText"]),
    read(&["instructions"]),
    read(&["input", "*", "content"]),
    read(&["input", "*", "content", "*", "text"]),
    read(&["contents", "*", "parts", "*", "text"]),
    read(&["systemInstruction", "parts", "*", "text"]),
    read(&["system_instruction", "parts", "*", "text"]),
    read(&["message"]),
    read(&["chat_history", "*", "message"]),
    asked(&["tools"], Kind::Weight, Asked::Text),
    asked(&["toolConfig"], Kind::Weight, Asked::Text),
    asked(&["input"], Kind::Text, Asked::Input),
];
