use serde_json::Value;

use crate::world::{Event, World, ago};

async fn world() -> World {
    let mut events: Vec<Event> = (0..1500)
        .map(|i| Event {
            run: format!("run-{i}"),
            ..Event::new("a", ago(i % 50 + 1))
        })
        .collect();
    events.push(Event {
        customer: "=cmd(), \"x\"",
        cost: "0.5",
        ..Event::new("a", ago(1))
    });
    events.push(Event {
        customer: "-1",
        cost: "",
        provider: "acme",
        ..Event::new("b", ago(1))
    });
    World::with(&events).await
}

#[tokio::test]
async fn a_table_is_exported_as_rfc_4180() {
    let world = world().await;
    let answer = world
        .get_as("/stats/by-customer", &[("accept", "text/csv")])
        .await;
    assert!(
        answer.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/csv")
    );
    let lines: Vec<&str> = answer.text.split("\r\n").collect();
    assert_eq!(
        lines[0],
        "customer_id,total_cost,unpriced_count,call_count,avg_latency_ms,percentage"
    );
    assert!(
        lines[1].starts_with("\"'=cmd(), \"\"x\"\"\",0.5,0,1,,99."),
        "{}",
        lines[1]
    );
    assert!(
        lines[2].starts_with(",0.0000000015,0,1500,,"),
        "{}",
        lines[2]
    );
    assert_eq!(lines[3..], ["'-1,0,1,1,,0", ""]);
    let same = world.get("/stats/by-customer?format=csv").await;
    assert_eq!(same.text, answer.text);
}

#[tokio::test]
async fn exports_have_every_row_and_pages_have_not() {
    let world = world().await;
    assert_eq!(
        world.json("/runs/latest").await.as_array().unwrap().len(),
        50
    );
    let csv = world.get("/runs/latest?format=csv&tenant_id=a").await;
    assert_eq!(csv.text.lines().count(), 1 + 1501);
    let ndjson = world.get("/runs/latest?format=ndjson").await;
    assert_eq!(ndjson.headers["content-type"], "application/x-ndjson");
    let mut runs: Vec<Value> = ndjson
        .text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(runs.len(), 1502);
    runs.truncate(1000);
    assert_eq!(
        Value::from(runs),
        world.json("/runs/latest?limit=1000").await
    );
    let few = world.get("/runs/latest?format=ndjson&limit=3").await;
    assert_eq!(few.text.lines().count(), 3);
}

#[tokio::test]
async fn lists_lines_and_series_say_the_same() {
    let world = world().await;
    for path in ["/stats/by-provider", "/stats/by-model", "/stats/by-section"] {
        let ndjson = world.get(&format!("{path}?format=ndjson")).await;
        let lines: Vec<Value> = ndjson
            .text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(Value::from(lines), world.json(path).await);
    }
    let series = world
        .get("/stats/timeseries?hours=2&interval=1h&format=csv&group_by=provider")
        .await;
    let lines: Vec<&str> = series.text.lines().collect();
    assert_eq!(lines[0], "start,group,total_cost,unpriced_count,call_count");
    assert_eq!((lines.len() - 1) % 2, 0);
    let nothing = world
        .get("/stats/by-model?format=csv&tenant_id=nobody")
        .await;
    assert_eq!(nothing.text.lines().count(), 1);
}
