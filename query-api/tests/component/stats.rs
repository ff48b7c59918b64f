use serde_json::{Value, json};

use crate::world::{Event, World, ago, column};

async fn acme() -> World {
    let call = |minutes| Event::new("acme", ago(minutes));
    World::with(&[
        Event {
            customer: "c1",
            section: "agent:a/tool:x",
            cost: "0.100000000001",
            latency_ms: Some(100.0),
            tokens: (10, 5),
            environment: "prod",
            ..call(5)
        },
        Event {
            customer: "c1",
            section: "agent:a/tool:x",
            cost: "0.2",
            latency_ms: Some(300.0),
            status: "error",
            ..call(40)
        },
        Event {
            customer: "c2",
            section: "agent:a",
            cost: "",
            status: "timeout",
            ..call(70)
        },
        Event {
            provider: "anthropic",
            model: "claude",
            customer: "it's \"c3\"\\ /😀",
            section: "agent:b/tool:x",
            cost: "0.7",
            status: "cancelled",
            ..call(100)
        },
        Event {
            kind: "agent",
            section: "agent:a",
            provider: "internal",
            model: "",
            cost: "0",
            ..call(100)
        },
        Event {
            kind: "agent",
            section: "agent:c",
            provider: "internal",
            model: "",
            cost: "0",
            ..call(100)
        },
        Event {
            cost: "999999.999999999999",
            ..call(60 * 24 * 3)
        },
    ])
    .await
}

