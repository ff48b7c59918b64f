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

use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Deserialize;

pub use report::{DependencyReport, Report, RoleReport};

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::{HttpArgs, MetricsArgs};
use crate::{Problem, http};

/// A check that has not answered by then has failed.
const CHECK_TIMEOUT: Duration = Duration::from_secs(3);
/// An answer serves everyone who asks within this time.
const REPORT_AGE_MAX: Duration = Duration::from_millis(500);

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

    /// How everything stands now, or within the last half second.
    pub async fn report(&self) -> Report {
        let mut latest = self.latest.lock().await;
        if let Some((at, report)) = latest.as_ref()
            && at.elapsed() < REPORT_AGE_MAX
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

/// The three routes, for every role.
pub fn router(readiness: Readiness, metrics: PrometheusHandle) -> Router {
    Router::new()
        .route(
            "/health",
            get(|| async { Json(serde_json::json!({ "status": "ok" })) }),
        )
        .route("/ready", get(ready).with_state(readiness))
        .route("/metrics", get(render).with_state(metrics))
}

/// Answers on the port of [`MetricsArgs`] too, when one is set, until `shutdown`. The task
/// that is returned ends at once when none is.
///
/// # Errors
/// When the port cannot be opened.
pub async fn serve_beside(
    args: &MetricsArgs,
    router: Router,
    shutdown: &CancellationToken,
) -> anyhow::Result<JoinHandle<anyhow::Result<()>>> {
    let Some(address) = args.address() else {
        return Ok(tokio::spawn(std::future::ready(Ok(()))));
    };
    let listener = http::bind(address).await?;
    let http = HttpArgs {
        http_drain_timeout_ms: 1_000,
        ..HttpArgs::on(address)
    };
    let router = http::with_layers(router);
    let shutdown = shutdown.clone();
    Ok(tokio::spawn(async move {
        http::serve(listener, router, &http, shutdown).await
    }))
}

#[derive(Deserialize)]
struct ReadyQuery {
    role: Option<String>,
}

/// 200 when everything (or the one `?role=`) is ready, else 503; the body tells each part.
async fn ready(
    State(readiness): State<Readiness>,
    Query(query): Query<ReadyQuery>,
) -> Result<Response, Problem> {
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
