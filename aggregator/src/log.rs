//! Where in Kafka something stands.

use std::fmt;

/// One partition of one incarnation of the topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Log {
    pub(crate) topic: String,
    /// The Kafka topic id: a topic deleted and made again is another one, from offset 0.
    pub(crate) epoch: String,
    pub(crate) partition: u32,
}

/// Offsets `start..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OffsetRange {
    pub(crate) start: u64,
    pub(crate) end: u64,
}

impl fmt::Display for OffsetRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {})", self.start, self.end)
    }
}
