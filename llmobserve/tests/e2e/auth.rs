//! Credentials end to end: the guide's Clerk users, and keys over two processes.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::http::{eventually_as, request, request_as};
use crate::instance::Instance;
use crate::issuer::{Issuer, SigningKey};

const PATIENCE: Duration = Duration::from_secs(60);

/// An instance that asks for credentials and believes this issuer.
fn start(data_dir: &Path, issuer: &Issuer) -> Instance {
    Instance::start_with(data_dir, |command| {
        command.env("LLMOBSERVE_AUTH", "required");
        command.env("LLMOBSERVE_JWT_JWKS", issuer.jwks_url());
        command.env("LLMOBSERVE_JWT_ISSUER", &issuer.name);
        command.env(
            "LLMOBSERVE_JWT_AUTHORIZED_PARTIES",
            "https://app.example.com",
        );
    })
}

/// Runs `llmobserve keys …`; what it printed on standard output.
fn keys(kafka: &str, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_llmobserve"))
        .arg("keys")
        .args(arguments)
        .args(["--kafka-brokers", kafka])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// An answer that must have this status, as JSON.
fn answer(asked: (u16, String), status: u16) -> Value {
    assert_eq!(asked.0, status, "{}", asked.1);
    serde_json::from_str(&asked.1).unwrap_or(Value::Null)
}

/// The ids of listed runs, in order.
fn runs_of(listed: &Value) -> Vec<&str> {
    let runs = listed.as_array().unwrap().iter();
    let mut ids: Vec<&str> = runs.map(|run| run["run_id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids
}

/// The guide's Example 3: the SDK writes with a key of the tenant, which is a Clerk user; this
/// user's dashboard shows exactly that, another's shows nothing.
#[test]
fn a_clerk_user_sees_exactly_the_events_of_the_own_tenant() {
    let issuer = Issuer::start();
    let clerk = SigningKey::rs256("ins_2abc");
    issuer.publish(&[&clerk]);
    let dir = tempfile::tempdir().unwrap();
    let instance = start(&dir.path().join("data"), &issuer);
    let host = &*instance.collector;
    let user = || clerk.token(&issuer.claims("user_abc123"));
    let other = || clerk.token(&issuer.claims("user_xyz789"));

    // The user's own page makes the key that the SDK gets.
    let wish = json!({"name": "backend", "scopes": ["ingest"]}).to_string();
    let made = answer(request_as(host, &user(), "POST", "/api-keys", &wish), 201);
    assert_eq!(made["tenant_id"], "user_abc123");
    let key = made["key"].as_str().unwrap();
    let call = |run: &str| json!({"run_id": run, "id": run, "provider": "openai", "model": "gpt-4o", "cost_usd": "0.25"});
    let events = json!([call("r1"), call("r2"), call("r3")]).to_string();
    let stored = answer(request_as(host, key, "POST", "/events", &events), 202);
    assert_eq!(stored["accepted"], 3);
    // Somebody else's, by the operator's platform key.
    let platform = keys(
        &instance.kafka,
        &["create", "--platform", "--scope", "ingest,read,admin"],
    );
    let foreign = json!({"tenant_id": "tenant_b", "provider": "openai", "cost_usd": 9}).to_string();
    answer(
        request_as(host, &platform, "POST", "/events", &foreign),
        202,
    );

    let all = eventually_as(host, &platform, "/runs/latest", |runs| {
        runs_of(runs).len() == 4
    });
    assert_eq!(runs_of(&all).len(), 4);
    let runs = answer(request_as(host, &user(), "GET", "/runs/latest", ""), 200);
    assert_eq!(runs_of(&runs), ["r1", "r2", "r3"]);
    let (_, stats) = request_as(host, &user(), "GET", "/dashboard/stats", "");
    assert!(stats.contains("\"total_cost\":0.75,"), "{stats}");
    assert!(!stats.contains("tenant_b"));

    for path in ["/runs/latest", "/stats/by-provider", "/stats/by-customer"] {
        assert_eq!(
            answer(request_as(host, &other(), "GET", path, ""), 200),
            json!([])
        );
    }
    let run = request_as(host, &other(), "GET", "/runs/r1", "");
    assert_eq!(run.0, 404, "{}", run.1);
    for asked in [
        request_as(
            host,
            &other(),
            "GET",
            "/runs/latest?tenant_id=user_abc123",
            "",
        ),
        request_as(host, &user(), "POST", "/events", &events),
        request_as(host, key, "GET", "/runs/latest", ""),
        request_as(host, key, "POST", "/events", &foreign),
    ] {
        assert_eq!(asked.0, 403, "{}", asked.1);
    }
    let stranger = SigningKey::rs256("ins_2abc").token(&issuer.claims("user_abc123"));
    assert_eq!(
        request_as(host, &stranger, "GET", "/runs/latest", "").0,
        401
    );
    assert_eq!(request(host, "GET", "/runs/latest", "").0, 401);
    check_log(&instance, &[key, &platform, &user()]);
    assert_eq!(instance.terminate().code(), Some(0));
}

/// What administrators do is told, secrets are not.
fn check_log(instance: &Instance, secrets: &[&str]) {
    let log = instance.log();
    assert!(
        log.contains("api_key.created") && log.contains("jwt:user_abc123"),
        "{log}"
    );
    for secret in secrets {
        let (_, tail) = secret.split_at(secret.len() - 20);
        assert!(!log.contains(tail), "a secret is in the log");
    }
}

/// A second process: an ingest of its own beside `up`.
struct Ingest {
    child: Child,
    host: String,
}

impl Ingest {
    fn start(kafka: &str) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let host = port.local_addr().unwrap().to_string();
        drop(port);
        let child = Command::new(env!("CARGO_BIN_EXE_llmobserve"))
            .args(["ingest", "--kafka-brokers", kafka, "--bind", &host])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let ingest = Self { child, host };
        let begun = Instant::now();
        while std::net::TcpStream::connect(&ingest.host).is_err()
            || request(&ingest.host, "GET", "/ready", "").0 != 200
        {
            assert!(begun.elapsed() < PATIENCE, "ingest is not ready");
            std::thread::sleep(Duration::from_millis(50));
        }
        ingest
    }

    fn status(&self, key: &str) -> u16 {
        request_as(&self.host, key, "POST", "/events", "[]").0
    }

    fn until(&self, key: &str, status: u16) -> Duration {
        let begun = Instant::now();
        while self.status(key) != status {
            assert!(begun.elapsed() < PATIENCE, "never {status}");
            std::thread::sleep(Duration::from_millis(5));
        }
        begun.elapsed()
    }
}

impl Drop for Ingest {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn keys_are_made_shown_and_revoked_everywhere() {
    let issuer = Issuer::start();
    issuer.publish(&[&SigningKey::eddsa("unused")]);
    let dir = tempfile::tempdir().unwrap();
    let data_dir = dir.path().join("data");
    let instance = start(&data_dir, &issuer);
    let host = &*instance.collector;
    let kafka = &*instance.kafka;
    let beside = Ingest::start(kafka);

    let admin = keys(
        kafka,
        &[
            "create", "--tenant", "acme", "--scope", "admin", "--scope", "ingest", "--name", "ops",
        ],
    );
    let until_known = Instant::now();
    while request_as(host, &admin, "GET", "/api-keys", "").0 != 200 {
        assert!(until_known.elapsed() < PATIENCE, "never known");
    }
    let wish = json!({"scopes": ["ingest"], "name": "web"}).to_string();
    let mut fastest = PATIENCE;
    for _ in 0..3 {
        let made = answer(request_as(host, &admin, "POST", "/api-keys", &wish), 201);
        let key = made["key"].as_str().unwrap();
        assert_eq!(
            request_as(host, key, "POST", "/events", "[]").0,
            202,
            "at once"
        );
        beside.until(key, 202);
        let path = format!("/api-keys/{}", made["id"].as_str().unwrap());
        assert_eq!(request_as(host, &admin, "DELETE", &path, "").0, 204);
        assert_eq!(
            request_as(host, key, "POST", "/events", "[]").0,
            401,
            "at once"
        );
        let took = beside.until(key, 401);
        println!("revoked in the other process after {took:?}");
        fastest = fastest.min(took);
    }
    assert!(fastest < Duration::from_secs(2), "{fastest:?}");

    let shown = answer(request_as(host, &admin, "GET", "/api-keys", ""), 200);
    assert_eq!(shown.as_array().unwrap().len(), 4);
    assert!(!shown.to_string().contains("\"key\":"), "{shown}");
    let id = admin.split('_').nth(2).unwrap();
    assert!(keys(kafka, &["list"]).contains(&format!("{id}  acme")));
    keys(kafka, &["revoke", id]);
    beside.until(&admin, 401);

    // What was decided outlives a restart.
    assert_eq!(instance.terminate().code(), Some(0));
    let instance = start(&data_dir, &issuer);
    assert_eq!(
        request_as(&instance.collector, &admin, "GET", "/api-keys", "").0,
        401
    );
    assert_eq!(instance.terminate().code(), Some(0));
}
