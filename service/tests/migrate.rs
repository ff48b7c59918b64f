//! The schema on a real ClickHouse.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use clickhouse::Client;
use engines::testing::clickhouse::clickhouse;
use schemas::clickhouse::MIGRATIONS;
use service::config::{ClickHouseArgs, RetentionArgs, TenantRetention};
use service::migrate::{self, Error};

fn retention() -> RetentionArgs {
    RetentionArgs::new(400, 1200)
}

/// A database that does not exist yet.
async fn args(database: &str) -> (ClickHouseArgs, Client) {
    let mut args = ClickHouseArgs::at(&clickhouse().await.url);
    database.clone_into(&mut args.clickhouse_database);
    let client = args.client();
    (args, client)
}

async fn ttl(client: &Client, table: &str) -> String {
    let sql = "SELECT create_table_query FROM system.tables
               WHERE database = currentDatabase() AND name = ?";
    client
        .query(sql)
        .bind(table)
        .fetch_one::<String>()
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_database_gets_every_table_and_a_second_run_does_nothing() {
    let (args, client) = args("fresh").await;
    let outcome = migrate::run(&args, &retention()).await.unwrap();
    assert_eq!(outcome.applied.len(), MIGRATIONS.len());
    for table in [
        "trace_events",
        "usage_15m",
        "usage_1m",
        "runs",
        "ingest_ledger",
    ] {
        let sql = format!("SELECT count() FROM {table}");
        assert_eq!(client.query(&sql).fetch_one::<u64>().await.unwrap(), 0);
    }
    let again = migrate::run(&args, &retention()).await.unwrap();
    assert!(again.applied.is_empty() && !again.retention_changed);
    assert_eq!(again.version, outcome.version);
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_start_together_agree() {
    let (args, _) = args("together").await;
    let retention = retention();
    let runs = futures::future::join_all((0..4).map(|_| migrate::run(&args, &retention))).await;
    for run in runs {
        run.unwrap();
    }
    assert!(
        migrate::run(&args, &retention)
            .await
            .unwrap()
            .applied
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_retention_comes_into_force() {
    let (args, client) = args("retention").await;
    migrate::run(&args, &retention()).await.unwrap();
    assert!(
        ttl(&client, "trace_events")
            .await
            .contains("toIntervalDay(400)")
    );
    let changed = RetentionArgs::new(30, 60);
    assert!(
        migrate::run(&args, &changed)
            .await
            .unwrap()
            .retention_changed
    );
    assert!(
        ttl(&client, "trace_events")
            .await
            .contains("toIntervalDay(30)")
    );
    assert!(
        ttl(&client, "usage_15m")
            .await
            .contains("toIntervalDay(60)")
    );
    assert!(
        !migrate::run(&args, &changed)
            .await
            .unwrap()
            .retention_changed
    );
    assert!(
        migrate::run(&args, &retention())
            .await
            .unwrap()
            .retention_changed
    );
    assert!(ttl(&client, "runs").await.contains("toIntervalDay(1200)"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_newer_or_another_program_is_refused() {
    let (args, client) = args("foreign").await;
    migrate::run(&args, &retention()).await.unwrap();
    let record = "INSERT INTO schema_migrations (version, name, checksum) SELECT ?, 'x', 'y'";
    client.query(record).bind(1).execute().await.unwrap();
    let error = migrate::run(&args, &retention()).await.unwrap_err();
    assert!(
        matches!(error, Error::Changed { version: 1, .. }),
        "{error}"
    );
    client.query(record).bind(999).execute().await.unwrap();
    let error = migrate::run(&args, &retention()).await.unwrap_err();
    assert!(matches!(error, Error::Newer { found: 999, .. }), "{error}");
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn a_clickhouse_that_is_away_is_worth_waiting_for() {
    let args = ClickHouseArgs::at("http://127.0.0.1:1");
    let error = migrate::run(&args, &retention()).await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
}

/// The tenants of a table and how many rows each has.
async fn kept(client: &Client, table: &str) -> String {
    let sql = format!(
        "SELECT arrayStringConcat(groupArray(concat(tenant_id, ':', toString(rows))), ' ')
         FROM (SELECT tenant_id, count() AS rows FROM {table} GROUP BY tenant_id ORDER BY tenant_id)"
    );
    client.query(&sql).fetch_one().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_may_have_days_of_their_own() {
    let (args, client) = args("tenants").await;
    let mut own = retention();
    own.tenant_retention = TenantRetention::parse("brief=30/90,it's=800/3650").unwrap();
    assert!(migrate::run(&args, &own).await.unwrap().retention_changed);
    assert_eq!(
        migrate::retention_in_force(&args).await.unwrap(),
        Some(own.clone())
    );
    for sql in [
        "INSERT INTO trace_events (tenant_id, timestamp)
         SELECT arrayJoin(['brief', 'it\\'s', 'other']), now() - INTERVAL arrayJoin([20, 60, 500]) DAY",
        "INSERT INTO usage_15m (tenant_id, bucket, event_count)
         SELECT arrayJoin(['brief', 'it\\'s', 'other', '']), now() - INTERVAL arrayJoin([60, 500, 2000]) DAY, 1",
        "OPTIMIZE TABLE trace_events FINAL",
        "OPTIMIZE TABLE usage_15m FINAL",
    ] {
        client.query(sql).execute().await.unwrap();
    }
    assert_eq!(
        kept(&client, "trace_events").await,
        "brief:1 it's:3 other:2"
    );
    assert_eq!(
        kept(&client, "usage_15m").await,
        ":3 brief:1 it's:3 other:2"
    );

    // Everyone's days again: by the migration alone, what is too old goes.
    assert!(
        migrate::run(&args, &retention())
            .await
            .unwrap()
            .retention_changed
    );
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while kept(&client, "trace_events").await != "brief:1 it's:2 other:2" {
        assert!(std::time::Instant::now() < deadline, "not expired");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}
