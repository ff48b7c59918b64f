//! How much one tenant may send.

use super::{Own, PerTenant};
use clap::Args;

/// What each tenant may send to this process a second; who sends more gets 429. Unused amounts
/// of up to ten seconds are saved up. Every process counts by itself. 0 = no limit, which is
/// the default: set them where tenants do not trust each other.
#[derive(Args, Clone, Debug, Default)]
pub struct LimitArgs {
    /// Requests that write, a second and tenant. 0 = no limit.
    #[arg(
        long,
        env = "LLMOBSERVE_TENANT_REQUESTS_PER_SECOND",
        default_value_t = 0
    )]
    pub tenant_requests_per_second: u32,

    /// Events, a second and tenant. 0 = no limit.
    #[arg(long, env = "LLMOBSERVE_TENANT_EVENTS_PER_SECOND", default_value_t = 0)]
    pub tenant_events_per_second: u32,

    /// Bytes of events, decoded, a second and tenant. 0 = no limit.
    #[arg(long, env = "LLMOBSERVE_TENANT_BYTES_PER_SECOND", default_value_t = 0)]
    pub tenant_bytes_per_second: u32,

    /// Tenants with limits of their own, as `tenant=requests/events/bytes` a second, separated
    /// by commas: `acme=100/5000/10000000,beta=0/0/0`. At most 1,000; a name may hold anything
    /// but a comma.
    #[arg(
        long,
        env = "LLMOBSERVE_TENANT_LIMITS",
        default_value = "",
        hide_default_value = true,
        value_parser = TenantRates::parse
    )]
    pub tenant_limits: TenantRates,
}

/// What may be sent a second. 0 = no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    /// Requests.
    pub requests: u32,
    /// Events.
    pub events: u32,
    /// Bytes.
    pub bytes: u32,
}

impl LimitArgs {
    /// Of tenants without rates of their own.
    pub fn rates(&self) -> Rates {
        Rates {
            requests: self.tenant_requests_per_second,
            events: self.tenant_events_per_second,
            bytes: self.tenant_bytes_per_second,
        }
    }
}

/// Tenants with rates of their own.
pub type TenantRates = PerTenant<Rates>;

impl Own for Rates {
    const SHAPE: &str = "requests/events/bytes";
    const TENANTS_MAX: usize = 1_000;

    fn parse(text: &str) -> Option<Self> {
        let mut rates = text.split('/').map(|rate| rate.parse().ok());
        match (rates.next(), rates.next(), rates.next(), rates.next()) {
            (Some(requests), Some(events), Some(bytes), None) => Some(Self {
                requests: requests?,
                events: events?,
                bytes: bytes?,
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_tenant_may_have_rates_of_its_own() {
        let rates = TenantRates::parse("acme=100/5000/7, it's=a b=0/0/0,").unwrap();
        let rates: Vec<_> = rates.iter().collect();
        let acme = Rates {
            requests: 100,
            events: 5000,
            bytes: 7,
        };
        assert_eq!(rates, [("acme", acme), ("it's=a b", Rates::default())]);
        for text in [
            "acme",
            "acme=1/1",
            "=1/1/1",
            "a=1/1/-1",
            "a=1/1/1/1",
            "a=1/1/1,a=1/1/1",
        ] {
            assert!(TenantRates::parse(text).is_err(), "{text}");
        }
    }
}