#[tokio::test]
async fn providers_models_sections_and_customers_are_ranked_by_cost() {
    let world = acme().await;
    let list = world.json("/stats/by-provider?tenant_id=acme").await;
    assert_eq!(column(&list, "provider"), ["anthropic", "openai"]);
    assert_eq!(column(&list, "call_count"), [1, 3]);
    assert_eq!(column(&list, "unpriced_count"), [0, 1]);
    let text = world.get("/stats/by-provider?tenant_id=acme").await.text;
    assert!(text.contains(r#""total_cost":0.300000000001,"#), "{text}");
    let shares: f64 = column(&list, "percentage")
        .iter()
        .filter_map(Value::as_f64)
        .sum();
    assert!((shares - 100.0).abs() < 1e-9);

    let text = world
        .get("/stats/by-model?tenant_id=acme&money=string&model=gpt-5")
        .await
        .text;
    let expected = json!([{
        "provider": "openai", "model": "gpt-5", "total_cost": "0.300000000001",
        "unpriced_count": 1, "call_count": 3, "input_tokens": 10, "output_tokens": 5,
        "avg_latency_ms": 200.0, "percentage": 100.0
    }]);
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);

    let list = world.json("/stats/by-section?tenant_id=acme").await;
    let paths = ["agent:b/tool:x", "agent:a/tool:x", "agent:a", "agent:c"];
    assert_eq!(column(&list, "section_path"), paths);
    assert_eq!(
        column(&list, "section"),
        ["tool:x", "tool:x", "agent:a", "agent:c"]
    );

    for path in ["/stats/by-customer", "/dashboard/customers"] {
        let list = world.json(&format!("{path}?tenant_id=acme&days=7")).await;
        let names = [
            Value::Null,
            json!("it's \"c3\"\\ /😀"),
            json!("c1"),
            json!("c2"),
        ];
        assert_eq!(column(&list, "customer_id"), names);
    }
}

#[tokio::test]
async fn filters_narrow_every_route() {
    let world = acme().await;
    for (filter, calls) in [
        ("", 4),
        ("provider=openai", 3),
        ("provider=OpenAI", 3),
        ("provider=openai&provider=anthropic", 4),
        ("provider=openai&model=claude", 0),
        ("customer_id=c1", 2),
        ("customer_id=it%27s%20%22c3%22%5C%20/%F0%9F%98%80", 1),
        ("section=tool:x", 3),
        ("section=agent:a/tool:x", 2),
        ("section=agent:a/", 3),
        ("section=agent:a", 1),
        ("section=agent:a/tool", 0),
        ("section=agent:a&section=agent:b/", 2),
        ("environment=prod", 1),
        ("status=error&status=timeout", 2),
    ] {
        let query = format!("tenant_id=acme&{filter}");
        for path in [
            "/stats/by-provider",
            "/stats/by-model",
            "/stats/by-section",
            "/stats/by-customer",
        ] {
            let list = world.json(&format!("{path}?{query}")).await;
            let sum: u64 = column(&list, "call_count")
                .iter()
                .filter_map(Value::as_u64)
                .sum();
            assert_eq!(sum, calls, "{path} {filter}");
        }
        let stats = world.json(&format!("/dashboard/stats?{query}")).await;
        assert_eq!(stats["call_count"], calls, "{filter}");
        for group in ["", "&group_by=provider", "&group_by=section"] {
            let series = world
                .json(&format!("/stats/timeseries?{query}{group}"))
                .await;
            let counts = column(&series["buckets"], "call_count");
            assert_eq!(
                counts.iter().filter_map(Value::as_u64).sum::<u64>(),
                calls,
                "{filter}"
            );
        }
    }
}

#[tokio::test]
async fn quantiles_of_everything_are_read_from_the_tenants_sketches() {
    const EVERYTHING: &str = "/dashboard/stats?tenant_id=acme";
    const BY_KEY: &str = "/dashboard/stats?tenant_id=acme&status=ok&status=error&status=cancelled&status=timeout&status=rate_limited";
    const OF_ONE: &str = "/dashboard/stats?tenant_id=acme&environment=prod";
    let call = |environment, minutes, ms| Event {
        environment,
        latency_ms: Some(ms),
        ..Event::new("acme", ago(minutes))
    };
    let world = World::with(&[
        call("prod", 90, 100.0),
        call("prod", 120, 150.0),
        call("test", 120, 300.0),
    ])
    .await;
    let p95 = async |path| world.json(path).await["p95_latency_ms"].clone();
    let (told, of_one) = (p95(EVERYTHING).await, p95(OF_ONE).await);
    assert_eq!(p95(BY_KEY).await, told);
    assert!(of_one.is_number() && of_one != told);

    // The keys' sketches grow by a factor of g^100, so that it shows who was asked.
    world
        .execute(
            "ALTER TABLE usage_15m UPDATE latency_buckets = mapFromArrays(
                 arrayMap(bucket -> toInt16(bucket + 100), mapKeys(latency_buckets)), mapValues(latency_buckets))
             WHERE 1 SETTINGS mutations_sync = 1",
        )
        .await;
    assert_eq!(p95(EVERYTHING).await, told);
    assert_eq!(p95(OF_ONE).await, of_one);
    let changed = p95(BY_KEY).await;
    assert_ne!(changed, told);

    // Rows of before: sketches of some buckets, and of none.
    for missing in ["bucket < (SELECT max(bucket) FROM usage_15m)", "1"] {
        let sql = format!(
            "ALTER TABLE usage_15m DELETE WHERE status = '' AND tenant_id != '' AND {missing}
             SETTINGS mutations_sync = 1"
        );
        world.execute(&sql).await;
        assert_eq!(p95(EVERYTHING).await, changed, "{missing}");
    }
}

#[tokio::test]
async fn the_dashboard_sums_up() {
    let world = acme().await;
    let stats = world
        .json("/dashboard/stats?tenant_id=acme&money=string")
        .await;
    assert_eq!(stats["total_cost"], "1.000000000001");
    assert_eq!(stats["unpriced_count"], 1);
    assert_eq!(stats["call_count"], 4);
    assert_eq!(stats["error_count"], 2);
    assert_eq!(stats["avg_latency_ms"], 200.0);
    for (name, exact) in [("p50_latency_ms", 100.0), ("p95_latency_ms", 300.0)] {
        let estimate = stats[name].as_f64().unwrap();
        assert!(
            (estimate - exact).abs() <= exact * 0.01,
            "{name} {estimate}"
        );
    }
    assert_eq!(stats["customer_count"], 3);
    let top = json!({"customer_id": "it's \"c3\"\\ /😀", "total_cost": "0.7"});
    assert_eq!(stats["top_customer"], top);

    let empty = world.json("/dashboard/stats?tenant_id=nobody").await;
    assert_eq!(empty["total_cost"], 0);
    assert_eq!(empty["customer_count"], 0);
    assert!(empty["top_customer"].is_null() && empty["p50_latency_ms"].is_null());
    for path in ["by-provider", "by-model", "by-section", "by-customer"] {
        assert_eq!(
            world.json(&format!("/stats/{path}?tenant_id=nobody")).await,
            json!([])
        );
    }
}

