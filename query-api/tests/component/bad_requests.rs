use serde_json::Value;
use service::auth::Authenticator;
use service::config::ClickHouseArgs;

use crate::world::{World, ask, auditor, router};

#[tokio::test]
async fn what_is_malformed_is_named() {
    let world = World::with(&[]).await;
    for (query, code) in [
        ("tenant_id=", "invalid_tenant"),
        ("tenant_id=a&tenant_id=b", "invalid_tenant"),
        ("tenant=a", "unknown_parameter"),
        ("hours=24&days=1", "invalid_range"),
        ("hours=0", "invalid_parameter"),
        ("from=2026-07-01", "invalid_range"),
        (
            "from=2026-07-02T00:00:00Z&to=2026-07-01T00:00:00Z",
            "invalid_range",
        ),
        (
            "from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z",
            "invalid_range",
        ),
        ("status=broken", "invalid_parameter"),
        ("provider=", "invalid_parameter"),
        ("section=/", "invalid_parameter"),
        ("model=a%00b", "invalid_parameter"),
        ("money=euro", "invalid_parameter"),
    ] {
        for path in [
            "/runs/latest",
            "/stats/by-model",
            "/dashboard/stats",
            "/stats/timeseries",
        ] {
            let answer = world.get(&format!("{path}?{query}")).await;
            assert_eq!(answer.status, 400, "{path}?{query}");
            assert_eq!(answer.headers["content-type"], "application/problem+json");
            let problem: Value = serde_json::from_str(&answer.text).unwrap();
            assert_eq!(problem["code"], code, "{path}?{query}");
        }
    }
    for query in [
        "limit=0",
        "limit=1001",
        "limit=x",
        "format=xml",
        "cursor=e30",
    ] {
        for path in ["/runs/latest", "/stats/by-section"] {
            assert_eq!(
                world.get(&format!("{path}?{query}")).await.status,
                400,
                "{path}?{query}"
            );
        }
    }
    assert_eq!(world.get("/runs/%FF").await.status, 400);
    assert_eq!(world.get("/runs/x?hours=1").await.status, 400);
    assert_eq!(world.get("/stats").await.status, 404);
}

#[tokio::test]
async fn a_store_that_is_away_is_told_as_such() {
    let args = ClickHouseArgs::at("http://127.0.0.1:9");
    let router = router(&args.client(), &auditor(&args), &Authenticator::off(false));
    for path in [
        "/runs/latest",
        "/runs/x",
        "/stats/by-model",
        "/stats/by-model?format=csv",
        "/dashboard/stats",
        "/dashboard/customers/x",
        "/stats/timeseries",
        "/audit/conservation?tenant_id=a",
    ] {
        let answer = ask(&router, path, &[]).await;
        assert_eq!(answer.status, 503, "{path}");
        assert!(answer.headers.contains_key("retry-after"));
        assert!(
            answer.text.contains("clickhouse_unavailable"),
            "{}",
            answer.text
        );
    }
    // So is one without tables, before the first migration.
    let engine = engines::testing::clickhouse::clickhouse().await;
    let mut args = ClickHouseArgs::at(&engine.url);
    args.clickhouse_database = "not_there".to_owned();
    let router = crate::world::router(&args.client(), &auditor(&args), &Authenticator::off(false));
    assert_eq!(ask(&router, "/stats/by-model", &[]).await.status, 503);
}
