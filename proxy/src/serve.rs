//! What a request gets: the way to its provider, or one of the few routes of our own.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Router;
use axum::body::Body;
use axum::http::header::UPGRADE;
use axum::http::{Method, Request, Response};
use http_body_util::Either;
use hyper::body::Incoming;
use service::Problem;
use service::auth::Authenticator;
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

use crate::answer;
use crate::body::ResponseTee;
use crate::call::Call;
use crate::context::Context;
use crate::forward::Forwarder;
use crate::meter::{Meter, MeterPolicy};
use crate::metrics;
use crate::report::Reporter;
use crate::route::Routes;

/// A provider's body, or ours.
pub(crate) type AnswerBody = Either<ResponseTee, Body>;

/// The routes for operators; no provider has such a name.
const OURS: [&str; 3] = ["/health", "/ready", "/metrics"];

/// All that a request needs. Clones share it.
#[derive(Clone)]
pub(crate) struct Proxy(Arc<Parts>);

pub(crate) struct Parts {
    pub(crate) authenticator: Authenticator,
    pub(crate) routes: Arc<Routes>,
    pub(crate) forwarder: Forwarder,
    pub(crate) reporter: Reporter,
    pub(crate) policy: MeterPolicy,
    /// Calls that may be under way besides those that are.
    pub(crate) slots: Arc<Semaphore>,
    pub(crate) health: Router,
    pub(crate) clock: fn() -> SystemTime,
}

impl Proxy {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// Cuts off what is drained for clients that have left.
    pub(crate) async fn stop_draining(&self) {
        self.0.forwarder.drainer.stop().await;
    }

    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Response<AnswerBody> {
        if OURS.contains(&request.uri().path()) {
            return self.operators(request).await;
        }
        match self.call(request).await {
            Ok(response) => response.map(Either::Left),
            Err(problem) => answer::ours(problem).map(Either::Right),
        }
    }

    async fn operators(&self, request: Request<Incoming>) -> Response<AnswerBody> {
        let answered = self.0.health.clone().oneshot(request.map(Body::new)).await;
        match answered {
            Ok(response) => response.map(Either::Right),
            Err(never) => match never {},
        }
    }

    async fn call(&self, request: Request<Incoming>) -> Result<Response<ResponseTee>, Problem> {
        let parts = &self.0;
        let (head, body) = request.into_parts();
        let judged = Context::read(&parts.authenticator, &head).and_then(|context| {
            if head.method == Method::CONNECT || head.headers.contains_key(UPGRADE) {
                return Err(answer::upgrade());
            }
            Ok((context, parts.routes.route(&head)?))
        });
        let (context, route) = judged.inspect_err(|problem| metrics::refused(problem.code()))?;
        let Ok(slot) = Arc::clone(&parts.slots).try_acquire_owned() else {
            metrics::refused("overloaded");
            return Err(answer::busy());
        };
        let mut head = head;
        head.uri = route.uri.clone();
        crate::headers::for_provider(&mut head.headers);
        let meter = Meter::new(
            route.provider,
            route.endpoint.clone(),
            parts.policy,
            &head.headers,
        );
        let scheme = route.scheme;
        let reporter = parts.reporter.clone();
        let call = Call::begin(context, route, meter, reporter, slot, (parts.clock)());
        let forwarded = parts.forwarder.forward(head, body, scheme, call).await;
        forwarded.map_err(Problem::from)
    }
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy")
            .field("routes", &self.0.routes)
            .finish_non_exhaustive()
    }
}
