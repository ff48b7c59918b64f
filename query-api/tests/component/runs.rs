use chrono::{SecondsFormat, TimeDelta};
use serde_json::{Value, json};

use crate::world::{Event, World, ago, column};

fn event(run: &str, minutes: i64) -> Event {
    Event {
        run: run.to_owned(),
        ..Event::new("acme", ago(minutes))
    }
}

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

#[tokio::test]
async fn the_newest_come_first_however_old_they_are() {
    let world = World::with(&[
        event("fresh", 1),
        event("hours", 5 * HOUR),
        event("days", 3 * DAY),
        event("weeks", 20 * DAY),
        event("months", 100 * DAY),
        event("years", 1000 * DAY),
    ])
    .await;
    let runs = world.json("/runs/latest").await;
    let names = ["fresh", "hours", "days", "weeks", "months", "years"];
    assert_eq!(column(&runs, "run_id"), names);
    for limit in 1..=6 {
        let runs = world.json(&format!("/runs/latest?limit={limit}")).await;
        assert_eq!(column(&runs, "run_id"), names[..limit]);
    }
    let runs = world.json("/runs/latest?days=10").await;
    assert_eq!(column(&runs, "run_id"), names[..3]);
    let to = ago(2 * DAY).to_rfc3339_opts(SecondsFormat::Secs, true);
    let runs = world.json(&format!("/runs/latest?to={to}&limit=2")).await;
    assert_eq!(column(&runs, "run_id"), names[2..4]);
}

#[tokio::test]
async fn a_long_run_stands_where_it_began() {
    let mut events = vec![event("short", 4 * DAY), event("old", 6 * DAY)];
    for minutes in [1, 3 * HOUR, 2 * DAY, 5 * DAY] {
        events.push(event("long", minutes));
    }
    events.extend((0..30).map(|i| event(&format!("long-{i}"), 1)));
    events.extend((0..30).map(|i| event(&format!("long-{i}"), 7 * DAY + i)));
    let world = World::with(&events).await;
    let runs = world.json("/runs/latest?limit=3").await;
    assert_eq!(column(&runs, "run_id"), ["short", "long", "old"]);
    assert_eq!(column(&runs, "call_count"), [1, 4, 1]);
    // Those that began before the range are not in it, whatever they did in it.
    let runs = world.json("/runs/latest?hours=119&limit=2").await;
    assert_eq!(column(&runs, "run_id"), ["short"]);
    let (paged, _) = world.pages("/runs/latest?limit=4").await;
    let whole = world.json("/runs/latest?limit=1000").await;
    assert_eq!(Value::from(paged), whole);
    assert_eq!(whole.as_array().unwrap().len(), 33);
}

#[tokio::test]
async fn filters_keep_runs_with_such_an_event() {
    let mixed = || event("mixed", 3 * HOUR);
    let world = World::with(&[
        mixed(),
        Event {
            provider: "anthropic",
            model: "claude",
            ..event("mixed", 30)
        },
        Event {
            customer: "o'c",
            section: "agent:a/tool:x",
            environment: "prod",
            status: "error",
            ..event("other", 20)
        },
        Event {
            kind: "tool",
            section: "agent:b",
            cost: "0",
            ..event("other", 20)
        },
    ])
    .await;
    for (filter, runs) in [
        ("provider=anthropic", json!(["mixed"])),
        ("provider=openai", json!(["other", "mixed"])),
        ("model=claude&provider=anthropic", json!(["mixed"])),
        ("customer_id=o%27c", json!(["other"])),
        ("section=tool:x", json!(["other"])),
        ("section=agent:a/", json!(["other"])),
        ("section=agent:b", json!(["other"])),
        ("section=tool:y", json!([])),
        ("environment=prod", json!(["other"])),
        ("status=error&status=timeout", json!(["other"])),
    ] {
        let list = world.json(&format!("/runs/latest?{filter}")).await;
        assert_eq!(Value::from(column(&list, "run_id")), runs, "{filter}");
    }
    let mixed = &world.json("/runs?provider=anthropic").await[0];
    assert_eq!(mixed["call_count"], 2);
    let started = ago(3 * HOUR) - TimeDelta::minutes(1);
    assert!(mixed["started_at"].as_str().unwrap() > started.to_rfc3339().as_str());
}
