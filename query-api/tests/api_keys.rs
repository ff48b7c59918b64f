//! `/api-keys` over a real Kafka: who may make, see and revoke which keys.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use engines::testing::kafka;
use http_body_util::BodyExt;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use service::auth::{Authenticator, KeyManager, Keyring, NewKey, Scope, Scopes};
use service::config::KafkaArgs;
use service::control::Control;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

const PATIENCE: Duration = Duration::from_secs(60);

struct World {
    router: Router,
    manager: KeyManager,
    shutdown: CancellationToken,
}

struct Answer {
    status: u16,
    link: Option<String>,
    body: Value,
}

impl Answer {
    fn code(&self) -> (u16, &str) {
        (self.status, self.body["code"].as_str().unwrap_or_default())
    }

    fn ids(&self) -> Vec<&str> {
        assert_eq!(self.status, 200, "{}", self.body);
        let keys = self.body.as_array().unwrap().iter();
        keys.map(|key| key["id"].as_str().unwrap()).collect()
    }
}

impl World {
    async fn new(prefix: &str, authenticator: Authenticator) -> Self {
        let kafka = KafkaArgs::at(&kafka().await.bootstrap).with_topic_prefix(prefix);
        let shutdown = CancellationToken::new();
        let control = Control::start(&kafka, authenticator.tables(), &shutdown);
        control.caught_up(PATIENCE).await.unwrap();
        let manager = KeyManager::new(authenticator.keyring().clone(), control);
        let router = query_api::keys_router(manager.clone(), &authenticator);
        Self {
            router: service::http::with_layers(router),
            manager,
            shutdown,
        }
    }

    async fn required(prefix: &str) -> Self {
        Self::new(prefix, Authenticator::required(Keyring::default())).await
    }

    /// A key by the operator: `None` = a platform key.
    async fn key(&self, tenant: Option<&str>, scopes: &[Scope]) -> (String, String) {
        let wish = NewKey {
            name: None,
            scopes: Scopes::of(scopes),
            expires_at: None,
        };
        let made = self.manager.operator_create("cli:test", tenant, wish).await;
        let (info, key) = made.unwrap();
        (info.id, key.expose_secret().to_owned())
    }

    async fn ask(&self, key: &str, method: &str, path: &str, body: impl Into<Body>) -> Answer {
        let request = Request::builder().method(method).uri(path);
        let request = request
            .header("host", "localhost")
            .header("authorization", format!("Bearer {key}"))
            .body(body.into())
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = body.collect().await.unwrap().to_bytes();
        let link = parts.headers.get("link");
        if parts.status.is_success() && method != "DELETE" {
            assert_eq!(parts.headers["cache-control"], "no-store");
        }
        Answer {
            status: parts.status.as_u16(),
            link: link.map(|link| link.to_str().unwrap().to_owned()),
            body: serde_json::from_slice(&text).unwrap_or(Value::Null),
        }
    }

