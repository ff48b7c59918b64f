use serde_json::Value;

use crate::world::{Event, World, ago};

/// 30 customers in three runs each, many of equal cost, over some days.
async fn many() -> World {
    const COSTS: [&str; 4] = ["0.1", "0.2", "0", ""];
    const NAMES: [&str; 30] = [
        "c00", "c01", "c02", "c03", "c04", "c05", "c06", "c07", "c08", "c09", "c10", "c11", "c12",
        "c13", "c14", "c15", "c16", "c17", "c18", "c19", "c20", "c21", "c22", "c23", "c24", "c25",
        "c26", "c27", "c28", "c29",
    ];
    let mut events = Vec::new();
    for (i, customer) in NAMES.into_iter().enumerate() {
        for hours in [1, 30, 300] {
            let minutes = hours * 60 + i64::try_from(i / 3).unwrap();
            let event = Event {
                run: format!("run-{customer}-{hours}"),
                customer,
                model: customer,
                section: customer,
                cost: COSTS[i % 4],
                ..Event::new(if i % 2 == 0 { "a" } else { "b" }, ago(minutes))
            };
            events.push(event);
        }
    }
    World::with(&events).await
}

#[tokio::test]
async fn the_pages_of_a_list_are_the_list() {
    let world = many().await;
    for path in [
        "/stats/by-customer?days=30",
        "/stats/by-model?days=30&tenant_id=a",
        "/stats/by-section?days=30&section=c01&section=c02&section=c03",
        "/runs/latest?limit=1000",
        "/runs/latest?tenant_id=b&limit=1000",
        "/runs/latest?days=10&limit=1000",
        "/runs?customer_id=c07&customer_id=c08&limit=1000",
    ] {
        let whole: Vec<Value> = world.json(path).await.as_array().unwrap().clone();
        assert!(whole.len() >= 3, "{path}: {}", whole.len());
        let (base, _) = path.split_once("&limit").unwrap_or((path, ""));
        let base = base.trim_end_matches("?limit=1000");
        for limit in [4, 7, whole.len()] {
            let joint = if base.contains('?') { '&' } else { '?' };
            let (paged, pages) = world.pages(&format!("{base}{joint}limit={limit}")).await;
            assert_eq!(paged, whole, "{path} by {limit}");
            assert_eq!(pages, whole.len().div_ceil(limit), "{path} by {limit}");
        }
    }
}

#[tokio::test]
async fn cursors_keep_their_range_and_their_list() {
    let world = many().await;
    let first = world.get("/stats/by-customer?days=30&limit=2").await;
    let next = first.next().unwrap();
    let second = world.get(&next).await;
    assert_eq!(
        second.headers["llmobserve-range"],
        first.headers["llmobserve-range"]
    );
    let foreign = next.replace("by-customer", "by-model");
    assert_eq!(world.get(&foreign).await.status, 400);
    assert_eq!(world.get("/runs/latest?cursor=nonsense").await.status, 400);
}
