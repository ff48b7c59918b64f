//! A database of its own with events and the rollups that the aggregator would have made of
//! them, and the routes over it.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use chrono::{DateTime, Utc};
use clickhouse::Client;
use http_body_util::BodyExt;
use maintenance::audit::Auditor;
use query_api::QueryState;
use serde_json::Value;
use service::auth::Authenticator;
use service::config::{ClickHouseArgs, KafkaArgs, LimitArgs, RetentionArgs, TenantRates};
use tower::ServiceExt;

/// An event as a test tells it; empty texts are missing.
#[derive(Clone)]
pub struct Event {
    pub tenant: &'static str,
    pub at: DateTime<Utc>,
    pub run: String,
    pub span: &'static str,
    pub parent: &'static str,
    pub kind: &'static str,
    pub customer: &'static str,
    pub provider: &'static str,
    pub model: &'static str,
    pub section: &'static str,
    pub environment: &'static str,
    pub status: &'static str,
    /// Empty = unknown.
    pub cost: &'static str,
    pub latency_ms: Option<f64>,
    pub tokens: (u64, u64),
}

impl Event {
    /// A cheap good call of `tenant` at `at`.
    pub fn new(tenant: &'static str, at: DateTime<Utc>) -> Self {
        Self {
            tenant,
            at,
            run: "run".to_owned(),
            span: "",
            parent: "",
            kind: "llm",
            customer: "",
            provider: "openai",
            model: "gpt-5",
            section: "",
            environment: "",
            status: "ok",
            cost: "0.000000000001",
            latency_ms: None,
            tokens: (0, 0),
        }
    }

    fn values(&self, id: usize) -> String {
        let or_null = |text: &str| match text {
            "" => "NULL".to_owned(),
            text => quoted(text),
        };
        let section = self.section.rsplit('/').next().unwrap_or_default();
        let cost = if self.cost.is_empty() {
            "NULL"
        } else {
            self.cost
        };
        [
            quoted(self.tenant),
            quoted(&format!("event-{id}")),
            quoted(&self.at.format("%F %T%.6f").to_string()),
            or_null(self.customer),
            quoted(&self.run),
            or_null(self.span),
            or_null(self.parent),
            or_null(section),
            or_null(self.section),
            quoted(self.kind),
            quoted(self.provider),
            or_null(self.model),
            or_null(self.environment),
            self.tokens.0.to_string(),
            self.tokens.1.to_string(),
            cost.to_owned(),
            self.latency_ms
                .map_or("NULL".to_owned(), |ms| ms.to_string()),
            quoted(self.status),
        ]
        .join(", ")
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

pub struct World {
    pub client: Client,
    pub auditor: Auditor,
    pub router: Router,
}

/// An answer.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    /// The JSON of a good answer.
    pub fn json(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text);
        serde_json::from_str(&self.text).unwrap()
    }

    /// The path of the next page.
    pub fn next(&self) -> Option<String> {
        let link = self.headers.get("link")?.to_str().unwrap();
        Some(link[1..link.find('>').unwrap()].to_owned())
    }
}

/// As the aggregator and a rebuild write them.
const TENANT_LATENCIES: &str = "
    INSERT INTO usage_15m (tenant_id, bucket, environment, tenant_latency_buckets)
    SELECT tenant_id, bucket, environment, sumMap(latency_buckets) FROM usage_15m WHERE tenant_id != ''
    GROUP BY tenant_id, bucket, environment";

impl World {
    /// A database with these events.
    pub async fn with(events: &[Event]) -> Self {
        let engine = engines::testing::clickhouse::clickhouse().await;
        let mut args = ClickHouseArgs::at(&engine.url);
        args.clickhouse_database = engine.database("query_api").await;
        let retention = RetentionArgs::new(1200, 1200);
        service::migrate::run(&args, &retention).await.unwrap();
        let client = args.client();
        let auditor = auditor(&args);
        let router = router(&client, &auditor, &Authenticator::off(false));
        let world = Self {
            client,
            auditor,
            router,
        };
        world.insert(events).await;
        world
    }

    async fn insert(&self, events: &[Event]) {
        const COLUMNS: &str = "tenant_id, id, timestamp, customer_id, run_id, span_id, \
            parent_span_id, section, section_path, span_type, provider, model, environment, \
            input_tokens, output_tokens, cost_usd, latency_ms, status";
        for (chunk, events) in events.chunks(1000).enumerate() {
            let rows = events.iter().enumerate();
            let rows: Vec<String> = rows
                .map(|(i, event)| format!("({})", event.values(chunk * 1000 + i)))
                .collect();
            let sql = format!(
                "INSERT INTO trace_events ({COLUMNS}) VALUES {}",
                rows.join(", ")
            );
            self.execute(&sql).await;
        }
        let rollups = include_str!("rollups.sql");
        for (table, minutes) in [("usage_15m", "15"), ("usage_1m", "1")] {
            let sql = rollups
                .replace("{{table}}", table)
                .replace("{{minutes}}", minutes);
            self.script(&sql).await;
        }
        self.execute(TENANT_LATENCIES).await;
        self.script(include_str!("runs.sql")).await;
    }

    async fn script(&self, sql: &str) {
        for statement in sql
            .split(";\n")
            .filter(|statement| !statement.trim().is_empty())
        {
            self.execute(statement).await;
        }
    }

    pub async fn execute(&self, sql: &str) {
        self.client.query_raw(sql).execute().await.unwrap();
    }

    /// Asks for a path with its query.
    pub async fn get(&self, path: &str) -> Answer {
        self.get_as(path, &[]).await
    }

    /// The same with headers.
    pub async fn get_as(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        ask(&self.router, path, headers).await
    }

    /// The JSON of a good answer.
    pub async fn json(&self, path: &str) -> Value {
        self.get(path).await.json()
    }

    /// All pages of a list, and how many they were.
    pub async fn pages(&self, path: &str) -> (Vec<Value>, usize) {
        let (mut items, mut count) = (Vec::new(), 0);
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let answer = self.get(&path).await;
            items.extend(answer.json().as_array().unwrap().iter().cloned());
            count += 1;
            next = answer.next();
        }
        (items, count)
    }
}

/// Of these tables, and a Kafka that nobody runs.
pub fn auditor(clickhouse: &ClickHouseArgs) -> Auditor {
    Auditor::new(clickhouse, KafkaArgs::at("127.0.0.1:9"), "nobody")
}

pub fn router(client: &Client, auditor: &Auditor, authenticator: &Authenticator) -> Router {
    let limits = LimitArgs {
        tenant_events_per_second: 500,
        tenant_limits: TenantRates::parse("big=0/9000/0").unwrap(),
        ..LimitArgs::default()
    };
    let state = QueryState::new(client.clone(), auditor.clone(), limits);
    let router = query_api::router(state, authenticator);
    service::http::with_layers(router)
}

pub async fn ask(router: &Router, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::get(path).header("host", "localhost");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = router
        .clone()
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let text = String::from_utf8(body.to_vec()).unwrap();
    Answer {
        status: parts.status,
        headers: parts.headers,
        text,
    }
}

/// Some minutes before now.
pub fn ago(minutes: i64) -> DateTime<Utc> {
    Utc::now() - chrono::TimeDelta::minutes(minutes)
}

/// A member of every item.
pub fn column(list: &Value, name: &str) -> Vec<Value> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|item| item[name].clone())
        .collect()
}
