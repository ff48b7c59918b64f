//! The proxy: accept → route → forward → meter → report.
//!
//! A client sends its call to a provider here instead; the call passes on as it is, bodies
//! byte for byte as they arrive, and what it used becomes one event. Metering is never in the
//! way: nothing that happens to an event fails, delays or repeats the call it is about.

mod config;

// A request comes in.
mod accept;
mod serve;
mod context;
mod route;
mod providers;

// It goes on, and its answer comes back.
mod headers;
mod forward;
mod upstream;
mod dial;
mod address;
mod body;
mod drain;
mod answer;

// What it was becomes an event.
mod call;
mod meter;
mod report;
mod metrics;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use service::auth::Authenticator;
use service::config::{AuthMode, HttpArgs};
use service::control::Control;
use service::health::Readiness;
use service::publish::{KafkaPublisher, Publisher};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use config::{
    Base, Config, HostPort, List, Named, OnDisconnect, ReportArgs, Settings, UpstreamArgs,
};

use drain::Drainer;
use forward::Forwarder;
use report::Reports;
use route::Routes;
use serve::{Parts, Proxy};
use upstream::Upstream;

/// The role's name in settings, logs and readiness.
pub const ROLE: &str = "proxy";

/// The whole role, until `shutdown`: calls under way finish, and their events are stored or
/// left in the spill directory.
///
/// # Errors
/// When the settings do not fit together or the port cannot be opened. A broker that is away
/// is no error: calls go on, and their events wait.
pub async fn run(config: Config, shutdown: CancellationToken) -> anyhow::Result<()> {
    config
        .auth
        .check_bind(AuthMode::Required, config.settings.http.bind)?;
    let authenticator = Authenticator::from_args(&config.auth, AuthMode::Required)?;
    let readiness = Readiness::default();
    let control = Control::start(&config.kafka, authenticator.tables(), &shutdown);
    control.register(&readiness, ROLE);
    let publisher = KafkaPublisher::start(&config.kafka, &config.settings.report.producer())?;
    let metrics = service::telemetry::metrics()?;
    let health = service::health::router(readiness.clone(), metrics, &authenticator);
    let listener = service::http::bind(config.settings.http.bind).await?;
    let stop_health = CancellationToken::new();
    let tls = &config.settings.http.tls;
    let beside =
        service::health::serve_beside(&config.metrics, tls, readiness, &stop_health).await?;
    let around = Around {
        authenticator,
        publisher: Arc::new(publisher.clone()),
        health,
        clock: SystemTime::now,
    };
    let running = Running::start(&config.settings, around, listener, shutdown)?;
    let served = running.ended().await;
    publisher.stop().await;
    stop_health.cancel();
    beside.await??;
    served
}

/// What a proxy is put between.
#[allow(missing_debug_implementations)] // A publisher need not have one.
pub struct Around {
    /// Tells who calls.
    pub authenticator: Authenticator,
    /// Where events go.
    pub publisher: Arc<dyn Publisher>,
    /// The routes for operators.
    pub health: axum::Router,
    /// Tells when a call begins, and so at which prices.
    pub clock: fn() -> SystemTime,
}

/// A proxy that serves.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    server: JoinHandle<anyhow::Result<()>>,
    proxy: Proxy,
    reports: Reports,
}

impl Running {
    /// On a port that is open already, until `shutdown`.
    ///
    /// # Errors
    /// When the prices, the certificates or the spill directory cannot be used.
    pub fn start(
        settings: &Settings,
        around: Around,
        listener: TcpListener,
        shutdown: CancellationToken,
    ) -> anyhow::Result<Self> {
        metrics::describe();
        let address = listener.local_addr()?;
        let reports = Reports::start(&settings.report, around.publisher)?;
        let routes = Arc::new(Routes::new(&settings.upstream));
        let calls_max = settings
            .upstream
            .proxy_calls_max
            .min(Semaphore::MAX_PERMITS);
        let proxy = Proxy::new(Parts {
            authenticator: around.authenticator,
            forwarder: Forwarder {
                upstream: Upstream::new(&settings.upstream, &routes)?,
                drainer: Drainer::new(&settings.upstream),
                response_timeout: settings.upstream.response_timeout(),
                idle_timeout: settings.upstream.idle_timeout(),
            },
            routes,
            reporter: reports.reporter(),
            policy: settings.report.meter_policy(),
            slots: Arc::new(Semaphore::new(calls_max)),
            health: around.health,
            clock: around.clock,
        });
        let http: HttpArgs = settings.http.clone();
        let serving = proxy.clone();
        let server =
            tokio::spawn(async move { accept::serve(listener, serving, &http, shutdown).await });
        Ok(Self {
            address,
            server,
            proxy,
            reports,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the last call has ended and its event is stored or kept, after `shutdown`.
    ///
    /// # Errors
    /// When the listener failed.
    pub async fn ended(self) -> anyhow::Result<()> {
        let served = self.server.await;
        self.proxy.stop_draining().await;
        self.reports.close().await?;
        served?
    }
}
