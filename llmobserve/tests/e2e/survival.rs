//! What was answered 202 is there in the end, whichever process is killed in between.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::http::{eventually, post_events, request};
use crate::instance::{Instance, is_alive, kill};
use serde_json::{Value, json};

const BATCH: u64 = 100;

/// A batch of events with ids of its own, so that sending it twice counts once.
fn batch(number: u64) -> Value {
    let event = |index| {
        json!({
            "id": format!("{number}-{index}"), "tenant_id": "t", "provider": "openai",
            "model": "gpt-4o", "cost_usd": "0.01"
        })
    };
    (0..BATCH).map(event).collect()
}

/// Waits until exactly these many calls are counted, with their cost.
fn counted(instance: &Instance, batches: u64) {
    let calls = batches * BATCH;
    let path = "/stats/by-provider?tenant_id=t";
    let answer = eventually(&instance.collector, path, |answer| {
        answer[0]["call_count"].as_u64() >= Some(calls)
    });
    assert_eq!(answer[0]["call_count"], calls);
    assert_eq!(
        answer[0]["total_cost"].as_f64().unwrap(),
        calls as f64 / 100.0
    );
}

/// Sends until it is accepted, as a client does.
fn insist(instance: &Instance, events: &Value) {
    let begun = Instant::now();
    loop {
        let (status, body) = request(&instance.collector, "POST", "/events", &events.to_string());
        if status == 202 {
            return;
        }
        assert_eq!(status, 503, "{body}");
        assert!(begun.elapsed() < Duration::from_secs(60), "{body}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn kill_child(instance: &Instance, part: &str) {
    let child = instance.child_with(part).unwrap();
    kill(child);
}

/// Waits until `up` has said that the part runs again.
fn runs_again(instance: &Instance, part: &str) {
    let begun = Instant::now();
    while !instance.log().contains(&format!("{part} runs again")) {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "{}",
            instance.log()
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn killed_parts_come_back_and_nothing_is_lost_or_doubled() {
    let dir = tempfile::tempdir().unwrap();
    let instance = Instance::start(&dir.path().join("data"));
    post_events(&instance.collector, &batch(0));
    counted(&instance, 1);

    kill_child(&instance, " aggregator ");
    post_events(&instance.collector, &batch(1));
    counted(&instance, 2);
    runs_again(&instance, "aggregator");

    kill_child(&instance, " clickhouse ");
    post_events(&instance.collector, &batch(2));
    counted(&instance, 3);
    runs_again(&instance, "clickhouse");

    kill_child(&instance, "kafka.Kafka");
    insist(&instance, &batch(3));
    counted(&instance, 4);
    runs_again(&instance, "kafka");

    let (_, metrics) = request(&instance.collector, "GET", "/metrics", "");
    for part in ["aggregator", "clickhouse", "kafka"] {
        let restarts = format!("llmobserve_part_restarts_total{{part=\"{part}\"}} 1");
        assert!(metrics.contains(&restarts), "{metrics}");
    }
    let children = instance.children();
    assert_eq!(instance.terminate().code(), Some(0));
    assert!(!children.into_iter().any(is_alive));
}

#[test]
fn a_kill_of_everything_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let data_dir = dir.path().join("data");
    let instance = Instance::start(&data_dir);
    post_events(&instance.collector, &batch(0));
    instance.kill_group();

    let instance = restart(&data_dir, 1);
    post_events(&instance.collector, &batch(1));
    // Only `up`: its children must not outlive it, or the next start finds its ports and
    // directories in use.
    let children = instance.children();
    assert_eq!(children.len(), 4, "Kafka, ClickHouse, aggregator, proxy");
    instance.kill_up();
    let begun = Instant::now();
    while children.iter().any(|child| is_alive(*child)) {
        assert!(begun.elapsed() < Duration::from_secs(5));
        std::thread::sleep(Duration::from_millis(10));
    }

    let instance = restart(&data_dir, 2);
    post_events(&instance.collector, &batch(2));
    assert_eq!(instance.interrupt_group().code(), Some(0));
    restart(&data_dir, 3);
}

fn restart(data_dir: &Path, batches: u64) -> Instance {
    let instance = Instance::start(data_dir);
    counted(&instance, batches);
    instance
}
