//! Answers questions about usage and cost, from the rollups wherever they can answer.
//!
//! In the order of a request: who asks and about what ([`request`], [`params`], [`filters`]) →
//! which time ([`range`], [`calendar`]) → from which rollups ([`usage`]) → the query ([`store`]; one
//! noun = one route, its types and its SQL) → the [`answer`], as JSON, a page of a list or an export.
//!
//! To the same port come the pages that ask these questions: [`web`], with [`whoami`].
//!
//! Beside them, [`audit`] and [`conservation`] prove that the tables hold what was received:
//! the first when asked, the second by itself, for the [`metrics`].

mod answer;
mod api_keys;
mod audit;
mod calendar;
mod conservation;
mod customers;
mod dashboard;
mod filters;
mod insights;
mod limits;
mod metrics;
mod openapi;
mod page;
mod params;
mod quantile;
mod range;
mod refusals;
mod request;
mod runs;
mod stats;
mod store;
mod timeseries;
mod usage;
mod web;
mod whoami;

use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::routing::get;
use clap::Args;
use maintenance::audit::Auditor;
use schemas::topics;
use service::auth::{Authenticator, KeyManager};
use service::config::{
    AuthArgs, AuthMode, ClickHouseArgs, HttpArgs, KafkaArgs, LimitArgs, ReaderArgs,
};
use service::control::Control;
use service::health::{self, Readiness};
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use store::Store;

pub use conservation::CheckArgs;
pub use openapi::{document, openapi};
pub use web::{DashboardArgs, dashboard};

/// The role's name in settings, logs and readiness.
pub const ROLE: &str = "query-api";

/// Settings of the role.
#[derive(Args, Clone, Debug)]
pub struct Config {
    /// Where it listens.
    #[command(flatten)]
    pub http: HttpArgs,
    /// Who may ask.
    #[command(flatten)]
    pub auth: AuthArgs,
    /// Where the tables are.
    #[command(flatten)]
    pub clickhouse: ClickHouseArgs,
    /// As whom it asks there.
    #[command(flatten)]
    pub reader: ReaderArgs,
    /// Where events wait. Only the audit asks it; everything else is answered without.
    #[command(flatten)]
    pub kafka: KafkaArgs,
    /// Kafka consumer group of the aggregator, whose offsets tell what is finished.
    #[arg(
        long,
        env = "LLMOBSERVE_CONSUMER_GROUP",
        default_value = topics::AGGREGATOR_GROUP
    )]
    pub consumer_group: String,
    /// The check that runs by itself.
    #[command(flatten)]
    pub check: CheckArgs,
    /// How much one tenant may send, for the pages that show it; ingest keeps to it.
    #[command(flatten)]
    pub limits: LimitArgs,
    /// What browsers are told.
    #[command(flatten)]
    pub dashboard: DashboardArgs,
}

impl Config {
    /// The way to the tables, for questions.
    pub fn questions(&self) -> ClickHouseArgs {
        self.reader.of(&self.clickhouse)
    }

    /// What compares the tables and asks Kafka what waits.
    pub fn auditor(&self) -> Auditor {
        Auditor::new(&self.questions(), self.kafka.clone(), &self.consumer_group)
    }
}

/// What the routes share.
pub struct QueryState {
    store: Store,
    auditor: Auditor,
    limits: LimitArgs,
}

impl std::fmt::Debug for QueryState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QueryState").finish_non_exhaustive()
    }
}

impl QueryState {
    /// What the settings say.
    pub fn of(config: &Config) -> Self {
        Self::new(
            config.questions().client(),
            config.auditor(),
            config.limits.clone(),
        )
    }

    /// Questions go to this client's database; the limits are only shown.
    pub fn new(client: clickhouse::Client, auditor: Auditor, limits: LimitArgs) -> Self {
        Self {
            store: Store::new(client),
            auditor,
            limits,
        }
    }