    async fn make(&self, key: &str, wish: &Value) -> Answer {
        self.ask(key, "POST", "/api-keys", wish.to_string()).await
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// The members of an object, by name.
fn members(object: &Value) -> Vec<&str> {
    let mut names: Vec<_> = object.as_object().unwrap().keys().collect();
    names.sort_unstable();
    names.into_iter().map(String::as_str).collect()
}

fn path(id: &str) -> String {
    format!("/api-keys/{id}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_admin_makes_and_revokes_its_own_keys() {
    let world = World::required("own-").await;
    let scopes = [Scope::Admin, Scope::Ingest];
    let (id, admin) = world.key(Some("acme"), &scopes).await;

    let wish = json!({"name": "web", "scopes": ["ingest"], "expires_at": "2100-01-01T00:00:00Z"});
    let made = world.make(&admin, &wish).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let expected = [
        "created_at",
        "expires_at",
        "id",
        "key",
        "key_prefix",
        "name",
        "scopes",
        "tenant_id",
    ];
    assert_eq!(members(&made.body), expected);
    assert_eq!(made.body["tenant_id"], "acme");
    assert_eq!(made.body["expires_at"], "2100-01-01T00:00:00Z");
    let key = made.body["key"].as_str().unwrap();
    let new = made.body["id"].as_str().unwrap();
    assert_eq!(made.body["key_prefix"], format!("llmo_sk_{new}"));
    assert!(key.starts_with(&format!("llmo_sk_{new}_")));
    // It works at once, for what it is.
    let answer = world.ask(key, "GET", "/api-keys", "").await;
    assert_eq!(answer.code(), (403, "insufficient_scope"));

    let of_acme = "/api-keys?tenant_id=acme";
    let listed = world.ask(&admin, "GET", of_acme, "").await;
    assert_eq!(listed.ids(), [new, &*id]);
    assert_eq!(listed.body[0]["created_by"], id);
    assert!(!listed.body.to_string().contains(&key[key.len() - 20..]));
    for _ in 0..2 {
        let revoked = world.ask(&admin, "DELETE", &path(new), "").await;
        assert_eq!(revoked.status, 204);
    }
    assert_eq!(world.ask(key, "GET", "/api-keys", "").await.status, 401);
    let listed = world.ask(&admin, "GET", "/api-keys", "").await;
    assert!(listed.body[0]["revoked_at"].is_string(), "{}", listed.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_admin_has_no_say_over_others() {
    let world = World::required("foreign-").await;
    let scopes = [Scope::Admin, Scope::Ingest];
    let (id, admin) = world.key(Some("acme"), &scopes).await;
    let (foreign, _) = world.key(Some("globex"), &[Scope::Read]).await;
    let (platform, _) = world.key(None, &[Scope::Read]).await;

    for other in [&*foreign, &*platform, "nothing", "%00", "a%2Fb"] {
        let answer = world.ask(&admin, "DELETE", &path(other), "").await;
        assert_eq!(answer.code(), (404, "not_found"), "{other}");
    }
    let of_globex = |path: &str| format!("{path}?tenant_id=globex");
    let for_globex = json!({"scopes": ["ingest"], "tenant_id": "globex"});
    let for_all = json!({"scopes": ["ingest"], "platform": true});
    for refused in [
        world.ask(&admin, "GET", &of_globex("/api-keys"), "").await,
        world
            .ask(&admin, "DELETE", &of_globex(&path(&id)), "")
            .await,
        world.make(&admin, &for_globex).await,
        world.make(&admin, &for_all).await,
    ] {
        assert_eq!(refused.code(), (403, "other_tenant"));
    }
    let beyond = json!({"scopes": ["ingest", "read"]});
    let more = world.make(&admin, &beyond).await;
    assert_eq!(more.code(), (403, "insufficient_scope"));
    let listed = world.ask(&admin, "GET", "/api-keys", "").await;
    assert_eq!(listed.ids(), [&*id]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_admin_manages_all_and_says_whose() {
    let world = World::required("platform-").await;
    let all = [Scope::Ingest, Scope::Read, Scope::Admin];
    let (_, admin) = world.key(None, &all).await;
    let vague = world.make(&admin, &json!({"scopes": ["read"]})).await;
    assert_eq!(vague.code(), (400, "tenant_required"));
    let bound = world
        .make(&admin, &json!({"scopes": ["read"], "tenant_id": "acme"}))
        .await;
    assert_eq!(
        (bound.status, &bound.body["tenant_id"]),
        (201, &json!("acme"))
    );
    let by_query = world
        .ask(
            &admin,
            "POST",
            "/api-keys?tenant_id=globex",
            json!({"scopes": ["read"]}).to_string(),
        )
        .await;
    assert_eq!(by_query.body["tenant_id"], "globex");
    let platform = world
        .make(&admin, &json!({"scopes": ["read"], "platform": true}))
        .await;
    assert_eq!(
        (platform.status, &platform.body["tenant_id"]),
        (201, &Value::Null)
    );
    let reader = platform.body["key"].as_str().unwrap();
    let refused = world
        .make(reader, &json!({"scopes": ["read"], "platform": true}))
        .await;
    assert_eq!(refused.code(), (403, "insufficient_scope"));

    let (mut seen, mut path) = (Vec::new(), Some("/api-keys?limit=3".to_owned()));
    while let Some(next) = path {
        let page = world.ask(&admin, "GET", &next, "").await;
        assert!(page.ids().len() <= 3);
        seen.extend(page.ids().iter().map(|id| (*id).to_owned()));
        path = page
            .link
            .map(|link| link[1..link.find('>').unwrap()].to_owned());
    }
    assert_eq!(seen.len(), 4);
    assert_eq!(
        world
            .ask(&admin, "GET", "/api-keys?tenant_id=acme", "")
            .await
            .ids()
            .len(),
        1
    );
    let id = bound.body["id"].as_str().unwrap();
    let path = format!("/api-keys/{id}");
    assert_eq!(world.ask(&admin, "DELETE", &path, "").await.status, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused_and_makes_no_key() {
    let world = World::required("nonsense-").await;
    let (_, admin) = world.key(None, &[Scope::Admin, Scope::Read]).await;
    for wish in [
        json!({"tenant_id": "acme"}),
        json!({"tenant_id": "acme", "scopes": []}),
        json!({"tenant_id": "acme", "scopes": ["Read"]}),
        json!({"tenant_id": "acme", "scopes": "read"}),
        json!({"tenant_id": "", "scopes": ["read"]}),
        json!({"tenant_id": "a\nb", "scopes": ["read"]}),
        json!({"tenant_id": "x".repeat(257), "scopes": ["read"]}),
        json!({"tenant_id": "acme", "scopes": ["read"], "secret": "mine"}),
        json!({"tenant_id": "acme", "scopes": ["read"], "name": "a\u{7}"}),
        json!({"tenant_id": "acme", "scopes": ["read"], "name": "x".repeat(129)}),
        json!({"tenant_id": "acme", "scopes": ["read"], "expires_at": "2020-01-01T00:00:00Z"}),
        json!({"tenant_id": "acme", "scopes": ["read"], "expires_at": "soon"}),
        json!([]),
        json!("x"),
    ] {
        let answer = world.make(&admin, &wish).await;
        assert_eq!(answer.status, 400, "{wish}: {}", answer.body);
    }
    for (body, status) in [
        ("", 400),
        ("{", 400),
        ("\u{fffd}", 400),
        (&*"x".repeat(20_000), 413),
    ] {
        let answer = world
            .ask(&admin, "POST", "/api-keys", body.to_owned())
            .await;
        assert_eq!(answer.status, status);
    }
    for query in [
        "tenant_id=",
        "tenant_id=a&tenant_id=a",
        "limit=0",
        "cursor=x",
        "page=2",
    ] {
        let answer = world
            .ask(&admin, "GET", &format!("/api-keys?{query}"), "")
            .await;
        assert_eq!(answer.status, 400, "{query}");
    }
    assert_eq!(world.ask("", "GET", "/api-keys", "").await.status, 401);
    assert_eq!(world.ask(&admin, "PUT", "/api-keys", "").await.status, 405);
    assert_eq!(
        world.ask(&admin, "GET", "/api-keys", "").await.ids().len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_trusted_machine_keys_can_be_prepared() {
    let world = World::new("off-", Authenticator::off(false)).await;
    let made = world
        .make("", &json!({"scopes": ["ingest"], "tenant_id": "acme"}))
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(world.ask("", "GET", "/api-keys", "").await.ids().len(), 1);
}
