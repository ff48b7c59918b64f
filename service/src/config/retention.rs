//! How long data is kept, for all and for tenants that want it otherwise.

use std::collections::BTreeMap;
use std::fmt;

use clap::Args;
use schemas::validate::TEXT_CHARS_MAX;

/// How long data is kept. Changing a value takes effect at the next migration.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct RetentionArgs {
    /// Days that raw events are kept, counted from their own timestamp. Ingest rejects older ones.
    #[arg(
        long,
        env = "LLMOBSERVE_RETENTION_DAYS",
        default_value_t = 400,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(DAYS_MAX))
    )]
    pub retention_days: u32,

    /// Days that rollups are kept: statistics outlive the events they were made from.
    #[arg(
        long,
        env = "LLMOBSERVE_ROLLUP_RETENTION_DAYS",
        default_value_t = 1200,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(DAYS_MAX))
    )]
    pub rollup_retention_days: u32,

    /// Tenants with days of their own, as `tenant=raw/rollups`, separated by commas:
    /// `acme=30/90,beta=800/3650`. At most 200; a name may hold anything but a comma.
    #[arg(
        long,
        env = "LLMOBSERVE_TENANT_RETENTION",
        default_value = "",
        hide_default_value = true,
        value_parser = TenantRetention::parse
    )]
    pub tenant_retention: TenantRetention,
}

/// A hundred years: as good as for ever, and far from overflowing a date.
const DAYS_MAX: u32 = 36_500;
/// Tenants with days of their own: each is looked for by every merge that expires rows.
const TENANTS_MAX: usize = 200;

impl RetentionArgs {
    /// Days for raw events and for rollups, the same for every tenant.
    #[must_use]
    pub fn new(retention_days: u32, rollup_retention_days: u32) -> Self {
        Self {
            retention_days,
            rollup_retention_days,
            tenant_retention: TenantRetention::default(),
        }
    }

    /// The days of one tenant.
    pub fn days_of(&self, tenant_id: &str) -> Days {
        let own = self.tenant_retention.0.get(tenant_id).copied();
        own.unwrap_or(Days {
            events: self.retention_days,
            rollups: self.rollup_retention_days,
        })
    }

    /// The retention of a tenant's raw events in microseconds.
    pub fn retention_us(&self, tenant_id: &str) -> i64 {
        i64::from(self.days_of(tenant_id).events) * 86_400 * 1_000_000
    }
}

/// How long one tenant's data is kept, in days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// Raw events.
    pub events: u32,
    /// Rollups and the ledger.
    pub rollups: u32,
}

/// Tenants with days of their own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantRetention(BTreeMap<String, Days>);

impl TenantRetention {
    /// Reads `acme=30/90,beta=800/3650`.
    ///
    /// # Errors
    /// When a part is something else, a tenant is named twice, or there are too many.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut tenants = BTreeMap::new();
        for part in text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let (tenant_id, days) = tenant(part)
                .ok_or_else(|| format!("`{part}` is not tenant=days/days with 1 to {DAYS_MAX}"))?;
            if tenants.insert(tenant_id.to_owned(), days).is_some() {
                return Err(format!("`{tenant_id}` is named twice"));
            }
        }
        if tenants.len() > TENANTS_MAX {
            return Err(format!("more than {TENANTS_MAX} tenants"));
        }
        Ok(Self(tenants))
    }

    /// Tenants by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Days)> {
        self.0
            .iter()
            .map(|(tenant_id, days)| (tenant_id.as_str(), *days))
    }

    /// Whether all have the days of everyone.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn tenant(part: &str) -> Option<(&str, Days)> {
    let (tenant_id, days) = part.rsplit_once('=')?;
    let (events, rollups) = days.split_once('/')?;
    let chars = tenant_id.chars().count();
    if !(1..=TEXT_CHARS_MAX).contains(&chars) || tenant_id.chars().any(char::is_control) {
        return None;
    }
    let days = |text: &str| {
        text.parse()
            .ok()
            .filter(|days| (1..=DAYS_MAX).contains(days))
    };
    let days = Days {
        events: days(events)?,
        rollups: days(rollups)?,
    };
    Some((tenant_id, days))
}

impl fmt::Display for TenantRetention {
    /// As `parse` reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (tenant_id, Days { events, rollups })) in self.0.iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            write!(f, "{comma}{tenant_id}={events}/{rollups}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_tenant_may_have_days_of_its_own() {
        let mut args = RetentionArgs::new(400, 1200);
        args.tenant_retention = TenantRetention::parse("acme=30/90, it's=a b=800/3650,").unwrap();
        let days = |events, rollups| Days { events, rollups };
        assert_eq!(args.days_of("acme"), days(30, 90));
        assert_eq!(args.days_of("it's=a b"), days(800, 3650));
        assert_eq!(args.days_of("other"), days(400, 1200));
        assert_eq!(args.retention_us("acme"), 30 * 86_400_000_000);
        let again = TenantRetention::parse(&args.tenant_retention.to_string()).unwrap();
        assert_eq!(again, args.tenant_retention);
    }

    #[test]
    fn what_is_unclear_is_refused() {
        for text in [
            "acme",
            "acme=1",
            "acme=0/1",
            "acme=1/36501",
            "=1/1",
            "a\u{1}=1/1",
            "a=1/1,a=2/2",
        ] {
            assert!(TenantRetention::parse(text).is_err(), "{text}");
        }
        let many: Vec<String> = (0..=TENANTS_MAX).map(|n| format!("t{n}=1/1")).collect();
        assert!(TenantRetention::parse(&many.join(",")).is_err());
    }
}
