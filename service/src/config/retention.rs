//! How long data is kept, for all and for tenants that want it otherwise.

use std::fmt;

use clap::Args;

use super::per_tenant::{Own, PerTenant};

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
        let own = self.tenant_retention.get(tenant_id);
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
pub type TenantRetention = PerTenant<Days>;

impl Own for Days {
    const SHAPE: &str = "days/days with 1 to 36500";
    /// Each is looked for by every merge that expires rows.
    const TENANTS_MAX: usize = 200;

    fn parse(text: &str) -> Option<Self> {
        let (events, rollups) = text.split_once('/')?;
        let days = |text: &str| {
            text.parse()
                .ok()
                .filter(|days| (1..=DAYS_MAX).contains(days))
        };
        Some(Self {
            events: days(events)?,
            rollups: days(rollups)?,
        })
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.events, self.rollups)
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
        let many: Vec<String> = (0..=Days::TENANTS_MAX)
            .map(|n| format!("t{n}=1/1"))
            .collect();
        assert!(TenantRetention::parse(&many.join(",")).is_err());
    }
}
