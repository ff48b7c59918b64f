//! Times, and what is said of many.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use serde_json::{Value, json};

/// Clock ticks a second that Linux counts CPU time in.
const TICKS: f64 = 100.0;

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

/// CPU seconds that this process has taken.
pub(crate) fn cpu_seconds() -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let mut fields = fields.split_ascii_whitespace().skip(11);
    let mut ticks = || -> anyhow::Result<f64> {
        Ok(fields.next().context("/proc/self/stat is short")?.parse()?)
    };
    Ok((ticks()? + ticks()?) / TICKS)
}

/// Bytes of memory that this process has resident.
pub(crate) fn resident_bytes() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_ascii_whitespace().next());
    Ok(kib.context("no VmRSS")?.parse::<u64>()? << 10)
}
