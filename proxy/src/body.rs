//! Bodies on their way: each piece goes on as it came, at once, and the call's meter sees it.

use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep};

use crate::call::Call;
use crate::drain::Drainer;
use crate::meter::{End, Filter};
use crate::upstream::Place;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What goes to a provider: the client's body, or one that was rewritten.
pub(crate) type RequestBody = Either<RequestTee, Full<Bytes>>;

/// The client's body.
#[derive(Debug)]
pub(crate) struct RequestTee {
    /// What was read of it before it was known that it is sent on as it is.
    pub(crate) read: Option<Bytes>,
    pub(crate) body: Incoming,
    pub(crate) call: Arc<Call>,
}

impl Body for RequestTee {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let this = self.get_mut();
        if let Some(read) = this.read.take() {
            this.call.request_chunk(&read);
            return Poll::Ready(Some(Ok(Frame::data(read))));
        }
        let frame = ready!(Pin::new(&mut this.body).poll_frame(cx));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            this.call.request_chunk(data);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.read.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = self.body.size_hint();
        let read = self.read.as_ref().map_or(0, Bytes::len) as u64;
        if let Some(exact) = hint.exact() {
            hint.set_exact(exact + read);
        }
        hint
    }
}

/// The provider's body, on its way to the client. When the client lets go of it before its
/// end, the rest is drained or cut.
#[derive(Debug)]
pub(crate) struct ResponseTee {
    rest: Option<Rest>,
    filter: Option<Filter>,
    idle: Idle,
    drainer: Drainer,
}

/// What is left of a response, with all that it needs to be read to its end.
#[derive(Debug)]
pub(crate) struct Rest {
    pub(crate) body: Incoming,
    pub(crate) call: Arc<Call>,
    pub(crate) place: Place,
}

impl ResponseTee {
    pub(crate) fn new(
        rest: Rest,
        filter: Option<Filter>,
        idle: Duration,
        drainer: Drainer,
    ) -> Self {
        let mut tee = Self {
            rest: Some(rest),
            filter,
            idle: Idle::new(idle),
            drainer,
        };
        tee.end_if_complete();
        tee
    }

    /// A body whose length was told ends with its last byte: nobody asks for more.
    fn end_if_complete(&mut self) {
        if self
            .rest
            .as_ref()
            .is_some_and(|rest| rest.body.is_end_stream())
            && self.filter.is_none()
        {
            self.end(End::Complete);
        }
    }

    fn end(&mut self, end: End) {
        if let Some(rest) = self.rest.take() {
            rest.call.end(end);
        }
    }

    /// The next piece for the client, `None` when what came was withheld.
    fn passed(&mut self, frame: Frame<Bytes>) -> Option<Frame<Bytes>> {
        let data = match frame.into_data() {
            Ok(data) => data,
            Err(trailers) => return Some(trailers),
        };
        if let Some(rest) = &self.rest {
            rest.call.response_chunk(&data);
        }
        let Some(filter) = &mut self.filter else {
            return Some(Frame::data(data));
        };
        let left = filter.pass(data);
        (!left.is_empty()).then(|| Frame::data(left))
    }

    /// What was held back, once nothing more comes.
    fn held_back(&mut self) -> Option<Frame<Bytes>> {
        let left = self.filter.take()?.finish();
        (!left.is_empty()).then(|| Frame::data(left))
    }
}

impl Body for ResponseTee {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        loop {
            let Some(rest) = &mut this.rest else {
                return Poll::Ready(None);
            };
            match Pin::new(&mut rest.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    this.idle.heard();
                    let passed = this.passed(frame);
                    this.end_if_complete();
                    if let Some(frame) = passed {
                        return Poll::Ready(Some(Ok(frame)));
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    this.end(End::UpstreamBroke);
                    return Poll::Ready(Some(Err(error.into())));
                }
                Poll::Ready(None) => {
                    let left = this.held_back();
                    this.end(End::Complete);
                    return Poll::Ready(left.map(Ok));
                }
                Poll::Pending => {
                    ready!(this.idle.poll_over(cx));
                    this.end(End::Timeout);
                    let error = "the provider's response paused for too long";
                    return Poll::Ready(Some(Err(error.into())));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.rest, &self.filter) {
            (Some(rest), None) => rest.body.size_hint(),
            (Some(_), Some(_)) => SizeHint::default(),
            (None, _) => SizeHint::with_exact(0),
        }
    }
}

impl Drop for ResponseTee {
    fn drop(&mut self) {
        if let Some(rest) = self.rest.take() {
            self.drainer.client_left(rest);
        }
    }
}

/// How long nothing has come. One timer a response, set again only when it runs out.
#[derive(Debug)]
struct Idle {
    limit: Duration,
    heard: Instant,
    timer: Pin<Box<Sleep>>,
}

impl Idle {
    fn new(limit: Duration) -> Self {
        let heard = Instant::now();
        Self {
            limit,
            heard,
            timer: Box::pin(tokio::time::sleep_until(heard + limit)),
        }
    }

    fn heard(&mut self) {
        self.heard = Instant::now();
    }

    fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.timer.as_mut().poll(cx).is_ready() {
            let over = self.heard + self.limit;
            if over <= Instant::now() {
                return Poll::Ready(());
            }
            self.timer.as_mut().reset(over);
        }
        Poll::Pending
    }
}
