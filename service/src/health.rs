//! `/health`, `/ready` and `/metrics`.
//!
//! A role is ready when all that it needs answers; what it does not need (ClickHouse, for
//! ingest) is none of its dependencies.

mod report;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use metrics_exporter_prometheus::PrometheusHandle;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

pub use report::{DependencyReport, Report, RoleReport};

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::auth::{Authenticator, Binding, Caller, local_only};
use crate::config::{HttpArgs, MetricsArgs, TlsArgs};
use crate::problem::ProblemBody;
use crate::{Problem, http};

/// A check that has not answered by then has failed.
const CHECK_TIMEOUT: Duration = Duration::from_secs(3);
/// An answer serves everyone who asks within this time.
const REPORT_AGE_MAX: Duration = Duration::from_millis(500);
/// One that says no does so for less: somebody waits for a yes.
const REFUSAL_AGE_MAX: Duration = Duration::from_millis(50);

type CheckFuture = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

#[derive(Clone)]
struct Dependency {
    role: &'static str,
    name: &'static str,
    check: Arc<dyn Fn() -> CheckFuture + Send + Sync>,
}

/// What the roles of this process depend on. Clones share one list.
#[derive(Clone, Default)]
pub struct Readiness {
    dependencies: Arc<Mutex<Vec<Dependency>>>,
    latest: Arc<tokio::sync::Mutex<Option<(Instant, Report)>>>,
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dependencies = self.dependencies();
        f.debug_list()
            .entries(dependencies.iter().map(|d| (d.role, d.name)))
            .finish()
    }
}

