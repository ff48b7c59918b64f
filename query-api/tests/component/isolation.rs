use axum::Router;
use serde_json::{Value, json};
use service::auth::Keyring;
use service::auth::{ApiKey, Authenticator, Binding, Scope, Scopes};

use secrecy::ExposeSecret;

use crate::world::{Event, World, ago, ask, column, router};

async fn two_tenants() -> World {
    let event = |tenant, run: &str, customer, cost| Event {
        run: run.to_owned(),
        customer,
        cost,
        section: "agent:x",
        ..Event::new(tenant, ago(5))
    };
    World::with(&[
        event("a", "run-a", "customer-a", "1"),
        event("a", "shared", "both", "2"),
        event("b", "run-b", "customer-b", "4"),
        event("b", "shared", "both", "8"),
    ])
    .await
}

const PATHS: [&str; 8] = [
    "/runs/latest",
    "/runs",
    "/stats/by-provider",
    "/stats/by-model",
    "/stats/by-section",
    "/stats/by-customer",
    "/dashboard/customers",
    "/dashboard/stats",
];

fn total(answer: &Value) -> f64 {
    match answer {
        Value::Array(items) => items
            .iter()
            .filter_map(|item| item["total_cost"].as_f64())
            .sum(),
        _ => answer["total_cost"].as_f64().unwrap(),
    }
}

#[tokio::test]
async fn a_tenant_sees_only_its_own_and_all_tenants_see_all() {
    let world = two_tenants().await;
    for path in PATHS {
        for (query, cost) in [("?tenant_id=a", 3.0), ("?tenant_id=b", 12.0), ("", 15.0)] {
            let answer = world.get(&format!("{path}{query}")).await;
            assert!(
                (total(&answer.json()) - cost).abs() < 1e-9,
                "{path}{query}: {}",
                answer.text
            );
            assert!(!answer.text.contains("marker"), "{path}{query}");
            let others = ["run-b", "customer-b", "\"b\""];
            let seen = others.iter().any(|name| answer.text.contains(name));
            assert!(query != "?tenant_id=a" || !seen, "{path}: {}", answer.text);
        }
    }
    let series = world
        .json("/stats/timeseries?tenant_id=a&group_by=customer")
        .await;
    let groups = series["buckets"][0]["groups"].as_object().unwrap();
    assert_eq!(groups.keys().collect::<Vec<_>>(), ["both", "customer-a"]);
}

#[tokio::test]
async fn runs_of_one_name_are_told_apart_by_their_tenant() {
    let world = two_tenants().await;
    assert_eq!(world.get("/runs/run-b?tenant_id=a").await.status, 404);
    assert_eq!(world.get("/runs/nothing").await.status, 404);
    assert_eq!(world.get("/runs/marker").await.status, 404);
    assert_eq!(world.json("/runs/run-b").await["tenant_id"], "b");
    assert_eq!(
        world.json("/runs/shared?tenant_id=a").await["total_cost"],
        2
    );
    let conflict = world.get("/runs/shared").await;
    assert_eq!(conflict.status, 409);
    let problem: Value = serde_json::from_str(&conflict.text).unwrap();
    assert_eq!(problem["tenants"], json!(["a", "b"]));
    let shared = world.json("/runs/latest").await;
    assert_eq!(column(&shared, "run_id").len(), 4);
    let page = world
        .json("/dashboard/customers/customer-b?tenant_id=a")
        .await;
    assert_eq!(page["totals"]["call_count"], 0);
}

#[tokio::test]
async fn a_tenant_named_like_an_injection_is_a_tenant_without_data() {
    let world = two_tenants().await;
    for name in [
        "%27%20OR%201%3D1%20--",
        "a%27",
        "%2A",
        "a%5C",
        "a%20",
        "%7Btenant%3AString%7D",
    ] {
        for path in PATHS {
            let answer = world.json(&format!("{path}?tenant_id={name}")).await;
            assert!(total(&answer).abs() < 1e-9, "{path} {name}");
        }
    }
}

