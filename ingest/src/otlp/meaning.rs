//! Which attribute means what. The conventions of several years and vendors name the same
//! things differently; this table is where they meet. `docs/OTLP.md` shows it to users.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Attributes below these are the sender's own, and kept as metadata.
const OWN: [&str; 3] = [
    "llmobserve.metadata.",
    "traceloop.association.properties.",
    "ai.telemetry.metadata.",
];

macro_rules! meanings {
    ($($(#[$doc:meta])* $meaning:ident = $($name:literal),+;)*) => {
        /// What an attribute says.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Meaning { $($(#[$doc])* $meaning,)* }

        /// Every name, with its place among those of the same meaning: the first wins.
        const NAMES: &[(Meaning, &[&str])] = &[$((Meaning::$meaning, &[$($name),+])),*];
    };
}

meanings! {
    // Whose, and where in the run.
    TenantId = "llmobserve.tenant_id", "llmobserve.tenant.id";
    /// Only of resources: on a span the name often means an application's own tenant.
    ResourceTenantId = "tenant.id", "tenant_id";
    CustomerId = "llmobserve.customer_id", "llmobserve.customer.id", "customer.id", "customer_id",
        "traceloop.association.properties.customer_id", "ai.telemetry.metadata.customer_id",
        "ai.telemetry.metadata.customerId", "user.id", "enduser.id",
        "traceloop.association.properties.user_id", "ai.telemetry.metadata.user_id",
        "ai.telemetry.metadata.userId", "langfuse.user.id", "gen_ai.user", "llm.user";
    RunId = "llmobserve.run_id", "llmobserve.run.id";
    SectionPath = "llmobserve.section_path", "llmobserve.section";
    Environment = "llmobserve.environment", "deployment.environment.name",
        "deployment.environment";
    ServiceName = "service.name";
    Session = "gen_ai.conversation.id", "session.id",
        "traceloop.association.properties.session_id", "ai.telemetry.metadata.session_id",
        "ai.telemetry.metadata.sessionId", "langfuse.session.id";

    // What kind of span.
    OpenInferenceKind = "openinference.span.kind";
    TraceloopKind = "traceloop.span.kind";
    VercelOperation = "ai.operationId";
    Operation = "gen_ai.operation.name";
    RequestType = "llm.request.type";
    HttpMethod = "http.request.method", "http.method";
    RpcSystem = "rpc.system.name", "rpc.system";
    DbSystem = "db.system.name", "db.system";

    // What it is called.
    AgentName = "gen_ai.agent.name", "agent.name";
    ToolName = "gen_ai.tool.name", "tool.name", "ai.toolCall.name";
    WorkflowName = "gen_ai.workflow.name";
    TaskName = "gen_ai.task.name";
    FunctionId = "ai.telemetry.functionId";
    TraceloopWorkflow = "traceloop.workflow.name";
    TraceloopEntity = "traceloop.entity.name";
    TraceloopPath = "traceloop.entity.path";

    // Who answered.
    Provider = "gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system",
        "decision.provider", "decision.system", "ai.model.provider";
    ServerAddress = "server.address";
    ResponseModel = "gen_ai.response.model", "llm.response.model_name",
        "decision.response.model_name", "ai.response.model";
    RequestModel = "gen_ai.request.model", "llm.model_name", "llm.request.model_name",
        "embedding.model_name", "reranker.model_name", "decision.model_name",
        "decision.request.model_name", "ai.model.id";
    ResponseId = "gen_ai.response.id", "ai.response.id";
    ServiceTier = "openai.response.service_tier", "gen_ai.openai.response.service_tier",
        "openai.request.service_tier", "gen_ai.openai.request.service_tier";

    // How much.
    InputTokens = "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens",
        "llm.token_count.prompt", "llm.usage.prompt_tokens", "decision.token_count.input",
        "ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens";
    OutputTokens = "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens",
        "llm.token_count.completion", "llm.usage.completion_tokens",
        "decision.token_count.output", "ai.usage.outputTokens", "ai.usage.completionTokens";
    TotalTokens = "gen_ai.usage.total_tokens", "llm.token_count.total",
        "llm.usage.total_tokens", "ai.usage.totalTokens";
    CachedTokens = "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_read_input_tokens", "llm.token_count.prompt_details.cache_read",
        "llm.usage.cache_read_input_tokens", "gen_ai.usage.cached_tokens",
        "gen_ai.usage.input_tokens.cached", "gen_ai.usage.details.cache_read_tokens",
        "ai.usage.inputTokenDetails.cacheReadTokens", "ai.usage.cachedInputTokens";
    CacheWriteTokens = "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.cache_creation_input_tokens", "llm.token_count.prompt_details.cache_write",
        "llm.usage.cache_creation_input_tokens", "gen_ai.usage.input_tokens.cache_write",
        "gen_ai.usage.details.cache_write_tokens", "ai.usage.inputTokenDetails.cacheWriteTokens";
    ReasoningTokens = "gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens",
        "llm.token_count.completion_details.reasoning", "llm.usage.reasoning_tokens",
        "gen_ai.usage.output_tokens.reasoning", "gen_ai.usage.details.reasoning_tokens",
        "ai.usage.outputTokenDetails.reasoningTokens", "ai.usage.reasoningTokens";
    AudioInputTokens = "llm.token_count.prompt_details.audio",
        "gen_ai.usage.details.input_audio_tokens";
    AudioOutputTokens = "llm.token_count.completion_details.audio",
        "gen_ai.usage.details.output_audio_tokens";

    // What the sender says that it cost, in USD.
    Cost = "llmobserve.cost_usd", "gen_ai.usage.cost", "gen_ai.usage.cost.total",
        "gen_ai.usage.cost.total_cost", "gen_ai.usage.cost.usd", "gen_ai.usage.total_cost",
        "gen_ai.cost.total_cost", "llm.cost.total", "operation.cost";
    InputCost = "gen_ai.usage.cost.input", "gen_ai.usage.cost.input_cost",
        "gen_ai.cost.input_cost", "llm.cost.prompt";
    OutputCost = "gen_ai.usage.cost.output", "gen_ai.usage.cost.output_cost",
        "gen_ai.cost.output_cost", "llm.cost.completion";

    // How it went.
    ErrorType = "error.type";
    HttpStatus = "http.response.status_code", "http.status_code";
    Streaming = "gen_ai.request.stream", "gen_ai.is_streaming", "llm.is_streaming";
    FirstChunkSeconds = "gen_ai.response.time_to_first_chunk",
        "gen_ai.server.time_to_first_token";
    FirstChunkMs = "llmobserve.ttft_ms", "ai.response.msToFirstChunk",
        "ai.stream.msToFirstChunk";
}

/// Where an attribute belongs.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Slot<'k> {
    /// Known, with its rank among those of the same meaning; the lowest wins.
    Known(Meaning, usize),
    /// The sender's own, under this name.
    Own(&'k str),
}

static SLOTS: LazyLock<HashMap<&'static str, (Meaning, usize)>> = LazyLock::new(|| {
    let each = |(meaning, names): &'static (Meaning, &[&'static str])| {
        names
            .iter()
            .enumerate()
            .map(|(rank, name)| (*name, (*meaning, rank)))
    };
    NAMES.iter().flat_map(each).collect()
});

