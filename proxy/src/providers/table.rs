//! The providers.

use super::{Base, Dialect, Provider};

const fn openai_like(name: &'static str, prices: &'static str, url: &'static str) -> Provider {
    Provider {
        name,
        prices,
        base: Base::Fixed(url),
        dialect: Dialect::OpenAi,
    }
}

/// Those with a name in the path form.
pub(super) static NAMED: [Provider; 18] = [
    openai_like("openai", "openai", "https://api.openai.com"),
    Provider {
        name: "azure",
        prices: "azure",
        base: Base::Azure,
        dialect: Dialect::OpenAi,
    },
    Provider {
        name: "anthropic",
        prices: "anthropic",
        base: Base::Fixed("https://api.anthropic.com"),
        dialect: Dialect::Anthropic,
    },
    Provider {
        name: "google",
        prices: "google",
        base: Base::Fixed("https://generativelanguage.googleapis.com"),
        dialect: Dialect::Google,
    },
    Provider {
        name: "vertex",
        prices: "google",
        base: Base::Vertex,
        dialect: Dialect::Vertex,
    },
    Provider {
        name: "bedrock",
        prices: "aws",
        base: Base::Bedrock,
        dialect: Dialect::Bedrock,
    },
    openai_like("mistral", "mistral", "https://api.mistral.ai"),
    openai_like("groq", "groq", "https://api.groq.com"),
    Provider {
        name: "cohere",
        prices: "cohere",
        base: Base::Fixed("https://api.cohere.com"),
        dialect: Dialect::Cohere,
    },
    openai_like("deepseek", "deepseek", "https://api.deepseek.com"),
    openai_like("openrouter", "openrouter", "https://openrouter.ai"),
    openai_like("together", "together", "https://api.together.xyz"),
    openai_like("fireworks", "fireworks", "https://api.fireworks.ai"),
    openai_like("perplexity", "perplexity", "https://api.perplexity.ai"),
    openai_like("xai", "x-ai", "https://api.x.ai"),
    openai_like("cerebras", "cerebras", "https://api.cerebras.ai"),
    Provider {
        name: "huggingface",
        prices: "huggingface",
        base: Base::Fixed("https://router.huggingface.co"),
        dialect: Dialect::HuggingFace,
    },
    openai_like("voyage", "voyageai", "https://api.voyageai.com"),
];

/// Those that have published prices but no name in the path form: reached by the header form
/// where the operator allows their host.
pub(super) static UNNAMED: [Provider; 8] = [
    openai_like("arcee", "arcee", "https://api.arcee.ai"),
    openai_like("baseten", "baseten", "https://inference.baseten.co"),
    openai_like("doubleword", "doubleword", "https://api.doubleword.ai"),
    openai_like("minimax", "minimax", "https://api.minimax.io"),
    openai_like("moonshotai", "moonshotai", "https://api.moonshot.ai"),
    openai_like("novita", "novita", "https://api.novita.ai"),
    openai_like("zai", "zai", "https://api.z.ai"),
    openai_like("zhipuai", "zhipuai", "https://open.bigmodel.cn"),
];

/// Whose chat streams carry their usage only with `stream_options.include_usage`. The others
/// report it by themselves in the last chunk, or know no such option; behind Hugging Face's router
/// stand servers that report it unasked, in a chunk that nothing tells from one that we asked for.
pub(super) const INCLUDE_USAGE: [&str; 7] = [
    "openai",
    "azure",
    "anthropic", // its endpoint of OpenAI's shape
    "google",    // the same
    "vertex",    // the same
    "bedrock",   // the same
    "deepseek",
];
