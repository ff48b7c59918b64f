//! The published Kafka value, generated from `proto/usage_event.proto`.

#![allow(missing_docs, clippy::doc_markdown)]

include!(concat!(env!("OUT_DIR"), "/llmobserve.v1.rs"));

/// First field of every record of ours: `"LMO1"` in little-endian bytes.
pub const SCHEMA: u32 = 0x314F_4D4C;

impl UsageEvent {
    /// Every token count, in the order of the table's columns.
    pub fn token_counts(&self) -> [u64; 8] {
        [
            self.input_tokens,
            self.output_tokens,
            self.cached_tokens,
            self.cache_write_tokens,
            self.cache_write_1h_tokens,
            self.reasoning_tokens,
            self.audio_input_tokens,
            self.audio_output_tokens,
        ]
    }
}

impl SpanType {
    /// The contract's name of the type; `other` for anything that is none.
    pub fn name(self) -> &'static str {
        match self {
            Self::Llm => "llm",
            Self::Embedding => "embedding",
            Self::VectorDb => "vector_db",
            Self::Api => "api",
            Self::Other | Self::Unspecified => "other",
            Self::Agent => "agent",
            Self::Tool => "tool",
            Self::Section => "section",
        }
    }

    /// Unknown names are `other`, so that a newer SDK is never refused.
    pub fn from_name(name: &str) -> Self {
        match name {
            "llm" => Self::Llm,
            "embedding" => Self::Embedding,
            "vector_db" => Self::VectorDb,
            "api" => Self::Api,
            "agent" => Self::Agent,
            "tool" => Self::Tool,
            "section" => Self::Section,
            _ => Self::Other,
        }
    }

    /// Calls are counted, priced and timed; the others only shape the tree.
    pub fn is_call(self) -> bool {
        !matches!(self, Self::Agent | Self::Tool | Self::Section)
    }
}

impl Status {
    /// The contract's name of the status.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok | Self::Unspecified => "ok",
            Self::Error => "error",
            Self::Cancelled => "cancelled",
            Self::Timeout => "timeout",
            Self::RateLimited => "rate_limited",
        }
    }

    /// `None` for a name that is not of the contract.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "ok" => Self::Ok,
            "error" => Self::Error,
            "cancelled" => Self::Cancelled,
            "timeout" => Self::Timeout,
            "rate_limited" => Self::RateLimited,
            _ => return None,
        })
    }

    /// What an event that names no status had, going by its HTTP status.
    pub fn from_http(http_status: u32) -> Self {
        match http_status {
            429 => Self::RateLimited,
            408 | 504 => Self::Timeout,
            400.. => Self::Error,
            _ => Self::Ok,
        }
    }

    /// Whether `error_count` counts it: a cancelled call is not an error.
    pub fn is_error(self) -> bool {
        matches!(self, Self::Error | Self::Timeout | Self::RateLimited)
    }
}
