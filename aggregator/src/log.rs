//! Where in Kafka something stands.

use std::fmt;

/// One partition of one incarnation of the topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    pub topic: String,
    /// The Kafka topic id: a topic deleted and made again is another one, from offset 0.
    pub epoch: String,
    pub partition: u32,
}

/// Offsets `start..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OffsetRange {
    pub start: u64,
    pub end: u64,
}

impl fmt::Display for OffsetRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {})", self.start, self.end)
    }
}
