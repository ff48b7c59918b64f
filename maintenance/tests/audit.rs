//! The audit over what a real aggregator writes, from a real broker to a real ClickHouse.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub
)]

#[path = "audit/world.rs"]
mod world;

use std::time::{Duration, Instant};

use maintenance::audit::{Auditor, Check, Conservation, Hours, Scope, State};
use schemas::money::MoneyFormat;
use service::config::ClickHouseArgs;

use world::{HOURS, World, now_us};

fn scope(tenant: &str) -> Scope {
    Scope::Tenant(tenant.to_owned())
}

/// The checks that failed, with the hour as so many hours ago.
fn failed(conservation: &Conservation) -> Vec<(i64, Check, u64)> {
    let hours = conservation.hours.as_ref().unwrap();
    let ago = |hour: i64| (now_us() / 1_000_000).div_euclid(3_600) - hour.div_euclid(3_600);
    hours
        .iter()
        .flat_map(|hour| {
            let of_hour = hour.differences.iter();
            of_hour.map(move |it| (ago(hour.hour.timestamp()), it.check, it.events))
        })
        .collect()
}

#[tokio::test]
async fn what_was_received_is_accounted_for() {
    let world = World::written().await;
    let conservation = world.audit(&Scope::All).await;
    assert_eq!(conservation.conserved, Some(true), "{conservation:?}");
    let hours = conservation.hours.as_ref().unwrap();
    assert_eq!(hours.len(), HOURS as usize);
    let sum = |of: fn(&maintenance::audit::Hour) -> u64| hours.iter().map(of).sum::<u64>();
    assert_eq!(sum(|hour| hour.ledger.received), 62);
    assert_eq!(sum(|hour| hour.ledger.stored), 60);
    assert_eq!(sum(|hour| hour.ledger.duplicates), 1);
    assert_eq!(sum(|hour| hour.ledger.dead_lettered), 1);
    assert_eq!(sum(|hour| hour.raw_events), 60);
    assert_eq!(sum(|hour| hour.usage_15m.unwrap().rollup.events), 60);
    assert_eq!(sum(|hour| hour.usage_1m.unwrap().raw.events), 60);
    assert_eq!(sum(|hour| hour.runs.unwrap().rollup.unpriced_count), 21);
    let json = serde_json::to_string(&conservation).unwrap();
    assert!(json.contains("\"cost_usd\":0.000013"), "{json}");
    let in_flight = conservation.in_flight.unwrap().unwrap();
    assert_eq!((in_flight.total, in_flight.partitions.len()), (0, 2));

    let of_a = world.audit(&scope("a")).await;
    assert_eq!(of_a.conserved, Some(true));
    assert!(of_a.in_flight.is_none());
    let received = of_a
        .hours
        .unwrap()
        .into_iter()
        .map(|hour| hour.ledger.received);
    assert_eq!(received.sum::<u64>(), 43);
    let of_nobody = world.audit(&scope("nobody")).await;
    assert_eq!(of_nobody.conserved, Some(true));
}

#[tokio::test]
async fn a_raw_row_that_is_gone_is_missed_everywhere() {
    let world = World::written().await;
    let one = "tenant_id = 'a' AND id = 'a-2-7'";
    world
        .alter("trace_events", &format!("DELETE WHERE {one}"))
        .await;
    let conservation = world.audit(&Scope::All).await;
    assert_eq!(conservation.conserved, Some(false));
    let expected = [
        (2, Check::Usage15m, 1),
        (2, Check::Usage1m, 1),
        (2, Check::Runs, 1),
        (0, Check::Raw, 1),
    ];
    assert_eq!(failed(&conservation), expected);
    assert_eq!(world.audit(&scope("a")).await.conserved, Some(false));
    assert_eq!(world.audit(&scope("b")).await.conserved, Some(true));
}

#[tokio::test]
async fn a_rollup_row_that_counts_twice_is_named() {
    for (table, check) in [
        ("usage_15m", Check::Usage15m),
        ("usage_1m", Check::Usage1m),
        ("runs", Check::Runs),
    ] {
        let world = World::written().await;
        let hour = "toStartOfHour(bucket) = toStartOfHour(now('UTC') - INTERVAL 1 HOUR)";
        let events = world
            .number(&format!(
                "SELECT toUInt64(sum(event_count)) FROM (SELECT * FROM {table} WHERE tenant_id = 'b' AND {hour})"
            ))
            .await;
        let double =
            format!("INSERT INTO {table} SELECT * FROM {table} WHERE tenant_id = 'b' AND {hour}");
        world.execute(&double).await;
        let conservation = world.audit(&Scope::All).await;
        assert_eq!(failed(&conservation), [(1, check, events)], "{table}");
        assert_eq!(world.audit(&scope("a")).await.conserved, Some(true));
    }
}

#[tokio::test]
async fn a_rollup_that_lost_everything_is_named_although_its_markers_are_gone_too() {
    let world = World::written().await;
    world.execute("TRUNCATE TABLE usage_15m").await;
    let failed = failed(&world.audit(&Scope::All).await);
    assert!(
        failed.iter().all(|it| it.1 == Check::Usage15m),
        "{failed:?}"
    );
    assert_eq!(failed.iter().map(|it| it.2).sum::<u64>(), 60);
}

