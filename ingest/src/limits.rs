//! How much one tenant may send, so that it cannot take what others need.
//!
//! Each process counts by itself. A tenant's count is a few bytes that are forgotten once
//! they say nothing any more.

mod bucket;

use std::collections::HashMap;

use service::Problem;
use service::auth::Tenant;
use service::config::{LimitArgs, Rates};

use bucket::Bucket;

/// The counts of every tenant.
#[derive(Debug)]
pub(crate) struct Limits {
    everyone: Buckets,
    /// Of tenants with rates of their own.
    own: HashMap<String, Buckets>,
}

/// `None` = no limit.
#[derive(Debug)]
struct Buckets {
    requests: Option<Bucket>,
    events: Option<Bucket>,
    bytes: Option<Bucket>,
}

impl Buckets {
    fn new(rates: Rates) -> Self {
        Self {
            requests: Bucket::new("requests", rates.requests),
            events: Bucket::new("events", rates.events),
            bytes: Bucket::new("bytes", rates.bytes),
        }
    }
}

impl Limits {
    pub(crate) fn new(args: &LimitArgs) -> Self {
        let own = args.tenant_limits.iter();
        Self {
            everyone: Buckets::new(args.rates()),
            own: own
                .map(|(tenant_id, rates)| (tenant_id.to_owned(), Buckets::new(rates)))
                .collect(),
        }
    }

    /// Whether a request of the tenant may be read at all.
    ///
    /// # Errors
    /// 429 with the time to wait.
    pub(crate) fn request(&self, tenant: &Tenant) -> Result<(), Problem> {
        take(self.of(tenant).requests.as_ref(), tenant, 1)
    }

    /// Whether so many events may be stored, which have so many bytes together.
    ///
    /// # Errors
    /// As [`Self::request`].
    pub(crate) fn events(
        &self,
        tenant: &Tenant,
        events: usize,
        bytes: usize,
    ) -> Result<(), Problem> {
        let buckets = self.of(tenant);
        take(buckets.events.as_ref(), tenant, events)?;
        take(buckets.bytes.as_ref(), tenant, bytes)
    }

    fn of(&self, tenant: &Tenant) -> &Buckets {
        self.own.get(tenant.as_str()).unwrap_or(&self.everyone)
    }
}

fn take(bucket: Option<&Bucket>, tenant: &Tenant, amount: usize) -> Result<(), Problem> {
    bucket.map_or(Ok(()), |bucket| bucket.take(tenant, amount))
}

#[cfg(test)]
mod tests;
