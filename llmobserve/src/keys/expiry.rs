use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};

/// `--expires`: an instant, or a time from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Expiry(pub(super) DateTime<Utc>);

impl FromStr for Expiry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(at) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self(at.to_utc()));
        }
        let wrong = || format!("{text:?} is neither an instant (RFC 3339) nor such as 90d or 12h");
        let unit = text.chars().last().ok_or_else(wrong)?;
        let number = text.strip_suffix(unit).and_then(|n| n.parse::<u32>().ok());
        let number = i64::from(number.ok_or_else(wrong)?);
        let after = match unit {
            'd' => TimeDelta::try_days(number),
            'h' => TimeDelta::try_hours(number),
            'm' => TimeDelta::try_minutes(number),
            _ => None,
        };
        let at = after.and_then(|after| Utc::now().checked_add_signed(after));
        at.map(Self).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_instant_or_a_time_from_now_on() {
        let at: Expiry = "2030-01-02T03:04:05+01:00".parse().unwrap();
        assert_eq!(at.0.to_rfc3339(), "2030-01-02T02:04:05+00:00");
        let Expiry(at) = "90d".parse().unwrap();
        let days = (at - Utc::now()).num_minutes();
        assert!((90 * 1440 - 1..=90 * 1440).contains(&days), "{days}");
        for bad in ["", "d", "90", "-1d", "90y", "1.5h", "9999999999d", "\u{e9}"] {
            assert!(bad.parse::<Expiry>().is_err(), "{bad}");
        }
    }
}