#[tokio::test]
async fn events_that_changed_their_tenant_or_their_price_are_noticed() {
    let world = World::written().await;
    let one = "id = 'a-1-4'";
    world
        .alter("trace_events", &format!("UPDATE cost_usd = 7 WHERE {one}"))
        .await;
    let checks: Vec<Check> = failed(&world.audit(&Scope::All).await)
        .into_iter()
        .map(|it| it.1)
        .collect();
    assert_eq!(checks, [Check::Usage15m, Check::Usage1m, Check::Runs]);

    let world = World::written().await;
    let line = "tenant_id = 'a' AND stored > 0";
    world
        .alter(
            "ingest_ledger",
            &format!("UPDATE received = received + 3 WHERE {line}"),
        )
        .await;
    let conservation = world.audit(&Scope::All).await;
    let lines = world
        .number(&format!("SELECT count() FROM ingest_ledger WHERE {line}"))
        .await;
    assert_eq!(failed(&conservation), [(0, Check::Received, 3 * lines)]);
}

#[tokio::test]
async fn a_line_that_the_ledger_lost_is_named() {
    let world = World::written().await;
    let first = "tenant_id = 'a' AND stored > 0 AND offset_start = 0";
    let stored = world
        .number(&format!(
            "SELECT sum(stored) FROM ingest_ledger WHERE {first}"
        ))
        .await;
    assert!(stored > 0);
    world
        .alter("ingest_ledger", &format!("DELETE WHERE {first}"))
        .await;
    let conservation = world.audit(&Scope::All).await;
    assert_eq!(failed(&conservation), [(0, Check::Raw, stored)]);
}

#[tokio::test]
async fn while_an_operator_rewrites_a_table_a_difference_may_pass() {
    let world = World::written().await;
    world
        .alter("trace_events", "DELETE WHERE id = 'a-0-3'")
        .await;
    world
        .execute(
            "INSERT INTO maintenance_holds VALUES \
             (generateUUIDv4(), 1, now64(3) + INTERVAL 1 HOUR, 'a test')",
        )
        .await;
    let conservation = world.audit(&Scope::All).await;
    assert_eq!(conservation.conserved, None);
    let hours = conservation.hours.unwrap();
    assert!(hours.iter().any(|hour| hour.state == State::Settling));
    assert!(hours.iter().all(|hour| hour.state != State::Differs));
}

#[tokio::test]
async fn what_waits_is_seen_without_clickhouse_and_gone_once_it_is_written() {
    let world = World::new().await;
    world.send_hours().await;
    let away = Auditor::new(
        &ClickHouseArgs::at("http://127.0.0.1:9"),
        world.config.kafka.clone(),
        &world.config.consumer_group,
    );
    let conservation = world.ask(&away, &Scope::All).await.unwrap();
    assert_eq!(
        (conservation.conserved, conservation.hours.is_none()),
        (None, true)
    );
    assert_eq!(conservation.in_flight.unwrap().unwrap().total, 62);
    assert!(conservation.error.unwrap().contains("ClickHouse"));
    assert!(world.ask(&away, &scope("a")).await.is_err());

    let running = world.start();
    world.received(62).await;
    running.stop().await;
    let in_flight = world.ask(&away, &Scope::All).await.unwrap().in_flight;
    assert_eq!(in_flight.unwrap().unwrap().total, 0);
}

/// As fast as the audit can ask while a real aggregator writes small batches.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ingestion_never_makes_a_difference() {
    const LASTS: Duration = Duration::from_secs(15);
    let world = World::new().await;
    let running = world.start();
    world.send_some(0, 20).await;
    world.received(20).await;
    let until = Instant::now() + LASTS;
    let (sent, audits) = tokio::join!(
        async {
            let mut sent = 20;
            while Instant::now() < until {
                world.send_some(sent, 20).await;
                sent += 20;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            sent
        },
        async {
            let (mut audits, mut seen, mut last) = (0, 0, 0);
            while Instant::now() < until {
                let conservation = world.audit(&Scope::All).await;
                assert_ne!(conservation.conserved, Some(false), "{conservation:#?}");
                let hours = conservation.hours.unwrap();
                let now = hours.iter().map(|hour| hour.raw_events).sum::<u64>();
                seen += u64::from(now > last);
                last = now;
                audits += 1;
            }
            (audits, seen)
        }
    );
    world.received(sent).await;
    running.stop().await;
    let conservation = world.audit(&Scope::All).await;
    assert_eq!(conservation.conserved, Some(true));
    let hours = conservation.hours.unwrap();
    let raw: u64 = hours.iter().map(|hour| hour.raw_events).sum();
    let (audits, seen) = audits;
    println!("{sent} events, {audits} audits, {seen} of them saw more than the one before");
    assert_eq!(raw, sent);
    assert!(audits > 5 && seen > 5);
}

#[tokio::test]
async fn hours_that_have_expired_are_not_compared() {
    let world = World::written().await;
    let hour = 1_600_000_000 / 3_600 * 3_600;
    let hours = Hours::touching(hour, hour + 3_600).unwrap();
    let conservation = world
        .auditor()
        .audit(&scope("a"), hours, MoneyFormat::Number)
        .await
        .unwrap();
    assert_eq!(conservation.conserved, None);
    assert_eq!(conservation.hours.unwrap()[0].state, State::Expired);
}