impl Slot<'_> {
    /// `None` for an attribute that means nothing to us: prompts and answers among them.
    pub(super) fn of(key: &str) -> Option<Slot<'_>> {
        if let Some((meaning, rank)) = SLOTS.get(key) {
            return Some(Slot::Known(*meaning, *rank));
        }
        let own = OWN.iter().find_map(|prefix| key.strip_prefix(prefix))?;
        // Where an instrumentation lets its user set only what stands below its own prefix.
        match SLOTS.get(own) {
            Some((meaning, rank)) if own.starts_with("llmobserve.") => {
                Some(Slot::Known(*meaning, *rank))
            }
            _ => Some(Slot::Own(own)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn no_name_means_two_things() {
        let names = NAMES.iter().map(|(_, names)| names.len()).sum::<usize>();
        assert_eq!(SLOTS.len(), names);
    }

    #[test]
    fn the_page_for_users_names_every_attribute() {
        let path = format!("{}/../docs/OTLP.md", env!("CARGO_MANIFEST_DIR"));
        let page = std::fs::read_to_string(path).unwrap();
        for name in SLOTS.keys().chain(&OWN) {
            assert!(page.contains(&format!("`{name}")), "{name}");
        }
    }

    #[test]
    fn what_means_nothing_is_left() {
        assert_eq!(Slot::of("gen_ai.input.messages"), None);
        assert_eq!(Slot::of("llm.prompts.0.content"), None);
        let input = Slot::of("gen_ai.usage.prompt_tokens");
        assert_eq!(input, Some(Slot::Known(Meaning::InputTokens, 1)));
    }

    #[test]
    fn ours_may_stand_below_another_prefix() {
        let tenant = Some(Slot::Known(Meaning::TenantId, 0));
        assert_eq!(
            Slot::of("ai.telemetry.metadata.llmobserve.tenant_id"),
            tenant
        );
        let plan = "traceloop.association.properties.plan";
        assert_eq!(Slot::of(plan), Some(Slot::Own("plan")));
    }
}
