//! Names of the Kafka topics, part of the published contract.

/// Usage events, one record each; key = tenant, value = [`crate::wire::UsageEvent`].
pub const EVENTS: &str = "llmobserve.events.v1";
/// Records that could not be decoded, keyed by topic, partition and offset.
pub const DEAD_LETTERS: &str = "llmobserve.events.dlq.v1";
/// The consumer group that brings the events to ClickHouse; its committed offsets tell how far.
pub const AGGREGATOR_GROUP: &str = "llmobserve.aggregator";
/// Compacted: API keys, tenants and settings.
pub const CONTROL: &str = "llmobserve.control.v1";
