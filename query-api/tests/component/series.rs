use chrono::{DateTime, Days, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::world::{Event, World, ago, column};

const NAMES: [&str; 13] = [
    "n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8", "n9", "n10", "n11", "n12",
];
const COSTS: [&str; 13] = [
    "12", "11", "10", "9", "8", "7", "6", "5", "4", "3", "2", "1", "0.5",
];

fn utc(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[tokio::test]
async fn ten_groups_are_named_and_the_rest_is_one() {
    let events: Vec<Event> = NAMES
        .into_iter()
        .zip(COSTS)
        .map(|(customer, cost)| Event {
            customer,
            cost,
            ..Event::new("acme", ago(10))
        })
        .chain([Event {
            cost: "20",
            ..Event::new("acme", ago(200))
        }])
        .chain([Event {
            cost: "0",
            kind: "agent",
            provider: "internal",
            ..Event::new("acme", ago(9))
        }])
        .collect();
    let world = World::with(&events).await;
    let series = world
        .json("/stats/timeseries?group_by=customer&interval=1h&hours=5")
        .await;
    let buckets = series["buckets"].as_array().unwrap();
    let mut groups = std::collections::BTreeMap::<String, f64>::new();
    for bucket in buckets {
        let here = bucket["groups"].as_object().unwrap();
        assert_eq!(here.len(), 11);
        let cost = |group: &Value| group["total_cost"].as_f64().unwrap();
        let sum: f64 = here.values().map(cost).sum();
        assert!((sum - bucket["total_cost"].as_f64().unwrap()).abs() < 1e-9);
        for (name, group) in here {
            *groups.entry(name.clone()).or_default() += cost(group);
        }
    }
    assert!((groups["_none"] - 20.0).abs() < 1e-9);
    assert!((groups["_other"] - 6.5).abs() < 1e-9, "{groups:?}");
    assert!(!groups.contains_key("n9") && groups.contains_key("n8"));
    let providers = world
        .json("/stats/timeseries?group_by=provider&interval=1d")
        .await;
    let last = providers["buckets"].as_array().unwrap().last().unwrap();
    assert_eq!(
        last["groups"]
            .as_object()
            .unwrap()
            .keys()
            .collect::<Vec<_>>(),
        ["openai"]
    );
}

/// Few groups are read at once and ranked here; as many as this are ranked by ClickHouse.
#[tokio::test]
async fn however_many_models_there_are_the_dearest_are_named() {
    for count in [30, 20_100] {
        let events: Vec<Event> = (0..count)
            .map(|i| Event {
                model: format!("m{i}").leak(),
                cost: if i < 10 { "2" } else { "0.25" },
                ..Event::new("acme", ago(10))
            })
            .collect();
        let world = World::with(&events).await;
        let series = world
            .json("/stats/timeseries?group_by=model&interval=1d&days=2")
            .await;
        let mut groups = std::collections::BTreeMap::<String, (f64, u64)>::new();
        for bucket in series["buckets"].as_array().unwrap() {
            for (name, group) in bucket["groups"].as_object().unwrap() {
                let sums = groups.entry(name.clone()).or_default();
                sums.0 += group["total_cost"].as_f64().unwrap();
                sums.1 += group["call_count"].as_u64().unwrap();
            }
        }
        let names: Vec<&str> = groups.keys().map(String::as_str).collect();
        let expected = [
            "_other", "m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "m9",
        ];
        assert_eq!(names, expected, "{count}");
        let others = count - 10;
        let cost = f64::from(u32::try_from(others).unwrap()) * 0.25;
        assert_eq!(groups["_other"], (cost, others), "{count}");
        assert_eq!(groups["m9"], (2.0, 1), "{count}");
    }
}

#[tokio::test]
async fn buckets_have_no_gaps_and_lose_nothing() {
    let events: Vec<Event> = (0..200)
        .map(|i| Event::new("acme", ago(1 + i * 7)))
        .collect();
    let world = World::with(&events).await;
    for (interval, range) in [
        ("1m", "hours=25"),
        ("5m", "hours=25"),
        ("15m", "hours=25"),
        ("1h", "days=20"),
        ("1d", "days=20"),
        ("1w", "days=20"),
        ("1mo", "days=70"),
    ] {
        for tz in ["UTC", "America/St_Johns", "Asia/Kathmandu"] {
            let path = format!("/stats/timeseries?interval={interval}&{range}&tz={tz}");
            let series = world.json(&path).await;
            assert_eq!(series["interval"], interval);
            let calls = column(&series["buckets"], "call_count");
            assert_eq!(
                calls.iter().filter_map(Value::as_u64).sum::<u64>(),
                200,
                "{path}"
            );
        }
    }
    assert_eq!(world.json("/stats/timeseries").await["interval"], "15m");
    assert_eq!(
        world.json("/stats/timeseries?hours=1").await["interval"],
        "1m"
    );
    let empty = world
        .json("/stats/timeseries?tenant_id=nobody&interval=1h")
        .await;
    assert!(
        column(&empty["buckets"], "total_cost")
            .iter()
            .all(|cost| cost == &json!(0))
    );
    assert!(empty["buckets"].as_array().unwrap().len() >= 24);
}

/// A day in Kathmandu begins at 18:15 UTC: only quarters of an hour can tell it.
#[tokio::test]
async fn days_are_those_of_the_zone() {
    let midnight = (Utc::now() - Days::new(3))
        .date_naive()
        .and_hms_opt(18, 15, 0)
        .unwrap()
        .and_utc();
    let before = Event {
        cost: "1",
        ..Event::new("acme", midnight - TimeDelta::seconds(1))
    };
    let after = Event {
        cost: "2",
        ..Event::new("acme", midnight)
    };
    let world = World::with(&[before, after]).await;
    let (from, to) = (utc(midnight - Days::new(1)), utc(midnight + Days::new(1)));
    let path = format!("/stats/timeseries?interval=1d&tz=Asia/Kathmandu&from={from}&to={to}");
    let series = world.json(&path).await;
    assert_eq!(column(&series["buckets"], "total_cost"), [1, 2]);
    let start = series["buckets"][1]["start"].as_str().unwrap();
    assert!(start.ends_with("T00:00:00+05:45"), "{start}");
}

#[tokio::test]
async fn what_cannot_be_drawn_is_refused() {
    let world = World::with(&[]).await;
    for (query, code) in [
        ("interval=1m&days=2", "too_many_buckets"),
        ("interval=15m&days=300", "too_many_buckets"),
        (
            "interval=5m&from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00Z",
            "interval_too_fine",
        ),
        ("interval=2h", "invalid_parameter"),
        ("group_by=tenant", "invalid_parameter"),
        ("tz=Europe/Atlantis", "invalid_parameter"),
    ] {
        let answer = world.get(&format!("/stats/timeseries?{query}")).await;
        assert_eq!(answer.status, 400, "{query}");
        assert!(answer.text.contains(code), "{query}: {}", answer.text);
    }
}
