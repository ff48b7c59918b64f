use std::time::{Duration, Instant};

use clap::{Args as _, FromArgMatches as _};
use query_api::{CheckArgs, QueryState};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use service::auth::{ApiKey, Authenticator, Keyring, Scope, Scopes};
use service::config::{ClickHouseArgs, LimitArgs};
use tokio_util::sync::CancellationToken;

use crate::world::{Event, World, ago, ask, auditor, column, router};

/// Three events of now, stored just now by one batch, with its lines in the ledger.
async fn world() -> World {
    let event = |tenant, cost| Event {
        cost,
        ..Event::new(tenant, ago(0))
    };
    let events = [event("a", "0.1"), event("a", "0.2"), event("b", "0.4")];
    let world = World::with(&events).await;
    for sql in [
        "ALTER TABLE trace_events UPDATE _epoch = 'e', _log_time = now64(3) WHERE 1 \
         SETTINGS mutations_sync = 1",
        "INSERT INTO ingest_ledger (tenant_id, hour, topic, epoch, partition, offset_start, \
         offset_end, received, stored, duplicates, dead_lettered) \
         SELECT tenant_id, toStartOfHour(now('UTC')), 'topic', 'e', 0, 0, 1, count() + 1, count(), 1, 0 \
         FROM trace_events GROUP BY tenant_id \
         UNION ALL SELECT '', toStartOfHour(now('UTC')), 'topic', 'e', 0, 0, 1, 1, 0, 0, 1",
    ] {
        world.execute(sql).await;
    }
    world
}

/// The sums of a member over the answer's hours.
fn sum(answer: &Value, path: &str) -> f64 {
    let hours = answer["hours"].as_array().unwrap();
    hours
        .iter()
        .map(|hour| hour.pointer(path).unwrap().as_f64().unwrap())
        .sum()
}

#[tokio::test]
async fn everyone_together_and_each_tenant_alone() {
    let world = world().await;
    let all = world.json("/audit/conservation?hours=2").await;
    assert_eq!(all["conserved"], true, "{all}");
    assert_eq!(sum(&all, "/ledger/received"), 6.0);
    assert_eq!(sum(&all, "/ledger/dead_lettered"), 1.0);
    assert_eq!(sum(&all, "/raw_events"), 3.0);
    assert_eq!(sum(&all, "/runs/rollup/events"), 3.0);
    // Nobody runs Kafka here.
    assert_eq!(all["in_flight"], Value::Null);
    assert!(all["error"].as_str().unwrap().starts_with("Kafka"));

    let answer = world
        .get("/audit/conservation?hours=2&tenant_id=b&money=string")
        .await;
    let of_b = answer.json();
    assert_eq!(of_b["conserved"], true);
    assert_eq!(sum(&of_b, "/ledger/received"), 2.0);
    assert_eq!(sum(&of_b, "/usage_15m/raw/events"), 1.0);
    assert_eq!(
        of_b["hours"][2]["usage_1m"]["rollup"]["cost_usd"],
        json!("0.4")
    );
    assert!(of_b.get("in_flight").is_none() && of_b.get("error").is_none());
    // Whole hours, in the body and in the header.
    let range = answer.headers["llmobserve-range"].to_str().unwrap();
    assert_eq!(range.matches(":00:00Z").count(), 2);
    assert_eq!(
        format!("{}/{}", of_b["from"], of_b["to"]).replace('"', ""),
        range
    );
    assert_eq!(column(&of_b["hours"], "state").len(), 3);
}

#[tokio::test]
async fn a_difference_is_shown_to_whom_it_belongs() {
    let world = world().await;
    let double = "INSERT INTO runs SELECT * FROM runs WHERE tenant_id = 'b'";
    world.execute(double).await;
    let all = world.json("/audit/conservation?hours=1").await;
    assert_eq!(all["conserved"], false);
    let differing = all["hours"].as_array().unwrap().iter();
    let differences: Vec<&Value> = differing
        .flat_map(|hour| hour["differences"].as_array().unwrap())
        .collect();
    assert_eq!(differences.len(), 1);
    assert_eq!(differences[0]["check"], "runs");
    assert_eq!(differences[0]["events"], 1);
    let message = differences[0]["message"].as_str().unwrap();
    assert!(message.contains("1.1 USD"), "{message}");

    let keyring = Keyring::default();
    let key = ApiKey::generate().unwrap();
    keyring.insert(key.bound("a", Scopes::of(&[Scope::Read])).unwrap());
    let authenticator = Authenticator::required(keyring);
    let router = router(&world.client, &world.auditor, &authenticator);
    let bearer = format!("Bearer {}", key.expose().expose_secret());
    let keyed = [("authorization", bearer.as_str())];
    let of_a = ask(&router, "/audit/conservation?hours=1", &keyed).await;
    assert_eq!(of_a.json()["conserved"], true);
    assert!(!of_a.text.contains("in_flight"), "{}", of_a.text);
    let of_b = ask(&router, "/audit/conservation?tenant_id=b", &keyed).await;
    assert_eq!(of_b.status, 403);
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_and_what_is_away_is_told() {
    let args = ClickHouseArgs::at("http://127.0.0.1:9");
    let router = router(&args.client(), &auditor(&args), &Authenticator::off(false));
    let month = "/audit/conservation?days=31";
    for (query, status) in [
        ("days=32", 400),
        ("hours=0", 400),
        ("provider=openai", 400),
        ("tenant_id=a&tenant_id=b", 400),
        ("tenant_id=a", 503),
    ] {
        let answer = ask(&router, &format!("/audit/conservation?{query}"), &[]).await;
        assert_eq!(answer.status, status, "{query}: {}", answer.text);
    }
    let answer = ask(&router, month, &[]).await.json();
    let members = ["conserved", "hours", "in_flight"].map(|name| answer[name].is_null());
    assert_eq!(members, [true; 3], "{answer}");
    let error = answer["error"].as_str().unwrap();
    assert!(error.contains("ClickHouse") && error.contains("Kafka"));
}

#[tokio::test]
async fn a_difference_shows_in_the_metrics() {
    let world = world().await;
    let metrics = service::telemetry::metrics().unwrap();
    let shutdown = CancellationToken::new();
    let state = QueryState::new(
        world.client.clone(),
        world.auditor.clone(),
        LimitArgs::default(),
    );
    let checks = tokio::spawn(state.check_conservation(&every_second(), shutdown.clone()));
    let becomes = async |line: &str| {
        let deadline = Instant::now() + Duration::from_secs(40);
        while !metrics.render().lines().any(|shown| shown == line) {
            assert!(Instant::now() < deadline, "{line}: {}", metrics.render());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let runs = "llmobserve_conservation_difference{check=\"runs\"}";
    becomes(&format!("{runs} 0")).await;
    world
        .execute("INSERT INTO runs SELECT * FROM runs WHERE tenant_id = 'b'")
        .await;
    becomes(&format!("{runs} 1")).await;
    becomes("llmobserve_conservation_difference{check=\"raw\"} 0").await;
    world.execute("TRUNCATE TABLE runs").await;
    becomes(&format!("{runs} 3")).await;
    let checked = "llmobserve_conservation_check_timestamp_seconds 1";
    assert!(metrics.render().contains(checked));
    shutdown.cancel();
    checks.await.unwrap();
}

fn every_second() -> CheckArgs {
    let command = CheckArgs::augment_args(clap::Command::new("check").no_binary_name(true));
    let matches = command.get_matches_from(["--conservation-interval-seconds=1"]);
    CheckArgs::from_arg_matches(&matches).unwrap()
}
