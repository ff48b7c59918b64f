//! Names of what the query API measures.

use std::time::SystemTime;

use maintenance::audit::{Check, Hour, InFlight, State};
use metrics::{describe_gauge, gauge};

/// By how many events the tables differ in the hours of the last check, by `check`
/// (`received`, `raw`, `usage_15m`, `usage_1m`, `runs`). Must be 0.
const DIFFERENCE: &str = "llmobserve_conservation_difference";
/// When the last check was completed, in seconds since 1970: its age is `time()` minus this.
const CHECKED: &str = "llmobserve_conservation_check_timestamp_seconds";
/// Records of the events topic that are not finished.
const IN_FLIGHT: &str = "llmobserve_events_in_flight";

/// Describes them. They have a value once a check was completed: unknown is not 0.
pub(crate) fn describe() {
    describe_gauge!(DIFFERENCE, "Events by which tables differ; must be 0");
    describe_gauge!(CHECKED, "When conservation was last checked, Unix time");
    describe_gauge!(IN_FLIGHT, "Records in Kafka that are not yet in ClickHouse");
}

/// By how many events a check fails in these hours.
pub(crate) fn difference(hours: &[Hour], check: Check) -> u64 {
    let differing = hours.iter().filter(|hour| hour.state == State::Differs);
    differing
        .flat_map(|hour| &hour.differences)
        .filter(|difference| difference.check == check)
        .map(|difference| difference.events)
        .sum()
}

#[allow(clippy::cast_precision_loss)] // gauges are floats
pub(crate) fn checked(hours: &[Hour]) {
    for check in Check::ALL {
        gauge!(DIFFERENCE, "check" => check.name()).set(difference(hours, check) as f64);
    }
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    gauge!(CHECKED).set(now.unwrap_or_default().as_secs_f64());
}

#[allow(clippy::cast_precision_loss)] // as above
pub(crate) fn in_flight(in_flight: &InFlight) {
    gauge!(IN_FLIGHT).set(in_flight.total as f64);
}
