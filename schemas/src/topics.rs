//! Names of the Kafka topics, part of the published contract.

/// Usage events, one record each; key = tenant, value = [`crate::wire::UsageEvent`].
pub const EVENTS: &str = "llmobserve.events.v1";
/// Records that could not be decoded, keyed by topic, partition and offset.
pub const DEAD_LETTERS: &str = "llmobserve.events.dlq.v1";
/// Compacted: API keys, tenants and settings.
pub const CONTROL: &str = "llmobserve.control.v1";
