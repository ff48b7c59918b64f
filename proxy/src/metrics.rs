//! Every metric of the role. Once all is quiet, `calls = published + Σ lost(reason)`.

use std::sync::LazyLock;

use metrics::{
    Gauge, Histogram, counter, describe_counter, describe_gauge, describe_histogram, gauge,
    histogram,
};

use crate::call::Facts;
use crate::meter::End;

/// Calls that ended, by `provider` and `end`.
const CALLS: &str = "llmobserve_proxy_calls_total";
/// Calls under way.
const OPEN: &str = "llmobserve_proxy_calls_open";
/// Seconds from a call's head to the end of its response.
const DURATION: &str = "llmobserve_proxy_call_duration_seconds";
/// Requests that were refused before they became calls, by `code`.
const REFUSED: &str = "llmobserve_proxy_refused_total";
/// Context headers that said nothing usable, by `field`.
const HEADERS_IGNORED: &str = "llmobserve_proxy_headers_ignored_total";
/// Meters that failed; their calls have no usage.
const PANICS: &str = "llmobserve_proxy_meter_failures_total";
/// Events that all in-sync replicas have stored.
const PUBLISHED: &str = "llmobserve_proxy_events_published_total";
/// Events that will not be stored, by `reason`.
const LOST: &str = "llmobserve_proxy_events_lost_total";
/// Events written to the spill directory, and sent from there.
const SPILLED: &str = "llmobserve_proxy_events_spilled_total";
const REPLAYED: &str = "llmobserve_proxy_events_replayed_total";
/// Events that wait in memory.
const QUEUED: &str = "llmobserve_proxy_events_queued";
/// Bytes in the spill directory.
const SPILL_BYTES: &str = "llmobserve_proxy_spill_bytes";

/// What every call touches is looked up once.
static OPEN_NOW: LazyLock<Gauge> = LazyLock::new(|| gauge!(OPEN));
static DURATIONS: LazyLock<Histogram> = LazyLock::new(|| histogram!(DURATION));
static QUEUED_NOW: LazyLock<Gauge> = LazyLock::new(|| gauge!(QUEUED));

/// Why an event is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    /// Memory and the spill directory were full.
    QueueFull,
    /// The process ended while Kafka was away, without a place on disk.
    Shutdown,
    /// It was no valid event: an error of ours.
    Invalid,
    /// A spilled event could not be read again.
    Damaged,
}

impl Loss {
    const ALL: [Self; 4] = [
        Self::QueueFull,
        Self::Shutdown,
        Self::Invalid,
        Self::Damaged,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::Shutdown => "shutdown",
            Self::Invalid => "invalid",
            Self::Damaged => "damaged",
        }
    }
}

/// Describes every metric, and shows the counters from the start.
pub(crate) fn describe() {
    describe_counter!(CALLS, "Calls that ended, by provider and how");
    describe_gauge!(OPEN, "Calls under way");
    describe_histogram!(DURATION, "Seconds from a call's head to its response's end");
    describe_counter!(REFUSED, "Requests refused before they became calls");
    describe_counter!(HEADERS_IGNORED, "Context headers that said nothing usable");
    describe_counter!(PANICS, "Meters that failed");
    describe_counter!(PUBLISHED, "Events that are stored");
    describe_counter!(LOST, "Events that will not be stored, by reason");
    describe_counter!(SPILLED, "Events written to the spill directory");
    describe_counter!(REPLAYED, "Events sent from the spill directory");
    describe_gauge!(QUEUED, "Events that wait in memory");
    describe_gauge!(SPILL_BYTES, "Bytes in the spill directory");
    for name in [PANICS, PUBLISHED, SPILLED, REPLAYED] {
        counter!(name).increment(0);
    }
    for loss in Loss::ALL {
        lost(loss, 0);
    }
}

pub(crate) fn call_begins() {
    OPEN_NOW.increment(1);
}

pub(crate) fn call_ends(facts: &Facts) {
    OPEN_NOW.decrement(1);
    // Hosts that are not in the table are the operator's, but a label's values are ours.
    let provider = facts.route.provider.map_or("other", |known| known.name());
    let end = match facts.end {
        _ if facts.client_left => "client_left",
        End::Complete => "complete",
        End::ClientGone => "client_left",
        End::UpstreamBroke => "upstream_broke",
        End::NotSent => "not_sent",
        End::Timeout => "timeout",
    };
    counter!(CALLS, "provider" => provider, "end" => end).increment(1);
    DURATIONS.record(facts.latency);
}

pub(crate) fn refused(code: &'static str) {
    counter!(REFUSED, "code" => code).increment(1);
}

pub(crate) fn header_ignored(field: &'static str) {
    counter!(HEADERS_IGNORED, "field" => field).increment(1);
}

pub(crate) fn meter_panicked() {
    counter!(PANICS).increment(1);
}

pub(crate) fn queued(events: i64) {
    #[allow(clippy::cast_precision_loss)] // Far below 2^52.
    QUEUED_NOW.increment(events as f64);
}

pub(crate) fn published(events: usize) {
    counter!(PUBLISHED).increment(events as u64);
}

pub(crate) fn lost(loss: Loss, events: usize) {
    counter!(LOST, "reason" => loss.name()).increment(events as u64);
}

pub(crate) fn spilled(events: usize) {
    counter!(SPILLED).increment(events as u64);
}

pub(crate) fn replayed(events: usize) {
    counter!(REPLAYED).increment(events as u64);
}

pub(crate) fn spill_bytes(bytes: u64) {
    #[allow(clippy::cast_precision_loss)] // Far below 2^52.
    gauge!(SPILL_BYTES).set(bytes as f64);
}
