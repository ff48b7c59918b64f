use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use maintenance::rebuild::{Request, Span, rebuild};
use tokio_util::sync::CancellationToken;

use crate::world::{World, event};

/// To this time tomorrow, so that no test stops short of what comes in after midnight.
fn request(days: i64) -> Request {
    let now = Utc::now();
    span(now - TimeDelta::days(days), now + TimeDelta::days(1))
}

fn span(from: DateTime<Utc>, to: DateTime<Utc>) -> Request {
    Request {
        span: Span::touching(from, to).unwrap(),
        tenant_id: None,
        force: false,
    }
}

/// Wrong in every way: rows doubled, rows lost, rows that were never there.
async fn spoil(world: &World) {
    for sql in [
        "INSERT INTO usage_15m SELECT * FROM usage_15m WHERE tenant_id = 'acme'",
        "INSERT INTO runs SELECT * FROM runs WHERE tenant_id = 'beta'",
        "ALTER TABLE usage_1m DELETE WHERE tenant_id = 'acme' AND customer_id = 'customer-1'",
        "ALTER TABLE runs DELETE WHERE tenant_id = 'acme' AND cityHash64(run_id) % 3 = 0",
        "INSERT INTO usage_15m (tenant_id, bucket, customer_id, event_count) VALUES ('acme', now() - 90000, 'ghost', 7)",
    ] {
        world.run(sql).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_rollups_are_made_right_while_events_come_in() {
    let world = World::new().await;
    let aggregator = world.start();
    let events: Vec<_> = (0..2000).map(event).collect();
    world.send("acme", &events).await;
    world.send("beta", &events).await;
    world.settled().await;
    world.assert_consistent().await;
    let beta = world.statistics("beta").await;
    let markers = "SELECT marker, max(marker_end) FROM usage_15m WHERE tenant_id = '' GROUP BY marker ORDER BY marker";
    let marked = world.text(markers).await;

    // At rest: what comes out is what the aggregator itself had written, to the last digit.
    spoil(&world).await;
    assert_ne!(world.statistics("beta").await, beta);
    let (site, never) = (world.site().await, CancellationToken::new());
    for _ in 0..2 {
        let rebuilt = rebuild(&site, &request(25), &never).await.unwrap();
        assert_eq!((rebuilt.events, rebuilt.days), (4000, 27));
        world.assert_consistent().await;
        assert_eq!(world.statistics("beta").await, beta);
        assert_eq!(world.text(markers).await, marked);
    }

    // Under load: nothing is lost and nothing counted twice.
    let load = world.load(10_000);
    tokio::time::sleep(Duration::from_secs(1)).await;
    spoil(&world).await;
    rebuild(&site, &request(25), &never).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    load.stop().await;
    world.settled().await;
    world.assert_consistent().await;
    aggregator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_take_statistics_away_is_refused() {
    let world = World::new().await;
    let aggregator = world.start();
    let events: Vec<_> = (0..200).map(event).collect();
    world.send("acme", &events).await;
    world.settled().await;
    let (site, never) = (world.site().await, CancellationToken::new());

    let error = rebuild(&site, &request(400), &never).await.unwrap_err();
    let said = error.to_string();
    assert!(
        said.contains("kept for 400 days") && said.contains("earliest --from"),
        "{said}"
    );

    world
        .run("ALTER TABLE trace_events DELETE WHERE id = 'e7'")
        .await;
    let before = world.statistics("acme").await;
    let error = rebuild(&site, &request(25), &never).await.unwrap_err();
    let said = error.to_string();
    assert!(said.contains("199 rows, the ledger tells of 200"), "{said}");
    assert_eq!(world.statistics("acme").await, before);

    // The hold was released in spite of the error: the aggregator is back.
    world.send("acme", &[event(5000)]).await;
    world.settled().await;
    let forced = Request {
        force: true,
        ..request(25)
    };
    assert_eq!(rebuild(&site, &forced, &never).await.unwrap().events, 200);
    aggregator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_tenant_is_rebuilt_alone_and_a_second_operator_gives_way() {
    let world = World::new().await;
    let aggregator = world.start();
    let events: Vec<_> = (0..200).map(event).collect();
    world.send("acme", &events).await;
    world.send("beta", &events).await;
    world.settled().await;
    let acme = world.statistics("acme").await;
    spoil(&world).await;
    let beta = world.statistics("beta").await;
    let of_acme = Request {
        tenant_id: Some("acme".to_owned()),
        ..request(25)
    };
    let (site, never) = (world.site().await, CancellationToken::new());
    rebuild(&site, &of_acme, &never).await.unwrap();
    assert_eq!(world.statistics("acme").await, acme);
    assert_eq!(world.statistics("beta").await, beta, "not asked for");

    world
        .run("INSERT INTO maintenance_holds SELECT generateUUIDv4(), 1, now64(3) + 30, 'a backup'")
        .await;
    let error = rebuild(&site, &of_acme, &never).await.unwrap_err();
    assert!(error.to_string().contains("\"a backup\""), "{error}");
    aggregator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unfinished_batch_and_a_shutdown_end_it_with_the_hold_released() {
    let world = World::new().await;
    let aggregator = world.start();
    let events: Vec<_> = (0..50).map(event).collect();
    world.send("acme", &events).await;
    world.settled().await;
    let (site, stop) = (world.site().await, CancellationToken::new());
    stop.cancel();
    let error = rebuild(&site, &request(25), &stop).await.unwrap_err();
    assert!(error.to_string().contains("run the same again"), "{error}");

    // As a batch looks whose aggregator died behind the raw rows.
    let line = "SELECT max(offset_start) FROM ingest_ledger WHERE tenant_id = ''";
    let start = world.number(line).await;
    world
        .run(&format!(
            "ALTER TABLE ingest_ledger DELETE WHERE offset_start = {start}"
        ))
        .await;
    let never = CancellationToken::new();
    let error = rebuild(&site, &request(25), &never).await.unwrap_err();
    let said = error.to_string();
    assert!(said.contains("died in the middle of a batch"), "{said}");
    let held = "SELECT count() FROM (SELECT argMax(until, version) AS until FROM maintenance_holds GROUP BY hold_id) WHERE until > now64(3)";
    assert_eq!(world.number(held).await, 0);
    aggregator.stop().await;
}
