//! The official `clickhouse` crate, as the services use it, against the
//! embedded engine.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use clickhouse::error::Error;
use clickhouse::{Client, Row};
use engines::testing::clickhouse::clickhouse;
use serde::{Deserialize, Serialize};

async fn client(prefix: &str) -> Client {
    let engine = clickhouse().await;
    let database = engine.database(prefix).await;
    Client::default()
        .with_url(&engine.url)
        .with_database(database)
}

async fn execute(client: &Client, sql: &str) {
    client
        .query(sql)
        .execute()
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

async fn count(client: &Client, table: &str) -> u64 {
    client
        .query("SELECT count() FROM ?")
        .bind(clickhouse::sql::Identifier(table))
        .fetch_one()
        .await
        .unwrap()
}

/// `Decimal(18, 12)` and `Decimal(38, 12)` travel as scaled integers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Money(i64);
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Sum(i128);

#[derive(Debug, Clone, PartialEq, Row, Serialize, Deserialize)]
struct Event {
    tenant_id: String,
    provider: String,
    model: Option<String>,
    id: u128,
    /// Milliseconds since the epoch.
    timestamp: i64,
    cost_usd: Option<Money>,
    latency: Vec<(i16, u64)>,
    sections: Vec<String>,
    is_error: bool,
}

fn event(number: u32) -> Event {
    Event {
        tenant_id: "acme \"🦀\"\\".into(),
        provider: "openai".into(),
        model: number.is_multiple_of(2).then(|| format!("gpt-{number}")),
        id: u128::from(number) << 100 | 1,
        timestamp: 1_760_000_000_000 + i64::from(number),
        cost_usd: (!number.is_multiple_of(3)).then_some(Money(1_000_000_000_001)),
        latency: vec![(-3, 1), (17, u64::from(number))],
        sections: vec!["agent".into(), "tool/x".into()],
        is_error: number.is_multiple_of(5),
    }
}

const EVENTS: &str = "CREATE TABLE events (
    tenant_id LowCardinality(String), provider LowCardinality(String), model LowCardinality(Nullable(String)),
    id UInt128, timestamp DateTime64(3, 'UTC'), cost_usd Nullable(Decimal(18, 12)),
    latency Map(Int16, UInt64), sections Array(String), is_error Bool
) ENGINE = MergeTree ORDER BY (tenant_id, timestamp) SETTINGS non_replicated_deduplication_window = 100";

async fn insert(client: &Client, events: &[Event], token: Option<&str>) -> Result<(), Error> {
    let mut insert = client.insert::<Event>("events").await?;
    if let Some(token) = token {
        insert = insert.with_setting("insert_deduplication_token", token);
    }
    for event in events {
        insert.write(event).await?;
    }
    insert.end().await
}

#[tokio::test]
async fn rows_of_every_type_come_back_as_they_went() {
    let client = client("types").await;
    execute(&client, EVENTS).await;
    let sent: Vec<Event> = (0..1000).map(event).collect();
    insert(&client, &sent, None).await.unwrap();
    let received: Vec<Event> = client
        .query("SELECT ?fields FROM events ORDER BY timestamp")
        .fetch_all()
        .await
        .unwrap();
    assert_eq!(received, sent);
    let one: Event = client
        .query("SELECT ?fields FROM events WHERE id = {id: UInt128} AND tenant_id = ? LIMIT 1")
        .param("id", event(7).id)
        .bind("acme \"🦀\"\\")
        .fetch_one()
        .await
        .unwrap();
    assert_eq!(one, event(7));
}

#[tokio::test]
async fn large_results_stream_whole() {
    let client = client("large").await;
    let mut cursor = client
        .query("SELECT number, toString(number) FROM numbers(1000000)")
        .with_setting("max_block_size", "10000")
        .fetch::<(u64, String)>()
        .unwrap();
    let mut expected = 0;
    while let Some((number, text)) = cursor.next().await.unwrap() {
        assert_eq!((number, &text), (expected, &expected.to_string()));
        expected += 1;
    }
    assert_eq!(expected, 1_000_000);
}

#[tokio::test]
async fn an_empty_result_is_one() {
    let client = client("empty").await;
    let rows: Vec<(u64, String)> = client
        .query("SELECT number, toString(number) FROM numbers(10) WHERE number > 10")
        .fetch_all()
        .await
        .unwrap();
    assert!(rows.is_empty());
}

#[tokio::test]
async fn sums_merge_in_an_aggregating_table() {
    let client = client("aggregate").await;
    execute(
        &client,
        "CREATE TABLE totals (
            tenant_id String, cost SimpleAggregateFunction(sum, Decimal(38, 12)),
            calls SimpleAggregateFunction(sum, UInt64), latency SimpleAggregateFunction(sumMap, Map(Int16, UInt64))
        ) ENGINE = AggregatingMergeTree ORDER BY tenant_id",
    )
    .await;
    #[derive(Debug, PartialEq, Row, Serialize, Deserialize)]
    struct Total {
        tenant_id: String,
        cost: Sum,
        calls: u64,
        latency: Vec<(i16, u64)>,
    }
    let total = |cost, calls| Total {
        tenant_id: "a".into(),
        cost: Sum(cost),
        calls,
        latency: vec![(1, calls), (2, 1)],
    };
    for calls in [1, 2] {
        let mut insert = client.insert::<Total>("totals").await.unwrap();
        insert
            .write(&total(i128::from(u64::MAX) * 1_000_000, calls))
            .await
            .unwrap();
        insert.end().await.unwrap();
    }
    execute(&client, "OPTIMIZE TABLE totals FINAL").await;
    let merged: Vec<Total> = client
        .query("SELECT ?fields FROM totals")
        .fetch_all()
        .await
        .unwrap();
    let expected = Total {
        latency: vec![(1, 3), (2, 2)],
        ..total(i128::from(u64::MAX) * 2_000_000, 3)
    };
    assert_eq!(merged, [expected]);
}

