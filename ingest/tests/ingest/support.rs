//! The routes with a publisher in memory.

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use ingest::{Ingest, IngestArgs};
use schemas::Record;
use schemas::wire::UsageEvent;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use service::auth::{ApiKey, Authenticator, Binding, Keyring, Scope, Scopes};
use service::config::RetentionArgs;
use service::publish::{PublishError, PublishFuture, Publisher};
use tokio::sync::watch;
use tower::ServiceExt;

pub(crate) fn retention() -> RetentionArgs {
    RetentionArgs::new(400, 1200)
}

/// Keeps what it is given; can be told to fail, or to keep the acks back.
pub(crate) struct Memory {
    records: Mutex<Vec<Record>>,
    failure: Mutex<Option<PublishError>>,
    held: watch::Sender<bool>,
}

impl Publisher for Memory {
    fn publish(&self, records: &[Record]) -> PublishFuture {
        if let Some(error) = self.failure.lock().unwrap().take() {
            return Box::pin(std::future::ready(Err(error)));
        }
        self.records.lock().unwrap().extend_from_slice(records);
        let mut held = self.held.subscribe();
        Box::pin(async move {
            held.wait_for(|held| !held).await.unwrap();
            Ok(())
        })
    }
}

#[derive(Clone)]
pub(crate) struct Bench {
    router: Router,
    memory: Arc<Memory>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

/// An answer in whatever form.
pub(crate) struct Raw {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Raw {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

impl Answer {
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub(crate) fn rejections(&self) -> Vec<(u64, String)> {
        let rejected = self.body["rejected"].as_array().unwrap().iter();
        let pair = |r: &Value| {
            assert!(!r["message"].as_str().unwrap().is_empty());
            (
                r["index"].as_u64().unwrap(),
                r["code"].as_str().unwrap().to_owned(),
            )
        };
        rejected.map(pair).collect()
    }
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with_args(IngestArgs::default())
    }

    pub(crate) fn with_args(args: IngestArgs) -> Self {
        Self::build(args, Authenticator::off(false))
    }

    /// Behind authentication, with one key: a tenant's, or a platform key.
    pub(crate) fn with_key(tenant: Option<&str>, scopes: &[Scope]) -> (Self, String) {
        let key = ApiKey::generate().unwrap();
        let scopes = Scopes::of(scopes);
        let keyring = Keyring::default();
        keyring.insert(match tenant {
            Some(tenant) => key.bound(tenant, scopes).unwrap(),
            None => key.record(Binding::Platform, scopes),
        });
        let bench = Self::build(IngestArgs::default(), Authenticator::required(keyring));
        (bench, key.expose().expose_secret().to_owned())
    }

    fn build(args: IngestArgs, authenticator: Authenticator) -> Self {
        let memory = Arc::new(Memory {
            records: Mutex::default(),
            failure: Mutex::default(),
            held: watch::Sender::new(false),
        });
        let publisher = Arc::clone(&memory) as Arc<dyn Publisher>;
        let ingest = Ingest::new(args, retention(), authenticator, publisher).unwrap();
        Self {
            router: ingest::router(ingest),
            memory,
        }
    }

    pub(crate) async fn post(&self, body: impl Into<Body>) -> Answer {
        self.send(body, &[]).await
    }

    pub(crate) async fn send(&self, body: impl Into<Body>, headers: &[(&str, &str)]) -> Answer {
        self.post_to("/events", body, headers).await
    }

    pub(crate) async fn post_to(
        &self,
        path: &str,
        body: impl Into<Body>,
        headers: &[(&str, &str)],
    ) -> Answer {
        post_to(&self.router, path, body, headers).await
    }

    /// The answer's bytes as they are.
    pub(crate) async fn post_raw(
        &self,
        path: &str,
        body: Vec<u8>,
        headers: &[(&str, &str)],
    ) -> Raw {
        raw_to(&self.router, path, body.into(), headers).await
    }

    pub(crate) fn events(&self) -> Vec<UsageEvent> {
        let records = self.memory.records.lock().unwrap();
        records
            .iter()
            .map(|record| record.event().clone())
            .collect()
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        self.memory
            .records
            .lock()
            .unwrap()
            .iter()
            .map(|r| r.event().id.clone())
            .collect()
    }

    pub(crate) fn tenants(&self) -> Vec<String> {
        self.memory
            .records
            .lock()
            .unwrap()
            .iter()
            .map(|r| r.event().tenant_id.clone())
            .collect()
    }

    pub(crate) fn fail_next(&self, error: PublishError) {
        *self.memory.failure.lock().unwrap() = Some(error);
    }

    pub(crate) fn hold(&self, held: bool) {
        self.memory.held.send_replace(held);
    }
}

pub(crate) async fn post_to(
    router: &Router,
    path: &str,
    body: impl Into<Body>,
    headers: &[(&str, &str)],
) -> Answer {
    let raw = raw_to(router, path, body.into(), headers).await;
    Answer {
        status: raw.status,
        headers: raw.headers,
        body: serde_json::from_slice(&raw.body).unwrap_or(Value::Null),
    }
}

pub(crate) async fn raw_to(
    router: &Router,
    path: &str,
    body: Body,
    headers: &[(&str, &str)],
) -> Raw {
    let mut request = Request::post(path).header("host", "localhost:8000");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(body).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, 16 << 20).await.unwrap();
    Raw {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: body.into(),
    }
}

pub(crate) fn event(id: &str) -> Value {
    json!({"id": id, "provider": "openai", "model": "gpt-4o", "input_tokens": 10})
}

pub(crate) fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// The shared examples: accepted events as text, and rejected ones with their codes.
pub(crate) fn fixtures() -> (Vec<String>, Vec<(String, String)>) {
    let read = |name: &str| {
        let path = format!("{}/../schemas/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let now = chrono::Utc::now().to_rfc3339();
        serde_json::from_str::<Vec<Value>>(&text.replace("$now", &now)).unwrap()
    };
    let good = read("accepted.json")
        .iter()
        .map(|case| case["event"].to_string())
        .collect();
    let text = |case: &Value| match case["event_text"].as_str() {
        Some(text) => text.to_owned(),
        None => case["event"].to_string(),
    };
    let bad = read("rejected.json");
    let code = |case: &Value| case["code"].as_str().unwrap().to_owned();
    (
        good,
        bad.iter().map(|case| (text(case), code(case))).collect(),
    )
}
