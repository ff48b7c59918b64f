//! Every metric of the role. `received = accepted + Σ rejected(code)`, always.

use metrics::{counter, describe_counter, describe_gauge, gauge};
use schemas::validate::Code;

/// Events of every request that could be read.
const RECEIVED: &str = "llmobserve_ingest_events_received_total";
/// Events that all in-sync replicas have stored.
const ACCEPTED: &str = "llmobserve_ingest_events_accepted_total";
/// Events that were not, by `code`: the event's own fault, or the request's.
const REJECTED: &str = "llmobserve_ingest_events_rejected_total";
/// Bytes of bodies, by `stage`: `sent` or `decoded`.
const BYTES: &str = "llmobserve_ingest_body_bytes_total";
/// Spans of OpenTelemetry that have nothing to do with models; not among the events.
const IGNORED: &str = "llmobserve_ingest_otlp_spans_ignored_total";
/// Requests refused because their tenant sends too much, by `limit`: `requests`, `events`,
/// `bytes`.
const LIMITED: &str = "llmobserve_ingest_limited_requests_total";
/// Requests being handled.
const INFLIGHT: &str = "llmobserve_ingest_inflight_requests";

/// Codes of events whose whole request failed, beside those of [`Code`].
const FORBIDDEN: &str = "forbidden";
const NOT_STORED: &str = "not_stored";

/// Describes every metric and shows each from the start, at zero.
pub(crate) fn describe() {
    describe_counter!(RECEIVED, "Events of every request that could be read");
    describe_counter!(ACCEPTED, "Events that all in-sync replicas have stored");
    describe_counter!(REJECTED, "Events that were not accepted, by reason");
    describe_counter!(BYTES, "Bytes of request bodies, as sent and decoded");
    describe_counter!(LIMITED, "Requests of tenants that send too much, by limit");
    describe_gauge!(INFLIGHT, "Requests being handled");
    describe_counter!(IGNORED, "Spans that have nothing to do with models");
    counter!(IGNORED).increment(0);
    counter!(RECEIVED).increment(0);
    counter!(ACCEPTED).increment(0);
    for code in Code::ALL
        .iter()
        .map(|code| code.as_str())
        .chain([FORBIDDEN, NOT_STORED])
    {
        counter!(REJECTED, "code" => code).increment(0);
    }
}

/// A request that was answered with 202 or 422.
pub(crate) fn judged(accepted: usize, rejected: impl ExactSizeIterator<Item = Code>) {
    counter!(RECEIVED).increment((accepted + rejected.len()) as u64);
    counter!(ACCEPTED).increment(accepted as u64);
    count_rejected(rejected);
}

/// A request whose valid events could not be stored: the sender has them still.
pub(crate) fn not_stored(valid: usize, rejected: impl ExactSizeIterator<Item = Code>) {
    counter!(RECEIVED).increment((valid + rejected.len()) as u64);
    counter!(REJECTED, "code" => NOT_STORED).increment(valid as u64);
    count_rejected(rejected);
}

/// A request refused as a whole, because an event names a tenant that the caller may not.
pub(crate) fn forbidden(events: usize) {
    counter!(RECEIVED).increment(events as u64);
    counter!(REJECTED, "code" => FORBIDDEN).increment(events as u64);
}

fn count_rejected(codes: impl Iterator<Item = Code>) {
    for code in codes {
        counter!(REJECTED, "code" => code.as_str()).increment(1);
    }
}

/// Spans that become no events.
pub(crate) fn spans_ignored(count: usize) {
    counter!(IGNORED).increment(count as u64);
}

/// A body was read.
pub(crate) fn body(sent: usize, decoded: usize) {
    counter!(BYTES, "stage" => "sent").increment(sent as u64);
    counter!(BYTES, "stage" => "decoded").increment(decoded as u64);
}

/// A tenant sends more than it may.
pub(crate) fn limited(limit: &'static str) {
    counter!(LIMITED, "limit" => limit).increment(1);
}

/// Counts a request while it lives.
#[derive(Debug)]
pub(crate) struct Inflight(());

impl Inflight {
    pub(crate) fn begin() -> Self {
        gauge!(INFLIGHT).increment(1);
        Self(())
    }
}

impl Drop for Inflight {
    fn drop(&mut self) {
        gauge!(INFLIGHT).decrement(1);
    }
}