#[tokio::test]
async fn a_customer_has_a_page() {
    let world = acme().await;
    let detail = world
        .json("/dashboard/customers/c1?tenant_id=acme&money=string&days=3")
        .await;
    assert_eq!(detail["customer_id"], "c1");
    assert_eq!(detail["totals"]["total_cost"], "0.300000000001");
    assert_eq!(column(&detail["by_provider"], "provider"), ["openai"]);
    assert_eq!(column(&detail["by_model"], "model"), ["gpt-5"]);
    let days = column(&detail["daily"], "date");
    assert!((4..=5).contains(&days.len()), "{days:?}");
    let calls = column(&detail["daily"], "call_count");
    assert_eq!(calls.iter().filter_map(Value::as_u64).sum::<u64>(), 2);
    let odd = "/dashboard/customers/it%27s%20%22c3%22%5C%20%2F%F0%9F%98%80?tenant_id=acme";
    assert_eq!(world.json(odd).await["totals"]["call_count"], 1);
    let nobody = world
        .json("/dashboard/customers/nobody?tenant_id=acme")
        .await;
    assert_eq!(nobody["totals"]["call_count"], 0);
    for (filter, calls) in [
        ("provider=openai", 2),
        ("provider=anthropic", 0),
        ("status=ok", 1),
    ] {
        let path = format!("/dashboard/customers/c1?tenant_id=acme&days=3&{filter}");
        assert_eq!(
            world.json(&path).await["totals"]["call_count"],
            calls,
            "{filter}"
        );
    }
    let two = world.get("/dashboard/customers/c1?customer_id=c2").await;
    assert_eq!(two.status, 400);
    assert!(
        two.text.contains("the path names the customer"),
        "{}",
        two.text
    );
}

/// Quarters in the middle, minutes at the edges: any range of whole minutes is exact.
#[tokio::test]
async fn every_minute_counts_once() {
    let start = ago(180);
    let events: Vec<Event> = (0..120)
        .map(|i| Event::new("acme", start + chrono::TimeDelta::seconds(i * 60)))
        .collect();
    let world = World::with(&events).await;
    for (from, to) in [(0, 120), (3, 5), (1, 100), (17, 18), (20, 65)] {
        let at = |minutes| start + chrono::TimeDelta::minutes(minutes);
        let whole = |minutes| at(minutes).format("%FT%H:%M:00Z");
        let path = format!("/dashboard/stats?from={}&to={}", whole(from), whole(to));
        let answer = world.get(&path).await;
        assert_eq!(answer.json()["call_count"], to - from, "{path}");
        let range = answer.headers["llmobserve-range"]
            .to_str()
            .unwrap()
            .to_owned();
        assert_eq!(range, format!("{}/{}", whole(from), whole(to)));
        assert_eq!(answer.headers["cache-control"], "no-store");
    }
}

#[tokio::test]
async fn statistics_read_no_raw_events() {
    let world = acme().await;
    world.execute("DROP TABLE trace_events SYNC").await;
    for path in [
        "/stats/by-provider",
        "/stats/by-model",
        "/stats/by-section",
        "/stats/by-customer",
        "/dashboard/customers/c1",
        "/dashboard/stats",
        "/stats/timeseries?group_by=model",
        "/runs/latest?provider=openai",
    ] {
        world.json(path).await;
    }
}
