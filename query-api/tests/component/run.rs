use serde_json::{Value, json};

use crate::world::{Event, World, ago, column};

const RUN: &str = "it's \"run\"/1 😀";
const PATH: &str = "/runs/it%27s%20%22run%22%2F1%20%F0%9F%98%80";

fn span(span: &'static str, parent: &'static str, minutes: i64) -> Event {
    Event {
        run: RUN.to_owned(),
        span,
        parent,
        ..Event::new("acme", ago(minutes))
    }
}

async fn acme() -> World {
    World::with(&[
        Event {
            kind: "agent",
            provider: "",
            model: "",
            section: "agent:a",
            cost: "0",
            latency_ms: Some(9_000.0),
            ..span("root", "", 130)
        },
        Event {
            section: "agent:a/tool:x",
            cost: "0.000000000003",
            latency_ms: Some(12.345),
            tokens: (7, 3),
            ..span("call", "root", 129)
        },
        Event {
            section: "agent:a/tool:x",
            cost: "",
            status: "error",
            ..span("", "call", 20)
        },
        Event {
            provider: "anthropic",
            model: "claude",
            cost: "0.000000000009",
            ..span("orphan", "gone", 10)
        },
        Event {
            cost: "5",
            run: "other".to_owned(),
            ..span("root", "", 10)
        },
    ])
    .await
}

#[tokio::test]
async fn a_run_is_its_spans() {
    let world = acme().await;
    let run = world
        .json(&format!("{PATH}?tenant_id=acme&money=string"))
        .await;
    assert_eq!(run["run_id"], RUN);
    assert_eq!(run["total_cost"], "0.000000000012");
    assert_eq!(run["call_count"], 3);
    assert_eq!(run["error_count"], 1);
    assert_eq!(run["unpriced_count"], 1);
    assert_eq!(run["sections"], json!(["tool:x", "agent:a"]));
    assert_eq!(run["truncated"], false);

    let spans = &run["spans"];
    assert_eq!(column(spans, "span_id"), ["root", "orphan"]);
    assert_eq!(column(spans, "name"), ["agent:a", "claude"]);
    assert_eq!(spans[0]["total_cost"], "0.000000000003");
    assert_eq!(spans[0]["unpriced_count"], 1);
    assert!(spans[0]["provider"].is_null());
    let call = &spans[0]["children"][0];
    assert_eq!(call["latency_ms"], 12.345);
    assert_eq!(call["input_tokens"], 7);
    assert_eq!(call["cost_usd"], "0.000000000003");
    let failed = &call["children"][0];
    assert_eq!(
        (&failed["span_id"], &failed["status"]),
        (&json!("event-2"), &json!("error"))
    );
    assert!(failed["cost_usd"].is_null());

    let breakdown = &run["breakdown"];
    assert_eq!(
        column(&breakdown["by_provider"], "provider"),
        ["anthropic", "openai"]
    );
    assert_eq!(
        column(&breakdown["by_provider"], "percentage"),
        [75.0, 25.0]
    );
    assert_eq!(column(&breakdown["by_model"], "model"), ["claude", "gpt-5"]);
    let paths = [Value::Null, json!("agent:a/tool:x"), json!("agent:a")];
    assert_eq!(column(&breakdown["by_section"], "section_path"), paths);

    // The list tells the same, from the rollup.
    let listed = world
        .json("/runs/latest?tenant_id=acme&money=string&model=claude")
        .await;
    for (name, value) in listed[0].as_object().unwrap() {
        assert_eq!(&run[name], value, "{name}");
    }
}

#[tokio::test]
async fn a_huge_run_says_that_spans_are_missing() {
    let events: Vec<Event> = (0..10_001).map(|_| span("", "", 5)).collect();
    let world = World::with(&events).await;
    let run = world.json(PATH).await;
    assert_eq!(run["truncated"], true);
    assert_eq!(run["call_count"], 10_001);
    assert_eq!(run["spans"].as_array().unwrap().len(), 10_000);
    world.execute("TRUNCATE TABLE trace_events").await;
    let run = world.json(PATH).await;
    assert_eq!(run["truncated"], true);
    assert_eq!(run["total_cost"].to_string(), "1.0001e-8");
    assert_eq!(run["spans"], json!([]));
}
