//! The HTTP interface of `up`: ingest and query API in this process, on one port.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use ingest::Ingest;
use query_api::QueryState;
use service::auth::{Authenticator, KeyManager};
use service::config::AuthMode;
use service::control::Control;
use service::health::{self, Readiness};
use service::publish::KafkaPublisher;
use service::{http, telemetry};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::config::{Config, settings};
use super::plan::Plan;
use super::{ports, probe};

/// Opens the port. Who connects before all parts answer waits in the system's queue.
///
/// # Errors
/// When it is taken.
pub(super) fn listen(config: &Config) -> anyhow::Result<TcpListener> {
    let listener = ports::claim("collector", config.address(), "LLMOBSERVE_PORT")?;
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener).context("cannot use the collector's port")
}

/// The settings of the roles in this process, and who may call them.
pub(super) struct Settings {
    ingest: ingest::Config,
    query_api: query_api::Config,
    authenticator: Authenticator,
    mode: AuthMode,
}

impl Settings {
    /// # Errors
    /// When one cannot be read, or the first key's file cannot be made.
    pub(super) fn read(config: &Config, plan: &Plan) -> anyhow::Result<Self> {
        let ingest: ingest::Config = settings("ingest", &plan.kafka_flags())?;
        let mut query_api: query_api::Config = settings("query-api", &plan.query_api_flags())?;
        // Of an unspecified address only the page's reader knows the name.
        if !plan.proxy.ip().is_unspecified() {
            let own = || format!("{}://{}", ingest.http.scheme(), plan.proxy);
            query_api.dashboard.public_proxy_url.get_or_insert_with(own);
        }
        Ok(Self {
            ingest,
            query_api,
            authenticator: Authenticator::from_args(&config.auth, AuthMode::Off)?,
            mode: config.auth_mode()?,
        })
    }
}

/// The running interface.
pub(super) struct Web {
    /// `http` or `https`.
    pub(super) scheme: &'static str,
    pub(super) address: SocketAddr,
    pub(super) readiness: Readiness,
    server: JoinHandle<anyhow::Result<()>>,
}

impl Web {
    /// Starts serving, until `shutdown`.
    ///
    /// # Errors
    /// When a role cannot be set up.
    pub(super) fn start(
        settings: Settings,
        plan: &Plan,
        listener: TcpListener,
        shutdown: &CancellationToken,
    ) -> anyhow::Result<Self> {
        let address = listener.local_addr()?;
        let readiness = Readiness::default();
        // One copy serves both roles of this process.
        let control = Control::start(
            &settings.ingest.kafka,
            settings.authenticator.tables(),
            shutdown,
        );
        control.register(&readiness, ingest::ROLE);
        let publisher =
            KafkaPublisher::start(&settings.ingest.kafka, &settings.ingest.ingest.producer())?;
        publisher.register(&readiness);
        watch_process(&readiness, "aggregator", plan.aggregator_port);
        watch_process(&readiness, "proxy", plan.proxy_metrics_port);
        let http = settings.ingest.http.clone();
        let scheme = http.scheme();
        let keys = KeyManager::new(settings.authenticator.keyring().clone(), control);
        let router = router(settings, &publisher, keys, &readiness, shutdown)?;
        let shutdown = shutdown.clone();
        let server = tokio::spawn(async move {
            let served = http::serve(listener, router, &http, shutdown).await;
            publisher.stop().await;
            served
        });
        Ok(Self {
            scheme,
            address,
            readiness,
            server,
        })
    }

    /// Waits until the last request is answered and stored, after `shutdown`.
    ///
    /// # Errors
    /// When the listener failed.
    pub(super) async fn ended(self) -> anyhow::Result<()> {
        self.server.await.context("the HTTP server ended early")?
    }
}

fn router(
    settings: Settings,
    publisher: &KafkaPublisher,
    keys: KeyManager,
    readiness: &Readiness,
    shutdown: &CancellationToken,
) -> anyhow::Result<Router> {
    let Settings {
        ingest,
        query_api,
        authenticator,
        mode,
    } = settings;
    let publisher = Arc::new(publisher.clone());
    let writing = Ingest::new(
        ingest.ingest,
        ingest.retention,
        authenticator.clone(),
        publisher,
    )?;
    let reading = QueryState::of(&query_api);
    reading.watch(readiness);
    tokio::spawn(reading.check_conservation(&query_api.check, shutdown.clone()));
    let pages = query_api::dashboard(&query_api.dashboard, mode, &authenticator)?;
    let router = ingest::router(writing)
        .merge(query_api::router(reading, &authenticator))
        .merge(pages)
        .merge(query_api::keys_router(keys, &authenticator))
        .merge(health::router(
            readiness.clone(),
            telemetry::metrics()?,
            &authenticator,
        ));
    Ok(http::with_layers(router))
}

/// A role that is a process of its own: ready when it says so.
fn watch_process(readiness: &Readiness, role: &'static str, port: u16) {
    readiness.check(role, "process", move || async move {
        let ready = probe::is_ok(port, "/ready").await;
        ready.then_some(()).ok_or_else(|| "not ready".to_owned())
    });
}
