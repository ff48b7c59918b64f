//! One call to a provider, and its one event: whatever way the call ends, and whoever lets go
//! of it, it is reported once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;

use crate::answer::Failure;
use crate::context::Context;
use crate::meter::{Basis, End, Filter, Meter, Metered};
use crate::metrics;
use crate::report::Reporter;
use crate::route::Route;

/// What a call takes without its meter, and what its meter may hold, about.
const BASE_BYTES: usize = 2 * 1024;
const METER_BYTES_MAX: usize = 64 * 1024;

/// What is known of a call beside its usage.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) context: Context,
    pub(crate) route: Route,
    pub(crate) started: SystemTime,
    pub(crate) latency: Duration,
    /// Until the first byte of the response's body.
    pub(crate) ttft: Option<Duration>,
    /// The provider's status; `None` when it gave none.
    pub(crate) http_status: Option<StatusCode>,
    pub(crate) end: End,
    /// Why the provider gave no answer.
    pub(crate) failure: Option<Failure>,
    /// Whether the provider may have seen any of it.
    pub(crate) sent: bool,
    /// Whether the client left before the end, read further or not.
    pub(crate) client_left: bool,
    /// Bytes of both bodies that have passed.
    pub(crate) bytes: usize,
}

/// A call that has ended. Its usage is not worked out yet: that is for another thread.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) facts: Facts,
    meter: Option<Meter>,
}

impl Ended {
    /// About how much memory it takes while it waits, in bytes.
    pub(crate) fn weight(&self) -> usize {
        BASE_BYTES + self.facts.bytes.min(METER_BYTES_MAX)
    }

    /// What is known in the end.
    pub(crate) fn settle(self) -> (Facts, Metered) {
        let end = self.facts.end;
        let metered = self.meter.and_then(|meter| guarded(|| meter.finish(end)));
        // Without a meter nothing is known; which is not that it was free.
        let unknown = || Metered {
            basis: Some(Basis::Unknown),
            ..Metered::default()
        };
        (self.facts, metered.unwrap_or_else(unknown))
    }
}

/// A call under way; shared by its request's and its response's body.
#[derive(Debug)]
pub(crate) struct Call {
    begun: Instant,
    reporter: Reporter,
    /// `None` once it is reported.
    open: Mutex<Option<Box<Ended>>>,
    /// Its place among the calls under way.
    _slot: OwnedSemaphorePermit,
}

impl Call {
    /// From here on there will be an event.
    pub(crate) fn begin(
        context: Context,
        route: Route,
        meter: Meter,
        reporter: Reporter,
        slot: OwnedSemaphorePermit,
        started: SystemTime,
    ) -> Arc<Self> {
        metrics::call_begins();
        let facts = Facts {
            context,
            route,
            started,
            latency: Duration::ZERO,
            ttft: None,
            http_status: None,
            end: End::ClientGone,
            failure: None,
            sent: false,
            client_left: false,
            bytes: 0,
        };
        let ended = Box::new(Ended {
            facts,
            meter: Some(meter),
        });
        Arc::new(Self {
            begun: Instant::now(),
            reporter,
            open: Mutex::new(Some(ended)),
            _slot: slot,
        })
    }

    /// Whether the request's body is to be held until it can be rewritten.
    pub(crate) fn may_rewrite(&self) -> bool {
        self.metered(|meter| meter.may_rewrite()).unwrap_or(false)
    }

    /// The body to send instead of this one.
    pub(crate) fn rewrite_request(&self, body: &Bytes) -> Option<Bytes> {
        self.metered(|meter| meter.rewrite_request(body)).flatten()
    }

    /// A piece of the request's body has passed.
    pub(crate) fn request_chunk(&self, bytes: &[u8]) {
        self.note(|facts| facts.bytes = facts.bytes.saturating_add(bytes.len()));
        self.metered(|meter| meter.request_chunk(bytes));
    }

    /// The response's head has come.
    pub(crate) fn response_head(&self, status: StatusCode, headers: &HeaderMap) -> Option<Filter> {
        self.note(|facts| facts.http_status = Some(status));
        self.metered(|meter| {
            meter.response_head(status, headers);
            meter.filter()
        })
        .flatten()
    }

    /// A piece of the response's body has come.
    pub(crate) fn response_chunk(&self, bytes: &[u8]) {
        self.note(|facts| {
            facts.bytes = facts.bytes.saturating_add(bytes.len());
            facts.ttft.get_or_insert_with(|| self.begun.elapsed());
        });
        self.metered(|meter| meter.response_chunk(bytes));
    }

    /// It is on its way to the provider.
    pub(crate) fn sent(&self) {
        self.note(|facts| facts.sent = true);
    }

    /// The provider gave no answer.
    pub(crate) fn fail(&self, failure: Failure) {
        self.note(|facts| {
            facts.failure = Some(failure);
            facts.sent &= failure.may_be_sent();
        });
        self.end(failure.end());
    }

    /// Nobody waits for the answer any more. After its last word that is an end like any other:
    /// many clients read no further.
    pub(crate) fn client_left(&self) {
        if self.metered(Meter::has_heard_all).unwrap_or(false) {
            self.end(End::Complete);
        } else {
            self.note(|facts| facts.client_left = true);
        }
    }

    /// It is over. Only the first time counts.
    pub(crate) fn end(&self, end: End) {
        let Some(mut ended) = self.lock().take() else {
            return;
        };
        ended.facts.end = if ended.facts.sent { end } else { End::NotSent };
        ended.facts.latency = self.begun.elapsed();
        metrics::call_ends(&ended.facts);
        self.reporter.report(ended);
    }

    fn note(&self, note: impl FnOnce(&mut Facts)) {
        if let Some(open) = self.lock().as_mut() {
            note(&mut open.facts);
        }
    }

    /// Lets the meter see something. A meter that panics is gone, and the call goes on.
    fn metered<T>(&self, see: impl FnOnce(&mut Meter) -> T) -> Option<T> {
        let mut open = self.lock();
        let slot = &mut open.as_mut()?.meter;
        let meter = slot.as_mut()?;
        let seen = guarded(|| see(meter));
        if seen.is_none() {
            *slot = None;
        }
        seen
    }

    fn lock(&self) -> MutexGuard<'_, Option<Box<Ended>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Call {
    /// Nobody holds it any more and nobody ended it: whoever wanted the answer is gone.
    fn drop(&mut self) {
        self.end(End::ClientGone);
    }
}

fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    let done = catch_unwind(AssertUnwindSafe(work));
    if done.is_err() {
        metrics::meter_panicked();
    }
    done.ok()
}