impl Readiness {
    /// Adds a dependency that is asked each time. The error says, for operators, what is wrong.
    pub fn check<F>(
        &self,
        role: &'static str,
        name: &'static str,
        check: impl Fn() -> F + Send + Sync + 'static,
    ) where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        let check = Arc::new(move || -> CheckFuture { Box::pin(check()) });
        let mut dependencies = self
            .dependencies
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        dependencies.push(Dependency { role, name, check });
    }

    /// Adds a dependency that the role itself reports on. Not ready at first.
    pub fn flag(&self, role: &'static str, name: &'static str) -> Flag {
        let flag = Flag(Arc::new(Mutex::new(Err("not yet".to_owned()))));
        let state = flag.clone();
        self.check(role, name, move || std::future::ready(state.get()));
        flag
    }

    /// How everything stands now, or stood a moment ago.
    pub async fn report(&self) -> Report {
        let mut latest = self.latest.lock().await;
        if let Some((at, report)) = latest.as_ref()
            && at.elapsed() < age_max(report)
        {
            return report.clone();
        }
        let asked = self
            .dependencies()
            .into_iter()
            .map(|dependency| async move {
                let outcome = tokio::time::timeout(CHECK_TIMEOUT, (dependency.check)())
                    .await
                    .unwrap_or_else(|_| Err("no answer in time".to_owned()));
                (
                    dependency.role,
                    DependencyReport::new(dependency.name, outcome),
                )
            });
        let report = Report::new(futures::future::join_all(asked).await);
        *latest = Some((Instant::now(), report.clone()));
        report
    }

    fn dependencies(&self) -> Vec<Dependency> {
        self.dependencies
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn age_max(report: &Report) -> Duration {
    if report.ready {
        REPORT_AGE_MAX
    } else {
        REFUSAL_AGE_MAX
    }
}

/// A dependency's state as its role sees it.
#[derive(Clone, Debug)]
pub struct Flag(Arc<Mutex<Result<(), String>>>);

impl Flag {
    /// It works.
    pub fn ready(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Ok(());
    }

    /// It does not, and why.
    pub fn not_ready(&self, reason: impl Into<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Err(reason.into());
    }

    fn get(&self) -> Result<(), String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// The three routes on an interface that others call too: `/health` and `/ready` answer
/// everyone, `/metrics` operators.
pub fn router(
    readiness: Readiness,
    metrics: PrometheusHandle,
    authenticator: &Authenticator,
) -> Router {
    let scraped = Router::new().route("/metrics", get(render_for).with_state(metrics));
    authenticator
        .guard(vital_signs(readiness))
        .merge(authenticator.protect(scraped))
}

fn vital_signs(readiness: Readiness) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/ready", get(ready).with_state(readiness))
}

/// Answers the three on the port of [`MetricsArgs`], when one is set, until `shutdown`: whoever
/// reaches that port may ask. On a port of this machine only there is no TLS, and no answer for web
/// pages. The task that is returned ends at once when no port is set.
///
/// # Errors
/// When the port cannot be opened.
pub async fn serve_beside(
    args: &MetricsArgs,
    tls: &TlsArgs,
    readiness: Readiness,
    shutdown: &CancellationToken,
) -> anyhow::Result<JoinHandle<anyhow::Result<()>>> {
    let Some(address) = args.address() else {
        return Ok(tokio::spawn(std::future::ready(Ok(()))));
    };
    let metrics = crate::telemetry::metrics()?;
    let listener = http::bind(address).await?;
    let mut http = HttpArgs {
        http_drain_timeout_ms: 1_000,
        ..HttpArgs::on(address)
    };
    let mut router = vital_signs(readiness).route("/metrics", get(render).with_state(metrics));
    if address.ip().is_loopback() {
        router = router.layer(from_fn(local_only));
    } else {
        http.tls = tls.clone();
    }
    let router = http::with_layers(router);
    let shutdown = shutdown.clone();
    Ok(tokio::spawn(async move {
        http::serve(listener, router, &http, shutdown).await
    }))
}

/// Whether the process answers at all.
#[utoipa::path(
    get, path = "/health", tag = "operation", security(()),
    responses(
        (status = 200, body = Health),
        (status = 403, description = "A foreign `Host` or `Origin`, with authentication off", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// The process lives.
#[derive(Serialize, ToSchema)]
struct Health {
    /// `ok`.
    status: &'static str,
}

/// The three routes, to be merged into the product's document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

#[derive(OpenApi)]
#[openapi(
    paths(health, ready, render_for),
    tags((name = "operation", description = "For operators and their tools"))
)]
struct Document;

#[derive(Deserialize)]
struct ReadyQuery {
    role: Option<String>,
}

/// 200 when everything (or the one `?role=`) is ready, else 503; the body tells each part.
#[utoipa::path(
    get, path = "/ready", tag = "operation", security(()),
    params(("role" = Option<String>, Query, description = "only this role of the process")),
    responses(
        (status = 200, description = "All is ready", body = Report),
        (status = 400, description = "An unreadable query string", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "A foreign `Host` or `Origin`, with authentication off", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such role", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Something is not ready", body = Report),
    )
)]
async fn ready(
    State(readiness): State<Readiness>,
    query: Result<Query<ReadyQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) =
        query.map_err(|_| Problem::bad_request("invalid_parameter", "`role` may be given once"))?;
    let mut report = readiness.report().await;
    if let Some(role) = query.role {
        report = report
            .only(&role)
            .ok_or_else(|| Problem::not_found("no such role in this process"))?;
    }
    let status = if report.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    Ok((status, Json(report)).into_response())
}

/// Everything that is measured, for Prometheus. With authentication on, for platform keys.
#[utoipa::path(
    get, path = "/metrics", tag = "operation",
    responses(
        (status = 200, description = "Prometheus' text format", body = String, content_type = "text/plain"),
        (status = 401, description = "No valid credential", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Not a platform key", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
async fn render_for(
    caller: Caller,
    metrics: State<PrometheusHandle>,
) -> Result<impl IntoResponse, Problem> {
    if *caller.binding() != Binding::Platform {
        let detail = "metrics are about all tenants: they need a platform key";
        return Err(Problem::forbidden("platform_required", detail));
    }
    Ok(render(metrics).await)
}

async fn render(State(metrics): State<PrometheusHandle>) -> impl IntoResponse {
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        metrics.render(),
    )
}

#[cfg(test)]
mod tests;
