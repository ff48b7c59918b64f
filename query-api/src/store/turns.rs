//! Whose query runs now: so many at once, and of one tenant no more than half of them, so that
//! others are answered while it waits for itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use axum::http::StatusCode;
use service::Problem;
use service::auth::{Access, Tenant};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// Queries in flight at once; more wait, as many as there are connections.
const QUERIES_MAX: usize = 32;
/// Of one tenant.
const TENANT_QUERIES_MAX: usize = 16;
/// How long a query waits for its turn.
const WAIT_MAX: Duration = Duration::from_secs(30);
/// When to come back then.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// Beyond so many tenants, those without a query are forgotten.
const TENANTS_REMEMBERED: usize = 1_024;

/// Turns of all tenants.
#[derive(Debug)]
pub(super) struct Turns {
    all: Arc<Semaphore>,
    /// Alive while one of the tenant's queries runs or waits.
    tenants: Mutex<HashMap<Tenant, Weak<Semaphore>>>,
    wait_max: Duration,
}

/// A query's turn; over when dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    _tenant: Option<OwnedSemaphorePermit>,
    _all: OwnedSemaphorePermit,
}

impl Turns {
    pub(super) fn new() -> Self {
        Self {
            all: Arc::new(Semaphore::new(QUERIES_MAX)),
            tenants: Mutex::default(),
            wait_max: WAIT_MAX,
        }
    }

    /// # Errors
    /// 429 when too many wait already.
    pub(super) async fn take(&self, allowed: &Access) -> Result<Turn, Problem> {
        let taken = async {
            let tenant = match allowed {
                Access::Tenant(tenant) => Some(self.of(tenant).acquire_owned().await?),
                Access::All(_) => None,
            };
            let all = Arc::clone(&self.all).acquire_owned().await?;
            Ok::<_, AcquireError>(Turn {
                _tenant: tenant,
                _all: all,
            })
        };
        match tokio::time::timeout(self.wait_max, taken).await {
            Ok(turn) => turn.map_err(|_| Problem::internal()),
            Err(_) => Err(busy()),
        }
    }

    fn of(&self, tenant: &Tenant) -> Arc<Semaphore> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turns) = tenants.get(tenant).and_then(Weak::upgrade) {
            return turns;
        }
        if tenants.len() >= TENANTS_REMEMBERED {
            tenants.retain(|_, turns| turns.strong_count() > 0);
        }
        let turns = Arc::new(Semaphore::new(TENANT_QUERIES_MAX));
        tenants.insert(tenant.clone(), Arc::downgrade(&turns));
        turns
    }
}

fn busy() -> Problem {
    let detail = "too many queries wait for their turn; ask again a little later";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_queries", detail).retry_after(RETRY_AFTER)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use futures::FutureExt;
    use service::auth::Authenticator;

    use super::*;

    /// What a caller without authentication sees of a tenant.
    fn access(tenant: &str) -> Access {
        let request = axum::http::Request::builder().header("host", "localhost");
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let caller = Authenticator::off(false).authenticate(&parts).unwrap();
        caller.read_access(&[tenant.to_owned()]).unwrap()
    }

    #[tokio::test]
    async fn one_tenant_leaves_half_to_the_others() {
        let turns = Turns::new();
        let (a, b) = (access("a"), access("b"));
        let mut held: Vec<Turn> = Vec::new();
        while let Some(turn) = turns.take(&a).now_or_never() {
            held.push(turn.unwrap());
        }
        assert_eq!(held.len(), TENANT_QUERIES_MAX);
        let other = turns.take(&b).now_or_never().unwrap().unwrap();
        held.pop();
        held.push(turns.take(&a).now_or_never().unwrap().unwrap());
        drop((held, other));
        assert_eq!(turns.all.available_permits(), QUERIES_MAX);
    }

    #[tokio::test]
    async fn who_waits_too_long_is_told_to_come_again() {
        let turns = Turns {
            wait_max: Duration::from_millis(20),
            ..Turns::new()
        };
        let a = access("a");
        let mut held = Vec::new();
        for _ in 0..TENANT_QUERIES_MAX {
            held.push(turns.take(&a).await.unwrap());
        }
        assert_eq!(turns.take(&a).await.unwrap_err().status(), 429);
    }

    #[tokio::test]
    async fn tenants_without_a_query_are_forgotten() {
        let turns = Turns::new();
        for n in 0..3 * TENANTS_REMEMBERED {
            turns.take(&access(&n.to_string())).await.unwrap();
        }
        assert!(turns.tenants.lock().unwrap().len() <= TENANTS_REMEMBERED);
    }
}
