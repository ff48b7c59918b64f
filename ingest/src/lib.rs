//! Ingest: receive → authenticate → judge → publish → respond.
//!
//! Thin on purpose: it depends on Kafka alone and goes on accepting while ClickHouse is
//! away. A 202 means that all in-sync replicas have stored every accepted event; whatever
//! goes wrong before that is told to the sender, who sends again (the id makes the second
//! copy harmless).

mod admission;
mod config;
mod events;
mod hand_over;
mod judge;
mod limits;
mod metrics;
mod openapi;
mod otlp;
mod receive;
mod respond;
mod split;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;

use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::routing::post;
use service::auth::Authenticator;
use service::config::{AuthMode, RetentionArgs};
use service::control::Control;
use service::health::Readiness;
use service::prices::Prices;
use service::publish::{KafkaPublisher, Publisher};
use tokio_util::sync::CancellationToken;

pub use config::{ClientCost, Config, IngestArgs};
pub use openapi::openapi;
pub use respond::{Rejected, Summary};

use admission::Admission;
use limits::Limits;

/// The role's name in settings, logs and readiness.
pub const ROLE: &str = "ingest";

/// All that a request needs. Clones share it.
#[derive(Clone)]
pub struct Ingest(Arc<Inner>);

struct Inner {
    args: IngestArgs,
    retention: RetentionArgs,
    authenticator: Authenticator,
    publisher: Arc<dyn Publisher>,
    admission: Admission,
    limits: Limits,
    prices: Prices,
}

impl std::fmt::Debug for Ingest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ingest")
            .field("args", &self.0.args)
            .finish_non_exhaustive()
    }
}

impl Ingest {
    /// Over any publisher; `retention` says from which age events are rejected.
    ///
    /// # Errors
    /// When the prices cannot be read.
    pub fn new(
        args: IngestArgs,
        retention: RetentionArgs,
        authenticator: Authenticator,
        publisher: Arc<dyn Publisher>,
    ) -> anyhow::Result<Self> {
        metrics::describe();
        let prices = Prices::load(&args.prices)?;
        let admission = Admission::new(&args);
        let limits = Limits::new(&args.limits);
        let inner = Inner {
            args,
            retention,
            authenticator,
            publisher,
            admission,
            limits,
            prices,
        };
        Ok(Self(Arc::new(inner)))
    }
}

/// The routes, to be merged with other roles' in `up`.
pub fn router(ingest: Ingest) -> Router {
    let authenticator = ingest.0.authenticator.clone();
    let routes = Router::new()
        .route("/events", post(events::post_events))
        .route("/events/", post(events::post_events));
    let events = authenticator.protect(routes);
    events
        .merge(otlp::router(&authenticator))
        .with_state(ingest)
}

/// The whole role, until `shutdown`: open requests finish, and their records are flushed.
///
/// # Errors
/// When the settings do not fit together or the port cannot be opened. A broker that is away
/// is no error: requests get 503 until it is back.
pub async fn run(config: Config, shutdown: CancellationToken) -> anyhow::Result<()> {
    config
        .auth
        .check_bind(AuthMode::Required, config.http.bind)?;
    let authenticator = Authenticator::from_args(&config.auth, AuthMode::Required)?;
    let readiness = Readiness::default();
    let control = Control::start(&config.kafka, authenticator.tables(), &shutdown);
    control.register(&readiness, ROLE);
    let publisher = KafkaPublisher::start(&config.kafka, &config.ingest.producer())?;
    publisher.register(&readiness);
    let metrics = service::telemetry::metrics()?;
    let health = service::health::router(readiness.clone(), metrics, &authenticator);
    let ingest = Ingest::new(
        config.ingest,
        config.retention,
        authenticator,
        Arc::new(publisher.clone()),
    )?;

    let listener = service::http::bind(config.http.bind).await?;
    let stop_health = CancellationToken::new();
    let tls = &config.http.tls;
    let beside =
        service::health::serve_beside(&config.metrics, tls, readiness, &stop_health).await?;
    let app = service::http::with_layers(router(ingest).merge(health));
    let served = service::http::serve(listener, app, &config.http, shutdown).await;
    publisher.stop().await;
    stop_health.cancel();
    beside.await.context("the metrics port's task failed")??;
    served
}
