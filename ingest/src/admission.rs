//! How much is held at once. Who comes when all is taken is sent away and comes again:
//! memory stays bounded however slow Kafka is.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use service::Problem;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::IngestArgs;
use crate::metrics;

/// What a permit of the byte semaphore stands for.
const UNIT_BYTES: usize = 1024;
/// When to come again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Admission {
    requests: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
}

/// A request's share; given back when dropped.
#[derive(Debug)]
pub(crate) struct Share {
    _request: OwnedSemaphorePermit,
    bytes: OwnedSemaphorePermit,
    _counted: metrics::Inflight,
}

impl Admission {
    pub(crate) fn new(args: &IngestArgs) -> Self {
        let requests = args.ingest_requests_max.min(Semaphore::MAX_PERMITS);
        let bytes = args.ingest_inflight_bytes_max.div_ceil(UNIT_BYTES);
        Self {
            requests: Arc::new(Semaphore::new(requests)),
            bytes: Arc::new(Semaphore::new(bytes.min(Semaphore::MAX_PERMITS))),
        }
    }

    /// A share that as yet holds no bytes.
    pub(crate) fn admit(&self) -> Result<Share, Problem> {
        let request = Arc::clone(&self.requests)
            .try_acquire_owned()
            .map_err(|_| busy())?;
        let bytes = take(&self.bytes, 0)?;
        Ok(Share {
            _request: request,
            bytes,
            _counted: metrics::Inflight::begin(),
        })
    }
}

impl Share {
    /// Makes room for so many more bytes, before they are held.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<(), Problem> {
        let more = take(self.bytes.semaphore(), bytes)?;
        self.bytes.merge(more);
        Ok(())
    }
}

fn take(semaphore: &Arc<Semaphore>, bytes: usize) -> Result<OwnedSemaphorePermit, Problem> {
    let units = u32::try_from(bytes.div_ceil(UNIT_BYTES)).unwrap_or(u32::MAX);
    Arc::clone(semaphore)
        .try_acquire_many_owned(units)
        .map_err(|_| busy())
}

fn busy() -> Problem {
    let detail = "too much is being received at the moment; send the same again a little later";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "overloaded", detail).retry_after(RETRY_AFTER)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_taken_is_refused_and_comes_back() {
        let admission = Admission::new(&IngestArgs {
            ingest_requests_max: 2,
            ingest_inflight_bytes_max: 10 * UNIT_BYTES,
            ..IngestArgs::default()
        });
        let mut one = admission.admit().unwrap();
        let mut two = admission.admit().unwrap();
        assert_eq!(admission.admit().unwrap_err().status(), 429);
        one.grow(6 * UNIT_BYTES).unwrap();
        assert!(two.grow(5 * UNIT_BYTES).is_err());
        two.grow(4 * UNIT_BYTES).unwrap();
        drop(one);
        two.grow(6 * UNIT_BYTES).unwrap();
        admission.admit().unwrap();
    }
}