#[tokio::test]
async fn with_authentication_on_a_key_is_needed() {
    let world = two_tenants().await;
    let keyring = Keyring::default();
    let (reader, sender) = (ApiKey::generate().unwrap(), ApiKey::generate().unwrap());
    keyring.insert(reader.record(Binding::Platform, Scopes::of(&[Scope::Read])));
    keyring.insert(sender.record(Binding::Platform, Scopes::of(&[Scope::Ingest])));
    let router = router(
        &world.client,
        &world.auditor,
        &Authenticator::required(keyring),
    );
    let bearer = |key: &ApiKey| format!("Bearer {}", key.expose().expose_secret());
    let (reader, sender) = (bearer(&reader), bearer(&sender));
    for path in PATHS
        .into_iter()
        .chain(["/runs/run-a", "/stats/timeseries"])
    {
        assert_eq!(ask(&router, path, &[]).await.status, 401, "{path}");
        let keyed = [("authorization", sender.as_str())];
        assert_eq!(ask(&router, path, &keyed).await.status, 403, "{path}");
        let keyed = [("authorization", reader.as_str())];
        let answer = ask(&router, path, &keyed).await;
        assert_eq!(answer.status, 400, "{path}");
        assert!(answer.text.contains("tenant_required"), "{}", answer.text);
        let answer = ask(&router, &format!("{path}?tenant_id=a"), &keyed).await;
        assert_eq!(answer.status, 200, "{path}");
    }
    assert_eq!(ask(&router, "/openapi.json", &[]).await.status, 200);
}

/// The routes with authentication on, and the header of a tenant's own key.
fn behind_a_key(world: &World, tenant: &str, scopes: &[Scope]) -> (Router, String) {
    let keyring = Keyring::default();
    let key = ApiKey::generate().unwrap();
    keyring.insert(key.bound(tenant, Scopes::of(scopes)).unwrap());
    let authenticator = Authenticator::required(keyring);
    let router = router(&world.client, &world.auditor, &authenticator);
    let authorization = format!("Bearer {}", key.expose().expose_secret());
    (router, authorization)
}

#[tokio::test]
async fn a_bound_key_sees_its_tenant_whatever_it_asks_for() {
    let world = two_tenants().await;
    let (router, authorization) = behind_a_key(&world, "a", &[Scope::Read]);
    let keyed = [("authorization", authorization.as_str())];
    for path in PATHS {
        let answer = ask(&router, path, &keyed).await;
        assert!(
            (total(&answer.json()) - 3.0).abs() < 1e-9,
            "{path}: {}",
            answer.text
        );
    }
    for path in PATHS
        .into_iter()
        .chain(["/runs/run-b", "/stats/timeseries"])
    {
        let answer = ask(&router, &format!("{path}?tenant_id=b"), &keyed).await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(!answer.text.contains("run-b"));
    }
    assert_eq!(ask(&router, "/runs/run-b", &keyed).await.status, 404);
    // What another tenant's page remembered opens nothing.
    let page = world.get("/runs/latest?tenant_id=b&limit=1").await;
    let cursor = page
        .next()
        .unwrap()
        .split("cursor=")
        .last()
        .unwrap()
        .to_owned();
    let answer = ask(&router, &format!("/runs/latest?cursor={cursor}"), &keyed).await;
    assert!(!answer.text.contains("run-b"), "{}", answer.text);
}

#[tokio::test]
async fn limits_are_told_to_who_may_see_all_tenants() {
    let world = World::with(&[]).await;
    let unlimited = json!({
        "requests_per_second": null, "events_per_second": null, "bytes_per_second": null
    });
    let mut expected = json!({"everyone": unlimited, "own": {"big": unlimited}});
    expected["everyone"]["events_per_second"] = json!(500);
    expected["own"]["big"]["events_per_second"] = json!(9_000);
    assert_eq!(world.get("/admin/limits").await.json(), expected);

    let (router, authorization) = behind_a_key(&world, "big", &[Scope::Read, Scope::Admin]);
    let keyed = [("authorization", authorization.as_str())];
    let answer = ask(&router, "/admin/limits", &keyed).await;
    assert_eq!(answer.status, 403);
    assert!(
        answer.text.contains("platform_admin_required"),
        "{}",
        answer.text
    );
}
