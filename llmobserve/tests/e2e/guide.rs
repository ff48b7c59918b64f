//! The guide's promise, through the real binary: two tenants, each sees only its own.

use crate::http::{eventually, get, post_events, request};
use crate::instance::Instance;
use serde_json::{Value, json};

fn tenants(runs: &Value) -> Vec<&str> {
    let runs = runs.as_array().unwrap().iter();
    runs.map(|run| run["tenant_id"].as_str().unwrap()).collect()
}

#[test]
fn two_tenants_each_see_only_their_own_before_and_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let data_dir = dir.path().join("data");
    let instance = Instance::start(&data_dir);
    let host = &instance.collector;
    let call = |tenant, run, cost| {
        json!({
            "tenant_id": tenant, "run_id": run, "provider": "openai", "model": "gpt-4o",
            "section": "chat", "input_tokens": 10, "output_tokens": 5, "cost_usd": cost
        })
    };
    post_events(
        host,
        &json!([
            call("tenant_a", "a1", "0.000123"),
            call("tenant_b", "b1", "0.000456"),
            call("tenant_a", "a2", "0.000789"),
        ]),
    );
    let all = eventually(host, "/runs/latest", |runs| {
        runs.as_array().unwrap().len() == 3
    });
    assert!(tenants(&all).contains(&"tenant_b"));
    check(host);
    assert_eq!(instance.terminate().code(), Some(0));

    let instance = Instance::start(&data_dir);
    check(&instance.collector);
    assert_eq!(get(&instance.collector, "/runs/latest"), all);
    assert_eq!(instance.interrupt_group().code(), Some(0));
}

/// The guide's three questions.
fn check(host: &str) {
    let runs = get(host, "/runs/latest?tenant_id=tenant_a");
    assert_eq!(tenants(&runs), ["tenant_a", "tenant_a"]);
    let runs = get(host, "/runs/latest?tenant_id=tenant_b");
    assert_eq!(tenants(&runs), ["tenant_b"]);
    let runs = get(host, "/runs/latest");
    assert_eq!(tenants(&runs).len(), 3);
    // Money as the bytes on the wire: a JSON library may round.
    let (_, body) = request(host, "GET", "/stats/by-provider?tenant_id=tenant_a", "");
    assert!(body.contains("\"total_cost\":0.000912"), "{body}");
    let (_, body) = request(host, "GET", "/stats/by-provider", "");
    assert!(body.contains("\"total_cost\":0.001368"), "{body}");
}

#[test]
fn with_authentication_required_no_port_answers_without_a_key() {
    let dir = tempfile::tempdir().unwrap();
    let key_file = dir.path().join("key");
    let data_dir = dir.path().join("data");
    let instance = Instance::start_with(&data_dir, |command| {
        command.env("LLMOBSERVE_AUTH", "required");
        command.env("LLMOBSERVE_BOOTSTRAP_KEY_FILE", &key_file);
    });
    let (status, _) = request(&instance.collector, "GET", "/runs/latest", "");
    assert_eq!(status, 401);
    let (status, _) = request(&instance.collector, "POST", "/events", "[]");
    assert_eq!(status, 401);
    let (status, answer) = request(&instance.clickhouse, "POST", "/", "SELECT 1");
    assert!(status == 401 || status == 403, "{status} {answer}");
    assert!(
        std::fs::read_to_string(&key_file)
            .unwrap()
            .starts_with("llmo_sk_")
    );
    assert_eq!(instance.terminate().code(), Some(0));
}
