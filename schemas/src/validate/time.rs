//! When the call started.

use chrono::DateTime;

use super::read::{Reader, number, wrong_type};
use super::rejection::{Code, Rejection};
use super::{AHEAD_US_MAX, Context, TEXT_CHARS_MAX};
use crate::raw::Field;

/// Numbers below this are seconds since 1970 (until the year 5138), others milliseconds.
const SECONDS_BELOW: f64 = 1e11;
/// Largest number that is still looked at: beyond it a float has no microseconds.
const NUMBER_MAX: f64 = 1e15;

pub(super) fn timestamp_us(read: &Reader<'_>, context: &Context<'_>) -> Result<i64, Rejection> {
    let at = match read.json(Field::Timestamp) {
        None => return Ok(context.received_us),
        Some(json) if json.starts_with('"') => match read.text(Field::Timestamp, TEXT_CHARS_MAX)? {
            Some(text) => rfc3339(&text)?,
            None => return Ok(context.received_us),
        },
        Some(json) => epoch(number(json).ok_or_else(|| wrong_type(Field::Timestamp, EXPECTED))?)?,
    };
    if at < context.received_us - context.retention_us {
        let days = context.retention_us / 86_400_000_000;
        let message = format!("`timestamp` is older than the retention of {days} days");
        return Err(Rejection::new(Code::TimestampTooOld, message));
    }
    if at > context.received_us + AHEAD_US_MAX {
        return Err(Rejection::new(
            Code::TimestampInFuture,
            "`timestamp` is more than one hour ahead of the server's clock",
        ));
    }
    Ok(at)
}

const EXPECTED: &str =
    "RFC 3339 text with a time zone (2026-01-31T12:00:00Z) or an epoch in seconds or milliseconds";

fn rfc3339(text: &str) -> Result<i64, Rejection> {
    DateTime::parse_from_rfc3339(text)
        .map(|at| at.timestamp_micros())
        .map_err(|_| invalid())
}

fn epoch(number: f64) -> Result<i64, Rejection> {
    if number.abs() > NUMBER_MAX {
        return Err(invalid());
    }
    let seconds = if number < SECONDS_BELOW {
        number
    } else {
        number / 1000.0
    };
    #[allow(clippy::cast_possible_truncation)] // bounded above
    Ok((seconds * 1e6).round() as i64)
}

fn invalid() -> Rejection {
    Rejection::new(
        Code::InvalidTimestamp,
        format!("`timestamp` must be {EXPECTED}"),
    )
}
