//! Times, and what is said of many.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

/// Microseconds since 1970; the same clock in every process of this machine.
pub(crate) fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    u64::try_from(since.unwrap_or_default().as_micros()).unwrap_or_default()
}

/// Percentiles in milliseconds.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn percentiles(mut us: Vec<u64>) -> Value {
    us.sort_unstable();
    let at = |per_mille: usize| {
        let index = (us.len() * per_mille / 1000).min(us.len().saturating_sub(1));
        us.get(index).map(|us| *us as f64 / 1000.0)
    };
    json!({ "count": us.len(), "p50": at(500), "p90": at(900), "p99": at(990), "p999": at(999), "max": at(1000) })
}