    /// Makes the role's readiness depend on ClickHouse.
    pub fn watch(&self, readiness: &Readiness) {
        let store = self.store.clone();
        readiness.check(ROLE, "clickhouse", move || {
            let store = store.clone();
            async move { store.ping().await }
        });
    }

    /// Checks again and again, until `shutdown`, that everything that was received is
    /// accounted for; the outcome is in the metrics.
    pub fn check_conservation(
        &self,
        args: &CheckArgs,
        shutdown: CancellationToken,
    ) -> impl Future<Output = ()> + Send + use<> {
        conservation::check(self.auditor.clone(), args.clone(), shutdown)
    }
}

/// Serves until `shutdown`, then finishes open requests.
///
/// # Errors
/// When the port cannot be opened, the settings contradict each other, or the listener fails.
pub async fn run(config: Config, shutdown: CancellationToken) -> anyhow::Result<()> {
    config
        .auth
        .check_bind(AuthMode::Required, config.http.bind)?;
    let authenticator = Authenticator::from_args(&config.auth, AuthMode::Required)?;
    let readiness = Readiness::default();
    let control = Control::start(&config.kafka, authenticator.tables(), &shutdown);
    control.register(&readiness, ROLE);
    let state = QueryState::of(&config);
    state.watch(&readiness);
    let checks = tokio::spawn(state.check_conservation(&config.check, shutdown.clone()));
    let keys = KeyManager::new(authenticator.keyring().clone(), control);
    let health = health::router(readiness, service::telemetry::metrics()?, &authenticator);
    let mode = config.auth.mode(AuthMode::Required);
    let pages = dashboard(&config.dashboard, mode, &authenticator)?;
    let routes = router(state, &authenticator)
        .merge(keys_router(keys, &authenticator))
        .merge(pages)
        .merge(health);
    let router = service::http::with_layers(routes);
    let listener = service::http::bind(config.http.bind).await?;
    service::http::serve(listener, router, &config.http, shutdown).await?;
    checks
        .await
        .context("the check of conservation ended early")
}

/// The routes, behind authentication; without `/health` and the layers of
/// [`service::http::with_layers`], which a process has once.
pub fn router(state: QueryState, authenticator: &Authenticator) -> Router {
    let (documented, _) = routes().split_for_parts();
    let aliases = Router::new()
        .route("/runs", get(runs::runs))
        .route("/dashboard/customers", get(customers::by_customer));
    let reading = authenticator
        .protect(documented.merge(aliases))
        .with_state(Arc::new(state));
    let description = Router::new().route("/openapi.json", get(openapi::committed));
    reading.merge(authenticator.guard(description))
}

/// The routes that manage API keys, behind authentication.
pub fn keys_router(manager: KeyManager, authenticator: &Authenticator) -> Router {
    let (documented, _) = key_routes().split_for_parts();
    authenticator.protect(documented).with_state(manager)
}

fn key_routes() -> OpenApiRouter<KeyManager> {
    OpenApiRouter::new()
        .routes(routes!(api_keys::create, api_keys::list))
        .routes(routes!(api_keys::revoke))
}

fn routes() -> OpenApiRouter<Arc<QueryState>> {
    OpenApiRouter::new()
        .routes(routes!(runs::runs))
        .routes(routes!(runs::run))
        .routes(routes!(whoami::whoami))
        .routes(routes!(stats::tenants::tenants))
        .routes(routes!(limits::limits))
        .routes(routes!(stats::providers::by_provider))
        .routes(routes!(stats::models::by_model))
        .routes(routes!(stats::sections::by_section))
        .routes(routes!(stats::environments::by_environment))
        .routes(routes!(customers::by_customer))
        .routes(routes!(customers::customer))
        .routes(routes!(dashboard::dashboard_stats))
        .routes(routes!(timeseries::time_series))
        .routes(routes!(insights::daily))
        .routes(routes!(audit::conservation))
}
