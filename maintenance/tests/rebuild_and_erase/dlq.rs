use std::sync::{Arc, Mutex};

use chrono::Utc;
use maintenance::dlq::{Letter, Replayed, State, list, replay};
use maintenance::erase::{Subject, erase};
use tokio_util::sync::CancellationToken;

use crate::world::{World, event};

async fn letters(world: &World) -> Vec<Letter> {
    let letters = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&letters);
    let visit = move |letter| {
        seen.lock().unwrap().push(letter);
        Ok(())
    };
    let stop = CancellationToken::new();
    list(&world.config.kafka, &stop, visit).await.unwrap();
    std::mem::take(&mut letters.lock().unwrap())
}

async fn replayed(world: &World) -> Replayed {
    let stop = CancellationToken::new();
    replay(&world.site().await, &stop).await.unwrap()
}

async fn rows(world: &World, n: u64) -> u64 {
    let sql = format!("SELECT count() FROM trace_events WHERE id = 'e{n}'");
    world.number(&sql).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_that_can_be_decoded_now_is_counted_once() {
    let world = World::new().await;
    let running = world.start();
    let events: Vec<_> = (0..5).map(event).collect();
    world.send("acme", &events).await;
    world.poison().await;
    world.settled().await;

    // What the aggregator itself has put aside.
    let found = letters(&world).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (found[0].state, found[0].reason.as_str()),
        (State::Poison, "not_ours")
    );
    assert!(
        found[0]
            .record
            .starts_with(&world.config.kafka.events_topic)
    );

    // What a version before could not read; a replayed batch has put it aside twice.
    let now = Utc::now().timestamp_millis();
    world.dead_letter("acme", &event(100), 7, now).await;
    world.dead_letter("acme", &event(100), 7, now).await;
    let states: Vec<State> = letters(&world)
        .await
        .iter()
        .map(|letter| letter.state)
        .collect();
    assert_eq!(states.len(), 2, "a copy is not another letter");
    assert!(states.contains(&State::Decodable));
    let once = Replayed {
        replayed: 1,
        poison: 1,
        ..Replayed::default()
    };
    assert_eq!(replayed(&world).await, once);
    world.came(1).await;
    assert_eq!(rows(&world, 100).await, 1);

    // Again: it has its mark.
    let before = Replayed {
        replayed_before: 1,
        poison: 1,
        ..Replayed::default()
    };
    assert_eq!(replayed(&world).await, before);

    // A replay that was killed before it could leave the mark: the record comes twice.
    world.send("acme", &[event(101)]).await;
    world.dead_letter("acme", &event(101), 8, now).await;
    assert_eq!(replayed(&world).await.replayed, 1);
    world.came(1).await;
    assert_eq!(rows(&world, 101).await, 1);
    world.assert_consistent().await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_does_not_bring_back_who_was_erased() {
    let world = World::new().await;
    let running = world.start();
    world.send("acme", &[event(1)]).await;
    world.send("beta", &[event(1)]).await;
    world.settled().await;
    let before = Utc::now().timestamp_millis();
    let subject = Subject::new("acme", None).unwrap();
    let stop = CancellationToken::new();
    erase(&world.site().await, &subject, false, &stop)
        .await
        .unwrap();

    world.dead_letter("acme", &event(2), 7, before).await;
    world.dead_letter("beta", &event(2), 8, before).await;
    // Sent after the erasure: new.
    let later = Utc::now().timestamp_millis() + 1000;
    world.dead_letter("acme", &event(3), 9, later).await;
    let counts = replayed(&world).await;
    assert_eq!((counts.replayed, counts.erased), (2, 1));
    // The ledger has forgotten the erased tenant's one.
    world.received(1 + 2).await;
    let acme = "SELECT count() FROM trace_events WHERE tenant_id = 'acme'";
    assert_eq!((world.number(acme).await, rows(&world, 3).await), (1, 1));
    running.stop().await;
}
