//! The schema on a real ClickHouse.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use clickhouse::Client;
use engines::testing::clickhouse::clickhouse;
use schemas::clickhouse::MIGRATIONS;
use service::config::{ClickHouseArgs, RetentionArgs};
use service::migrate::{self, Error};

const RETENTION: RetentionArgs = RetentionArgs {
    retention_days: 400,
    rollup_retention_days: 1200,
};

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
    let outcome = migrate::run(&args, &RETENTION).await.unwrap();
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
    let again = migrate::run(&args, &RETENTION).await.unwrap();
    assert!(again.applied.is_empty() && !again.retention_changed);
    assert_eq!(again.version, outcome.version);
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_start_together_agree() {
    let (args, _) = args("together").await;
    let runs = futures::future::join_all((0..4).map(|_| migrate::run(&args, &RETENTION))).await;
    for run in runs {
        run.unwrap();
    }
    assert!(
        migrate::run(&args, &RETENTION)
            .await
            .unwrap()
            .applied
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_retention_comes_into_force() {
    let (args, client) = args("retention").await;
    migrate::run(&args, &RETENTION).await.unwrap();
    assert!(
        ttl(&client, "trace_events")
            .await
            .contains("toIntervalDay(400)")
    );
    let changed = RetentionArgs {
        retention_days: 30,
        rollup_retention_days: 60,
    };
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
        migrate::run(&args, &RETENTION)
            .await
            .unwrap()
            .retention_changed
    );
    assert!(ttl(&client, "runs").await.contains("toIntervalDay(1200)"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_newer_or_another_program_is_refused() {
    let (args, client) = args("foreign").await;
    migrate::run(&args, &RETENTION).await.unwrap();
    let record = "INSERT INTO schema_migrations (version, name, checksum) SELECT ?, 'x', 'y'";
    client.query(record).bind(1).execute().await.unwrap();
    let error = migrate::run(&args, &RETENTION).await.unwrap_err();
    assert!(
        matches!(error, Error::Changed { version: 1, .. }),
        "{error}"
    );
    client.query(record).bind(999).execute().await.unwrap();
    let error = migrate::run(&args, &RETENTION).await.unwrap_err();
    assert!(matches!(error, Error::Newer { found: 999, .. }), "{error}");
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn a_clickhouse_that_is_away_is_worth_waiting_for() {
    let args = ClickHouseArgs::at("http://127.0.0.1:1");
    let error = migrate::run(&args, &RETENTION).await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
}
