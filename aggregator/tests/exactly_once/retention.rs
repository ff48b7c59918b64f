//! Records that retention removes.

use std::time::Duration;

use schemas::Record;
use serde_json::json;

use super::world::{PARTITIONS, World};

/// An event of a tenant that lives on the partition.
fn event_on(world: &World, partition: u32, id: &str) -> Record {
    let event = json!({"id": id, "provider": "openai", "cost_usd": 1});
    (0..)
        .map(|n| world.record(&format!("tenant{n}"), &event))
        .find(|record| record.partition(PARTITIONS, 1) == partition)
        .unwrap()
}

/// They are lost, which nobody passes over in silence; the other partitions go on.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_written_halts_its_partition_until_an_operator_steps_over_it() {
    let world = World::new().await;
    let running = world.start();
    world.send(&[event_on(&world, 0, "written")]).await;
    world.received(1).await;
    running.stop().await;
    let lost = ["lost", "lost too", "kept"].map(|id| event_on(&world, 0, id));
    world.send(&lost).await;
    world.retention_removes(0, 3).await;

    let running = world.start();
    world.send(&[event_on(&world, 1, "elsewhere")]).await;
    world.received(2).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.received(2).await;
    running.stop().await;

    world.reset_offsets(3);
    let running = world.start();
    world.received(3).await;
    let ids = "SELECT arrayStringConcat(arraySort(groupArray(id)), ',') FROM trace_events";
    assert_eq!(world.text(ids).await, "elsewhere,kept,written\n");
    world.assert_consistent().await;
    running.stop().await;
}

/// What the ledger has is behind us, though it cannot be looked at again.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_is_not_missed_when_the_offsets_are_lost() {
    let world = World::new().await;
    let running = world.start();
    world.send(&[event_on(&world, 0, "written")]).await;
    world.received(1).await;
    running.stop().await;
    world.retention_removes(0, 1).await;
    world.delete_offsets().await;

    let running = world.start();
    world.send(&[event_on(&world, 0, "next")]).await;
    world.received(2).await;
    world.assert_consistent().await;
    running.stop().await;
}
