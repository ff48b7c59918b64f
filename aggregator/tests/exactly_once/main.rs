//! The aggregator's promises on real parts: see `ARCHITECTURE.md`, "Exactly once".
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod retention;
mod world;

use chrono::{DateTime, Utc};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Headers as _, Message as _};
use schemas::Record;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use world::{PARTITIONS, World, now_us};

/// Events of several tenants, kinds, hours and months, some of them without a price.
fn lifelike(world: &World, prefix: &str, count: usize) -> Vec<Record> {
    let event = |n: usize| {
        let ago_s = (n as i64 * 37 % 50) * 86_400 / 10 * 9;
        let at = DateTime::<Utc>::from_timestamp_micros(now_us() - ago_s * 1_000_000).unwrap();
        let mut event = json!({
            "id": format!("{prefix}{n}"),
            "timestamp": at.to_rfc3339(),
            "run_id": (format!("run{}", n / 7)),
            "customer_id": if n.is_multiple_of(5) { Value::Null } else { json!(format!("c{}", n % 3)) },
            "section_path": (["agent:a", "agent:a/tool:b", ""][n % 3]),
            "span_type": (["llm", "embedding", "agent", "api"][n % 4]),
            "provider": (["openai", "anthropic", "pinecone"][n % 3]),
            "model": (["gpt-4o", "claude-sonnet-4-5", ""][n % 3]),
            "input_tokens": (n * 3), "output_tokens": n, "cached_tokens": n,
            "latency_ms": (n as f64 / 3.0),
            "status": (["ok", "ok", "ok", "error", "cancelled", "rate_limited"][n % 6]),
        });
        if n % 4 == 1 {
            event["cost_usd"] = json!(format!("0.{:012}", n * 7_919));
        }
        world.record(&format!("tenant{}", n % 7), &event)
    };
    (0..count).map(event).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_column_arrives_as_the_fixtures_say() {
    let world = World::new().await;
    let cases: Vec<Value> =
        serde_json::from_str(include_str!("../../../schemas/fixtures/accepted.json")).unwrap();
    let records: Vec<Record> = cases
        .iter()
        .enumerate()
        .map(|(n, case)| {
            let mut event = case["event"].clone();
            if event["timestamp"] == "$now" {
                event["timestamp"] = json!(Utc::now().to_rfc3339());
            }
            if event["id"].is_null() {
                event["id"] = json!(format!("fixture-{n}"));
            }
            world.record("fixtures", &event)
        })
        .collect();
    let running = world.start();
    world.send(&records).await;
    world.received(records.len() as u64).await;
    let sql = "SELECT * FROM trace_events SETTINGS output_format_json_quote_decimals = 1, \
               output_format_json_quote_64bit_integers = 0";
    let mut cursor = world
        .clickhouse
        .query(sql)
        .fetch_bytes("JSONEachRow")
        .unwrap();
    let text = String::from_utf8(cursor.collect().await.unwrap().to_vec()).unwrap();
    let rows: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for (n, case) in cases.iter().enumerate() {
        let id = case["event"]["id"]
            .as_str()
            .map_or(format!("fixture-{n}"), Into::into);
        let row = rows
            .iter()
            .find(|row| row["id"] == *id)
            .expect("a row for each event");
        for (column, expected) in case["expect"].as_object().unwrap() {
            assert_eq!(&row[column], expected, "{}: {column}", case["name"]);
        }
        assert_eq!(row["ingest_key_id"], "key1");
    }
    world.assert_consistent().await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rollups_equal_what_raw_adds_up_to() {
    let world = World::new().await;
    let running = world.start();
    let records = lifelike(&world, "a", 3000);
    world.send(&records).await;
    world.received(3000).await;
    world.assert_consistent().await;
    assert_eq!(world.number("SELECT count() FROM trace_events").await, 3000);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_of_two_events_with_one_id_wins() {
    let world = World::new().await;
    let event = |cost: &str| json!({"id": "same", "provider": "openai", "cost_usd": cost});
    let running = world.start();
    world
        .send(&[
            world.record("a", &event("1")),
            world.record("b", &event("2")),
        ])
        .await;
    world.received(2).await;
    // In one batch, in a later one, and by an aggregator that has to rebuild its window.
    world
        .send(&[
            world.record("a", &event("3")),
            world.record("a", &event("4")),
        ])
        .await;
    world.received(4).await;
    running.stop().await;
    let running = world.start();
    world.send(&[world.record("a", &event("5"))]).await;
    world.received(5).await;
    let kept = world
        .text("SELECT tenant_id, cost_usd FROM trace_events ORDER BY tenant_id")
        .await;
    assert_eq!(kept, "a\t1\nb\t2\n");
    assert_eq!(
        world
            .number("SELECT sum(duplicates) FROM ingest_ledger")
            .await,
        3
    );
    world.assert_consistent().await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_not_ours_is_set_aside_and_the_rest_goes_on() {
    let world = World::new().await;
    let running = world.start();
    let records = lifelike(&world, "p", 50);
    world.send(&records[..25]).await;
    world
        .send_raw(0, Some(b"acme"), b"{\"not\":\"ours\"}")
        .await;
    world.send_raw(1, None, &[0xff; 100]).await;
    world
        .send_raw(1, Some(b"someone else"), &records[0].value())
        .await;
    world.send(&records[25..]).await;
    world.received(53).await;
    assert_eq!(world.number("SELECT count() FROM trace_events").await, 50);
    assert_eq!(
        world
            .number("SELECT sum(dead_lettered) FROM ingest_ledger")
            .await,
        3
    );
    world.assert_consistent().await;
    running.stop().await;

    let mut config = world.config.kafka.client("reader");
    config
        .set("group.id", "reader")
        .set("auto.offset.reset", "earliest");
    let reader: BaseConsumer = config.create().unwrap();
    reader
        .subscribe(&[&world.config.kafka.dead_letter_topic])
        .unwrap();
    let mut reasons = Vec::new();
    let deadline = Instant::now() + Duration::from_secs(30);
    while reasons.len() < 3 {
        assert!(Instant::now() < deadline, "only {reasons:?}");
        let Some(letter) = reader.poll(Duration::from_secs(1)) else {
            continue;
        };
        let letter = letter.unwrap();
        assert!(
            letter
                .key()
                .unwrap()
                .starts_with(world.config.kafka.events_topic.as_bytes())
        );
        let headers = letter.headers().unwrap();
        let reason = headers
            .iter()
            .find(|header| header.key == "reason")
            .unwrap();
        reasons.push(String::from_utf8(reason.value.unwrap().to_vec()).unwrap());
    }
    reasons.sort();
    assert_eq!(reasons, ["not_ours", "not_ours", "wrong_key"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_move_between_members_without_loss() {
    let world = World::new().await;
    let first = world.start();
    world.send(&lifelike(&world, "x", 400)).await;
    let second = world.start();
    world.send(&lifelike(&world, "y", 400)).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    world.send(&lifelike(&world, "z", 400)).await;
    first.stop().await;
    world.send(&lifelike(&world, "u", 400)).await;
    world.received(1600).await;
    world.assert_consistent().await;
    second.stop().await;
}

/// Else whoever takes over waits for the session to end.
#[tokio::test(flavor = "multi_thread")]
async fn who_stops_at_work_leaves_the_group() {
    let world = World::new().await;
    let mut sent = 0;
    for round in 0..3 {
        let running = world.start();
        world
            .send(&lifelike(&world, &format!("{round}-"), 10))
            .await;
        sent += 10;
        world.received(sent).await;
        world
            .send(&lifelike(&world, &format!("{round}+"), 2000))
            .await;
        sent += 2000;
        tokio::time::sleep(Duration::from_millis(600)).await;
        running.stop().await;
        assert_eq!(world.members(), 0, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn offsets_that_another_tool_reset_or_deleted_double_nothing() {
    let world = World::new().await;
    let running = world.start();
    world.send(&lifelike(&world, "a", 600)).await;
    world.received(600).await;
    running.stop().await;

    world.reset_offsets(0);
    let running = world.start();
    world.send(&lifelike(&world, "b", 100)).await;
    world.received(700).await;
    running.stop().await;

    world.delete_offsets().await;
    let running = world.start();
    world.send(&lifelike(&world, "c", 100)).await;
    world.received(800).await;
    world.assert_consistent().await;
    running.stop().await;
}

/// A broker's clock leaps ahead and comes back: the ledger's newest hour is not its end.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_leap_of_the_clock_lost_offsets_are_found_where_the_ledger_ends() {
    let world = World::new().await;
    world.set_log_times().await;
    let running = world.start();
    let now_ms = now_us() / 1000;
    let hours = |n: i64| Some(now_ms + n * 3_600_000);
    world.send_at(&lifelike(&world, "a", 100), hours(0)).await;
    world.send_at(&lifelike(&world, "b", 100), hours(6)).await;
    world.send_at(&lifelike(&world, "c", 200), hours(0)).await;
    world.received(400).await;
    running.stop().await;
    for (log_end, ledger_end) in world.ends().await {
        assert_eq!(ledger_end, log_end);
    }

    world.delete_offsets().await;
    let running = world.start();
    world.send_at(&lifelike(&world, "d", 100), hours(0)).await;
    world.received(500).await;
    assert_eq!(world.number("SELECT count() FROM trace_events").await, 500);
    world.assert_consistent().await;
    running.stop().await;
}

/// ClickHouse logs a token, dies, and loses the rows: here, a token that was used for
/// other rows before. The acknowledgement is not believed after a recovery.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_without_its_rows_is_found_out() {
    let tables = ["trace_events", "usage_15m", "runs", "ingest_ledger"];
    futures::future::join_all(tables.map(burnt_token)).await;
}

async fn burnt_token(table: &str) {
    let world = World::new().await;
    let event = json!({"id": "only", "provider": "openai", "cost_usd": 1});
    let record = world.record("a", &event);
    let partition = record.partition(PARTITIONS, 1);
    world.send(std::slice::from_ref(&record)).await;
    let (epoch, month) = (world.epoch().await, Utc::now().format("%Y%m"));
    let token = format!("{epoch}/{partition}/0-1/{table}/{month}/0");
    let time = ["timestamp", "bucket", "bucket", "hour"][[
        "trace_events",
        "usage_15m",
        "runs",
        "ingest_ledger",
    ]
    .iter()
    .position(|t| *t == table)
    .unwrap()];
    let burn = format!(
        "INSERT INTO {table} (tenant_id, {time}) SETTINGS insert_deduplication_token = '{token}' SELECT 'burnt', now()"
    );
    world.clickhouse.query(&burn).execute().await.unwrap();
    world
        .clickhouse
        .query(&format!(
            "ALTER TABLE {table} DELETE WHERE tenant_id = 'burnt' SETTINGS mutations_sync = 1"
        ))
        .execute()
        .await
        .unwrap();
    let running = world.start();
    world.received(1).await;
    assert_eq!(
        world.number("SELECT count() FROM trace_events").await,
        1,
        "{table}"
    );
    world.assert_consistent().await;
    running.stop().await;
}

/// An owner that did not know that it was replaced may have called its batch complete over a
/// token without its rows. Its successor's plan finds that out; where that is lost too, the
/// ledger's last batch is looked at once more.
#[tokio::test(flavor = "multi_thread")]
async fn after_lost_offsets_the_ledgers_last_batch_is_not_believed() {
    let tables = ["trace_events", "usage_15m", "usage_1m", "runs"];
    futures::future::join_all(tables.map(lost_block)).await;
}

async fn lost_block(table: &str) {
    let world = World::new().await;
    let event = json!({"id": "only", "provider": "openai", "cost_usd": 1});
    let running = world.start();
    world.send(&[world.record("a", &event)]).await;
    world.received(1).await;
    running.stop().await;
    world.delete_offsets().await;
    let lose = format!("TRUNCATE TABLE {table}");
    world.clickhouse.query(&lose).execute().await.unwrap();

    let running = world.start();
    let event = json!({"id": "next", "provider": "openai", "cost_usd": 1});
    world.send(&[world.record("a", &event)]).await;
    world.received(2).await;
    let raw = world.number("SELECT count() FROM trace_events").await;
    assert_eq!(raw, 2, "{table}");
    world.assert_consistent().await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_made_again_is_another_log() {
    let world = World::new().await;
    let running = world.start();
    world.send(&lifelike(&world, "old", 300)).await;
    world.received(300).await;
    world.make_topics_again().await;
    // Fewer than before: every offset that the old log had is behind the new one's end.
    world.send(&lifelike(&world, "new", 40)).await;
    world.received(340).await;
    assert_eq!(world.number("SELECT count() FROM trace_events").await, 340);
    world.assert_consistent().await;
    running.stop().await;
}
