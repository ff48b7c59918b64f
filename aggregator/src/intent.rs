//! What the aggregator means to do next, kept where nothing but Kafka is needed to
//! read it: in the metadata of the committed offset.
//!
//! `offset = a, metadata = "1 plan end=<b> attempt=<n>"`: `[a, b)` is being written.
//! `offset = b, metadata = "1 done"`: everything below `b` is written, nothing is under way.
//! Any other metadata was written by another tool and tells nothing.

use std::fmt;

/// Version of the text and of the code that builds rows from records. A reader of
/// another version still adopts the range: recovery takes what is stored from raw.
const VERSION: u32 = 1;

/// The meaning of a committed offset's metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Intent {
    /// The batch from the committed offset to `end` (excluded) is being written.
    Plan {
        /// First offset behind the batch.
        end: u64,
        /// How many deduplication tokens were burnt by a crash of ClickHouse.
        attempt: u32,
    },
    /// Nothing is under way.
    Done,
}

impl Intent {
    /// Reads committed metadata; `None` when we did not write it.
    pub(crate) fn parse(metadata: &str) -> Option<Self> {
        let mut words = metadata.split(' ');
        words.next()?.parse::<u32>().ok()?;
        match words.next()? {
            "done" => Some(Self::Done),
            "plan" => Some(Self::Plan {
                end: words.next()?.strip_prefix("end=")?.parse().ok()?,
                attempt: words.next()?.strip_prefix("attempt=")?.parse().ok()?,
            }),
            _ => None,
        }
    }
}

impl fmt::Display for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plan { end, attempt } => write!(f, "{VERSION} plan end={end} attempt={attempt}"),
            Self::Done => write!(f, "{VERSION} done"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn comes_back_as_written(end: u64, attempt: u32) {
            let plan = Intent::Plan { end, attempt };
            prop_assert_eq!(Intent::parse(&plan.to_string()), Some(plan));
        }

        #[test]
        fn foreign_metadata_is_nothing(text in "[a-z]{0,4}[ =0-9]{0,8}") {
            prop_assert_eq!(Intent::parse(&text), None);
        }
    }

    #[test]
    fn done_comes_back() {
        assert_eq!(Intent::parse(&Intent::Done.to_string()), Some(Intent::Done));
        assert_eq!(Intent::parse(""), None);
    }
}
