//! When the client leaves before the end: the provider's answer is cut off, or read to its
//! end so that its usage is known.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper::body::{Body as _, Incoming};
use hyper_util::client::legacy::ResponseFuture;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::body::Rest;
use crate::call::Call;
use crate::config::{OnDisconnect, UpstreamArgs};
use crate::meter::End;
use crate::upstream::Place;

/// Answers that are drained at once; further ones are cut.
const DRAINS_MAX: usize = 1024;

/// What becomes of answers that nobody waits for. Clones share the bounds.
#[derive(Debug, Clone)]
pub(crate) struct Drainer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    policy: OnDisconnect,
    bytes_max: u64,
    timeout: Duration,
    slots: Arc<Semaphore>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Drainer {
    pub(crate) fn new(args: &UpstreamArgs) -> Self {
        Self(Arc::new(Inner {
            policy: args.proxy_on_disconnect,
            bytes_max: args.proxy_drain_bytes_max,
            timeout: args.drain_timeout(),
            slots: Arc::new(Semaphore::new(DRAINS_MAX)),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        }))
    }

    /// The client is gone in the middle of a response.
    pub(crate) fn client_left(&self, rest: Rest) {
        rest.call.client_left();
        match self.slot() {
            Some(slot) => self.spawn(slot, rest.call.clone(), self.clone().read(rest)),
            None => rest.call.end(End::ClientGone),
        }
    }

    /// The client is gone before there was a response.
    pub(crate) fn client_left_early(&self, answer: ResponseFuture, call: Arc<Call>, place: Place) {
        call.client_left();
        match self.slot() {
            Some(slot) => {
                let this = self.clone();
                let waited = Arc::clone(&call);
                let reading = async move {
                    let Ok(response) = answer.await else {
                        return waited.end(End::UpstreamBroke);
                    };
                    let (head, body) = response.into_parts();
                    let _ = waited.response_head(head.status, &head.headers);
                    let call = waited;
                    this.read(Rest { body, call, place }).await;
                };
                self.spawn(slot, call, reading);
            }
            None => call.end(End::ClientGone),
        }
    }

    /// Cuts what is still drained, and waits until that is done.
    pub(crate) async fn stop(&self) {
        self.0.stop.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    fn slot(&self) -> Option<OwnedSemaphorePermit> {
        let drains = self.0.policy == OnDisconnect::Drain && !self.0.stop.is_cancelled();
        drains
            .then(|| Arc::clone(&self.0.slots).try_acquire_owned().ok())
            .flatten()
    }

    fn spawn(
        &self,
        slot: OwnedSemaphorePermit,
        call: Arc<Call>,
        reading: impl Future<Output = ()> + Send + 'static,
    ) {
        // Whoever lets go may be the runtime itself, at its end.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return call.end(End::ClientGone);
        };
        let bounded = tokio::time::timeout(self.0.timeout, reading);
        let stop = self.0.stop.clone();
        let task = self.0.tasks.track_future(async move {
            let _ = stop.run_until_cancelled(bounded).await;
            // Not the first word where it was read to its end.
            call.end(End::ClientGone);
            drop(slot);
        });
        runtime.spawn(task);
    }

    async fn read(self, rest: Rest) {
        let Rest {
            mut body,
            call,
            place,
        } = rest;
        let end = self.read_body(&mut body, &call).await;
        call.end(end);
        drop(place);
    }

    async fn read_body(&self, body: &mut Incoming, call: &Call) -> End {
        let mut left = self.0.bytes_max;
        loop {
            if body.is_end_stream() {
                return End::Complete;
            }
            match next(body).await {
                None => return End::Complete,
                Some(Err(_)) => return End::UpstreamBroke,
                Some(Ok(frame)) => {
                    let Some(data) = frame.data_ref() else {
                        continue;
                    };
                    call.response_chunk(data);
                    match left.checked_sub(data.len() as u64) {
                        Some(rest) => left = rest,
                        None => return End::ClientGone,
                    }
                }
            }
        }
    }
}

async fn next(
    body: &mut Incoming,
) -> Option<Result<hyper::body::Frame<bytes::Bytes>, hyper::Error>> {
    std::future::poll_fn(|cx| -> Poll<_> { Pin::new(&mut *body).poll_frame(cx) }).await
}