#[tokio::test]
async fn a_token_inserts_once_and_only_its_own_insert() {
    let client = client("token").await;
    execute(&client, EVENTS).await;
    let events: Vec<Event> = (0..10).map(event).collect();
    insert(&client, &events, Some("batch-1")).await.unwrap();
    insert(&client, &events, Some("batch-1")).await.unwrap();
    assert_eq!(count(&client, "events").await, 10);
    insert(&client, &events, Some("batch-2")).await.unwrap();
    // No token of an earlier request may cling to this one: other rows, other block.
    insert(&client, &events[..5], None).await.unwrap();
    assert_eq!(count(&client, "events").await, 25);
}

#[tokio::test]
async fn half_an_insert_leaves_nothing() {
    let client = client("half").await;
    execute(&client, EVENTS).await;
    let mut insert = client.insert::<Event>("events").await.unwrap();
    for number in 0..200_000 {
        insert.write(&event(number)).await.unwrap();
    }
    drop(insert);
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert_eq!(count(&client, "events").await, 0);
}

#[tokio::test]
async fn a_large_insert_makes_one_part() {
    let client = client("parts").await;
    execute(
        &client,
        "CREATE TABLE numbers (n UInt32) ENGINE = MergeTree ORDER BY n",
    )
    .await;
    #[derive(Row, Serialize)]
    struct Number {
        n: u32,
    }
    let mut insert = client.insert::<Number>("numbers").await.unwrap();
    for n in 0..2_500_000 {
        insert.write(&Number { n }).await.unwrap();
    }
    insert.end().await.unwrap();
    assert_eq!(count(&client, "numbers").await, 2_500_000);
    let parts: u64 = client
        .query("SELECT count() FROM system.parts WHERE database = currentDatabase() AND table = 'numbers'")
        .fetch_one()
        .await
        .unwrap();
    assert_eq!(parts, 1);
}

#[tokio::test]
async fn settings_hold_for_one_request() {
    let client = client("settings").await;
    let query = "SELECT value FROM system.settings WHERE name = 'max_threads'";
    let with: String = client
        .query(query)
        .with_setting("max_threads", "1")
        .fetch_one()
        .await
        .unwrap();
    let without: Vec<String> = client.query(query).fetch_all().await.unwrap();
    assert_eq!(with, "1");
    assert_ne!(without, ["1"]);
}

/// The engine's memory is small: by ClickHouse's own rule it would be too little for a second thread.
#[tokio::test]
async fn a_question_runs_in_several_threads() {
    let client = client("threads").await;
    let plan: Vec<String> = client
        .query("EXPLAIN PIPELINE SELECT sum(number) FROM numbers_mt(10000000)")
        .with_setting("max_threads", "2")
        .fetch_all()
        .await
        .unwrap();
    let sums = plan
        .iter()
        .find(|line| line.contains("AggregatingTransform"));
    assert_eq!(sums.unwrap().trim(), "AggregatingTransform × 2");
}

#[tokio::test]
async fn failures_carry_the_engines_code() {
    let client = client("failures").await;
    for (sql, code) in [
        ("SELECT * FROM missing", 60),
        ("SELEC 1", 62),
        ("SELECT 1; SELECT 2", 62),
        ("SELECT * FROM missing.t", 81),
        ("SELECT throwIf(1)", 395),
        ("SELECT 1 SETTINGS no_such_setting = 1", 115),
        ("SELECT * FROM file('/etc/passwd', LineAsString)", 497),
        ("SELECT file('/etc/passwd')", 497),
        ("SELECT 1 INTO OUTFILE '/tmp/x'", 497),
        ("SELECT * FROM default.`/etc/passwd`", 497),
        ("CREATE TABLE f (a String) ENGINE = File(CSV)", 497),
        ("SYSTEM SHUTDOWN", 497),
    ] {
        match client.query(sql).execute().await {
            Err(Error::BadResponse(text)) => assert!(
                text.starts_with(&format!("Code: {code}. ")),
                "{sql}: {text}"
            ),
            other => panic!("{sql}: {other:?}"),
        }
    }
    execute(&client, EVENTS).await;
    let unknown = client.insert::<Event>("missing").await.map(|_| ());
    assert!(
        matches!(&unknown, Err(Error::BadResponse(text)) if text.contains("Code: 60.")),
        "{unknown:?}"
    );
}

#[tokio::test]
async fn a_result_that_fails_halfway_is_an_error() {
    let client = client("halfway").await;
    let mut cursor = client
        .query("SELECT throwIf(number = 900000) FROM numbers(1000000)")
        .with_setting("max_block_size", "10000")
        .fetch::<u8>()
        .unwrap();
    let mut rows = 0;
    let error = loop {
        match cursor.next().await {
            Ok(Some(_)) => rows += 1,
            Ok(None) => panic!("no error after {rows} rows"),
            Err(error) => break error,
        }
    };
    assert!(
        rows > 0 && error.to_string().contains("Code: 395."),
        "{rows} rows, then {error}"
    );
}
