use maintenance::erase::{Subject, erase};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::world::{World, event};

/// Tables in which a text occurs in any column, but for the certificates.
async fn tables_with(world: &World, text: &str) -> Vec<String> {
    let tables = "SELECT name FROM system.tables WHERE database = currentDatabase() AND name != 'erasures' ORDER BY name";
    let mut found = Vec::new();
    for table in world.text(tables).await.lines() {
        let rows = world.text(&format!("SELECT * FROM {table}")).await;
        if rows.contains(text) {
            found.push(table.to_owned());
        }
    }
    let commands = "SELECT command FROM system.mutations WHERE database = currentDatabase()";
    if text.starts_with("customer") && world.text(commands).await.contains(text) {
        found.push("system.mutations".to_owned());
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_goes_for_good_and_nobody_else() {
    let mut world = World::new().await;
    let aggregator = world.start();
    let events: Vec<_> = (0..600).map(event).collect();
    for tenant in ["acme", "beta", "canary's"] {
        world.send(tenant, &events).await;
    }
    world.settled().await;
    let others = (
        world.statistics("acme").await,
        world.statistics("beta").await,
    );
    let cost = world
        .text("SELECT sum(toDecimal128(ifNull(cost_usd, 0), 12)) FROM trace_events WHERE tenant_id = 'canary\\'s'")
        .await;
    assert!(tables_with(&world, "canary").await.len() >= 5);

    let (site, never) = (world.site().await, CancellationToken::new());
    let subject = Subject::new("canary's", None).unwrap();
    let certificate = erase(&site, &subject, false, &never).await.unwrap();
    assert_eq!(
        (certificate.raw_events, certificate.statistics_events),
        (600, 600)
    );
    assert_eq!(certificate.cost_usd, cost.trim());
    assert!(
        certificate.to_string().contains("raw events   600"),
        "{certificate}"
    );
    let kept = "SELECT sum(raw_rows), sum(cost_usd) FROM erasures WHERE tenant_id = 'canary\\'s'";
    assert_eq!(world.text(kept).await, format!("600\t{cost}"));

    let none: Vec<String> = Vec::new();
    assert_eq!(tables_with(&world, "canary").await, none);
    assert_eq!(others.0, world.statistics("acme").await);
    assert_eq!(others.1, world.statistics("beta").await);
    world.assert_consistent().await;

    // What is sent from now on is new. A second erasure is no harm.
    world.send("canary's", &[event(1)]).await;
    let received = "SELECT count() FROM trace_events WHERE tenant_id = 'canary\\'s'";
    while world.number(received).await == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let again = erase(&site, &subject, false, &never).await.unwrap();
    assert_eq!(again.raw_events, 1);
    aggregator.stop().await;

    replay(&mut world).await;
    assert_eq!(world.number(received).await, 0);
    assert_eq!(others.0, world.statistics("acme").await);
    assert_eq!(others.1, world.statistics("beta").await);
    world.assert_consistent().await;
}

/// Everything is read again from the log's beginning into new tables, which know of nothing
/// but the erasures.
async fn replay(world: &mut World) {
    let old = world.config.clickhouse.clickhouse_database.clone();
    world.new_database().await;
    world
        .run(&format!(
            "INSERT INTO erasures SELECT * FROM {old}.erasures"
        ))
        .await;
    let aggregator = world.start();
    world.settled().await;
    aggregator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_goes_from_shared_runs_too_and_the_audit_still_adds_up() {
    let mut world = World::new().await;
    let aggregator = world.start();
    let events: Vec<_> = (0..600).map(event).collect();
    world.send("acme", &events).await;
    world.send("beta", &events).await;
    world.settled().await;
    // Rows of before raw's retention: nothing to make the runs anew from.
    for sql in [
        "INSERT INTO runs (tenant_id, bucket, run_id, customer_ids, event_count) VALUES ('acme', now() - INTERVAL 500 DAY, 'old', ['customer-1'], 3), ('acme', now() - INTERVAL 500 DAY, 'other', ['customer-2'], 3)",
        "INSERT INTO usage_15m (tenant_id, bucket, customer_id, event_count) VALUES ('acme', now() - INTERVAL 500 DAY, 'customer-1', 3)",
    ] {
        world.run(sql).await;
    }
    let others = "SELECT bucket, customer_id, provider, model, section_path, status, sum(cost_usd), sum(event_count), sumMap(latency_buckets)
        FROM usage_15m WHERE tenant_id = 'acme' AND customer_id != 'customer-1' AND status != '' GROUP BY ALL ORDER BY ALL";
    let (kept, beta) = (world.text(others).await, world.statistics("beta").await);

    let (site, never) = (world.site().await, CancellationToken::new());
    let subject = Subject::new("acme", Some("customer-1")).unwrap();
    let certificate = erase(&site, &subject, false, &never).await.unwrap();
    assert_eq!(
        (certificate.raw_events, certificate.statistics_events),
        (200, 203)
    );

    let of_acme =
        "SELECT count() FROM trace_events WHERE tenant_id = 'acme' AND customer_id = 'customer-1'";
    assert_eq!(world.number(of_acme).await, 0);
    for table in ["usage_15m", "usage_1m"] {
        let left = format!(
            "SELECT count() FROM {table} WHERE tenant_id = 'acme' AND customer_id = 'customer-1'"
        );
        assert_eq!(world.number(&left).await, 0);
    }
    let runs = "SELECT groupUniqArrayArray(customer_ids) FROM runs WHERE tenant_id = 'acme'";
    assert!(!world.text(runs).await.contains("customer-1"));
    let old = "SELECT groupArray(run_id) FROM runs WHERE tenant_id = 'acme' AND bucket < now() - INTERVAL 450 DAY";
    assert_eq!(world.text(old).await, "['other']\n");
    world
        .run("ALTER TABLE runs DELETE WHERE run_id = 'other'")
        .await;
    assert_eq!(world.text(others).await, kept);
    assert_eq!(world.statistics("beta").await, beta);
    let erased = "SELECT sum(erased) FROM ingest_ledger WHERE tenant_id = 'acme'";
    assert_eq!(world.number(erased).await, 200);
    world.assert_consistent().await;

    // Once more: nothing is told of twice.
    let again = erase(&site, &subject, false, &never).await.unwrap();
    assert_eq!(again.raw_events, 0);
    assert_eq!(world.number(erased).await, 200);
    world.assert_consistent().await;
    aggregator.stop().await;

    let acme = world.statistics("acme").await;
    replay(&mut world).await;
    assert_eq!(world.number(of_acme).await, 0);
    assert_eq!(world.statistics("acme").await, acme);
    assert_eq!(world.number(erased).await, 200);
    world.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_was_interrupted_is_finished_by_the_next() {
    let world = World::new().await;
    let aggregator = world.start();
    let event = |n: u64, customer: &str| {
        let mut event = event(n);
        event["customer_id"] = json!(customer);
        event
    };
    let canary: Vec<_> = (0..90).map(|n| event(n, "customer-canary")).collect();
    let other: Vec<_> = (100..190).map(|n| event(n, "other")).collect();
    world.send("acme", &canary).await;
    world.send("acme", &other).await;
    world.settled().await;
    let (site, never) = (world.site().await, CancellationToken::new());
    let subject = Subject::new("acme", Some("customer-canary")).unwrap();

    // As a crash leaves it: the ledger is told of 90, of which 30 rows are gone.
    world
        .run(
            "INSERT INTO ingest_ledger (tenant_id, hour, topic, epoch, partition, offset_start, offset_end, erased)
             SELECT tenant_id, toStartOfHour(toDateTime(_log_time)), 't', _epoch, _partition, max(_batch_end), max(_batch_end), count()
             FROM trace_events WHERE customer_id = 'customer-canary' GROUP BY ALL",
        )
        .await;
    world
        .run("ALTER TABLE trace_events DELETE WHERE toUInt32(substring(id, 2)) < 30")
        .await;
    let certificate = erase(&site, &subject, false, &never).await.unwrap();
    assert_eq!(certificate.raw_events, 60);
    let none: Vec<String> = Vec::new();
    assert_eq!(tables_with(&world, "customer-canary").await, none);
    assert_eq!(
        world.number("SELECT sum(erased) FROM ingest_ledger").await,
        90
    );
    world.assert_consistent().await;
    aggregator.stop().await;
}
