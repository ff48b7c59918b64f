use std::sync::LazyLock;

use chrono::{DateTime, DurationRound, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::world::{Event, World, column};

/// The last whole hour: so far the rollups of these tests reach. Looked up once, or a test would
/// fail in which an hour ends.
fn end() -> DateTime<Utc> {
    static END: LazyLock<DateTime<Utc>> =
        LazyLock::new(|| Utc::now().duration_trunc(TimeDelta::hours(1)).unwrap());
    *END
}

fn utc(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Calls of one section on the `day`th day before the end, spread over it.
fn calls(tenant: &'static str, section: &'static str, day: i64, count: i64) -> Vec<Event> {
    let call = |number: i64| {
        let minutes = day * 1440 + number * 1440 / count + 1;
        Event {
            run: format!("{tenant}-{section}-{day}-{number}"),
            customer: if number % 2 == 0 { "c1" } else { "c2" },
            section,
            cost: "0.1",
            tokens: (1000, 100),
            ..Event::new(tenant, end() - TimeDelta::minutes(minutes))
        }
    };
    (0..count).map(call).collect()
}

/// 37 days: `acme` spends $2.40 on chat and $1.60 on search a day, on the last two days three
/// times as much on chat. `beta` spends as usual, and a model without a price appears.
async fn world() -> World {
    let mut events = Vec::new();
    for day in 0..37 {
        events.extend(calls("acme", "chat", day, if day < 2 { 72 } else { 24 }));
        events.extend(calls("acme", "search", day, 16));
        events.extend(calls("beta", "chat", day, 24));
    }
    for event in calls("beta", "chat", 0, 6) {
        events.push(Event {
            cost: "",
            model: "preview",
            ..event
        });
    }
    World::with(&events).await
}

fn path(tenant: &str, as_of: DateTime<Utc>) -> String {
    format!("/insights/daily?tenant_id={tenant}&as_of={}", utc(as_of))
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

#[tokio::test]
async fn an_insight_says_what_how_much_when_and_where_to_look() {
    let (world, end) = (world().await, end());
    let yesterday = end - TimeDelta::days(1);
    let insights = world.json(&path("acme", yesterday)).await;
    assert_eq!(insights.as_array().unwrap().len(), 1, "{insights}");
    let insight = &insights[0];
    assert_eq!(insight["type"], "cost_spike");
    assert_eq!(insight["severity"], "info");
    assert_eq!(insight["tenant_id"], "acme");
    assert_eq!(insight["subject"], json!({"section": "chat"}));
    assert!(
        (number(&insight["expected"]) - 2.4).abs() < 0.1,
        "{insight}"
    );
    assert!((number(&insight["actual"]) - 7.2).abs() < 1e-9);
    let message = insight["message"].as_str().unwrap();
    assert!(
        message.starts_with("Section chat cost $7.20 in a day"),
        "{message}"
    );
    let evidence = &insight["evidence"];
    assert_eq!(evidence["metric"], "total_cost");
    assert_eq!(evidence["from"], utc(yesterday - TimeDelta::days(1)));
    assert_eq!(evidence["to"], utc(yesterday));
    assert!(
        (number(&evidence["impact_usd"]) - 4.8).abs() < 0.1,
        "{evidence}"
    );
    let days: Vec<f64> = evidence["days"]
        .as_array()
        .unwrap()
        .iter()
        .map(number)
        .collect();
    assert_eq!(days.len(), 29);
    assert!(
        (days[28] - 7.2).abs() < 1e-9 && (days[27] - 2.4).abs() < 1e-9,
        "{days:?}"
    );

    // The link answers with the same days.
    let series = world.json(evidence["api"].as_str().unwrap()).await;
    let costs = column(&series["buckets"], "total_cost");
    let spent: f64 = costs.iter().map(number).sum();
    assert!((spent - days.iter().sum::<f64>()).abs() < 1e-6, "{series}");
}

#[tokio::test]
async fn what_stays_is_told_on_its_first_day_but_for_unpriced_usage() {
    let (world, end) = (world().await, end());
    let told = async |tenant: &str, days: i64| {
        let insights = world.json(&path(tenant, end - TimeDelta::days(days))).await;
        column(&insights, "type")
    };
    assert_eq!(told("acme", 2).await, Vec::<Value>::new());
    assert_eq!(told("acme", 1).await, ["cost_spike"]);
    assert_eq!(told("acme", 0).await, Vec::<Value>::new());
    assert_eq!(told("beta", 1).await, Vec::<Value>::new());
    assert_eq!(told("beta", 0).await, ["unpriced_usage"]);
}

#[tokio::test]
async fn a_tenant_hears_its_own_and_the_same_each_time() {
    let (world, end) = (world().await, end());
    let beta = world.get(&path("beta", end)).await;
    assert!(
        beta.text.contains("preview") && !beta.text.contains("acme"),
        "{}",
        beta.text
    );
    assert_eq!(world.get(&path("beta", end)).await.text, beta.text);
    // Any instant of the same quarter of an hour is the same day.
    let later = end + TimeDelta::seconds(1);
    if later < Utc::now() {
        assert_eq!(world.get(&path("beta", later)).await.text, beta.text);
    }
    let all = world
        .json(&format!("/insights/daily?as_of={}", utc(end)))
        .await;
    assert_eq!(all, beta.json());
    assert_eq!(world.json(&path("nobody", end)).await, json!([]));
    let money = world
        .json(&format!(
            "{}&money=string",
            path("acme", end - TimeDelta::days(1))
        ))
        .await;
    let actual: f64 = money[0]["actual"].as_str().unwrap().parse().unwrap();
    assert!((actual - 7.2).abs() < 1e-9, "{money}");
}

#[tokio::test]
async fn a_question_about_the_future_is_refused() {
    let world = World::with(&[]).await;
    for as_of in [utc(Utc::now() + TimeDelta::hours(1)), "soon".to_owned()] {
        let answer = world.get(&format!("/insights/daily?as_of={as_of}")).await;
        assert_eq!(answer.status, 400, "{as_of}");
    }
}
