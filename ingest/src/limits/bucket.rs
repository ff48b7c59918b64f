//! One limit: an amount a second and tenant.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use service::Problem;
use service::auth::Tenant;
use service::problem::RateLimit;

use crate::metrics;

/// What a tenant did not use is saved up for so long.
const SAVED_SECONDS: u32 = 10;
/// Tenants counted one by one; beyond, those that are new share one count.
const TENANTS_MAX: usize = 100_000;
/// Idle tenants are forgotten once in so many takings.
const SWEEP_EVERY: u64 = 4_096;

type Limiter = RateLimiter<Arc<str>, HashMapStateStore<Arc<str>>, DefaultClock>;

#[derive(Debug)]
pub(super) struct Bucket {
    what: &'static str,
    saved_max: NonZeroU32,
    limiter: Limiter,
    clock: DefaultClock,
    takings: AtomicU64,
    full: AtomicBool,
}

impl Bucket {
    /// `None` for a rate of 0: no limit.
    pub(super) fn new(what: &'static str, per_second: u32) -> Option<Self> {
        let rate = NonZeroU32::new(per_second)?;
        let saved_max = rate.saturating_mul(NonZeroU32::new(SAVED_SECONDS)?);
        Some(Self {
            what,
            saved_max,
            limiter: RateLimiter::hashmap(Quota::per_second(rate).allow_burst(saved_max)),
            clock: DefaultClock::default(),
            takings: AtomicU64::new(0),
            full: AtomicBool::new(false),
        })
    }

    /// More than can be saved up counts as all of that: it passes once nothing was used.
    pub(super) fn take(&self, tenant: &Tenant, amount: usize) -> Result<(), Problem> {
        let amount = u32::try_from(amount).unwrap_or(u32::MAX);
        let Some(amount) = NonZeroU32::new(amount.min(self.saved_max.get())) else {
            return Ok(());
        };
        self.sweep();
        let shared = self.full.load(Ordering::Relaxed);
        let key = Arc::from(if shared { "" } else { tenant.as_str() });
        let wait = match self.limiter.check_key_n(&key, amount) {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(not_until)) => not_until.wait_time_from(self.clock.now()),
            Err(_) => Duration::from_secs(SAVED_SECONDS.into()),
        };
        metrics::limited(self.what);
        Err(Problem::rate_limited(&RateLimit {
            what: self.what,
            quota: self.saved_max.get(),
            window: Duration::from_secs(SAVED_SECONDS.into()),
            wait,
        }))
    }

    fn sweep(&self) {
        let nth = self.takings.fetch_add(1, Ordering::Relaxed);
        if nth % SWEEP_EVERY != SWEEP_EVERY - 1 {
            return;
        }
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
        let full = self.limiter.len() >= TENANTS_MAX;
        self.full.store(full, Ordering::Relaxed);
    }

    #[cfg(test)]
    pub(super) fn tenants(&self) -> usize {
        self.limiter.len()
    }
}
