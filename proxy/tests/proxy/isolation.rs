//! Whose call it is: decided before it is made.

use secrecy::ExposeSecret;
use service::auth::{ApiKey, Authenticator, Binding, Keyring, Scope, Scopes};

use crate::client::{http1, post, send};
use crate::upstream::{Upstream, whole};
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_needed_and_says_whose_call_it_is() {
    let upstream = Upstream::start(|_| async { whole(200, "") }).await;
    let keyring = Keyring::default();
    let key = ApiKey::generate().unwrap();
    keyring.insert(key.record(Binding::Platform, Scopes::of(&[Scope::Ingest])));
    let reading = ApiKey::generate().unwrap();
    keyring.insert(reading.record(Binding::Platform, Scopes::of(&[Scope::Read])));
    let base = format!("openai=http://{}", upstream.address);
    let world = World::start(Authenticator::required(keyring), |settings| {
        settings.upstream.proxy_upstreams = proxy::List::parse(&base).unwrap();
    })
    .await;
    let url = world.url("/openai/v1/chat/completions");
    let (key, reading) = (key.expose(), reading.expose());
    let cases: [(&[(&str, &str)], u16); 5] = [
        (&[], 401),
        // The provider's key is not ours, nor ours the provider's.
        (&[("Authorization", key.expose_secret())], 401),
        (&[("X-LLMObserve-Api-Key", "llmo_sk_no_no")], 401),
        (&[("X-LLMObserve-Api-Key", reading.expose_secret())], 403),
        (
            &[
                ("X-LLMObserve-Api-Key", key.expose_secret()),
                ("X-LLMObserve-Tenant-ID", "acme"),
                ("Authorization", "Bearer vendor"),
            ],
            200,
        ),
    ];
    for (headers, status) in cases {
        let answer = send(&http1(), post(&url, headers, "{}")).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.ours().is_some(), status != 200);
    }
    let seen = upstream.only();
    assert_eq!(seen.headers["authorization"], "Bearer vendor");
    assert!(!format!("{seen:?}").contains("llmo_sk"));
    let events = world.end().await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].tenant_id, "acme");
    assert!(!events[0].ingest_key_id.is_empty());
}

/// A provider may have tenants, too: what its URL says is said to the provider.
#[tokio::test(flavor = "multi_thread")]
async fn a_providers_own_tenant_is_none_of_ours() {
    let upstream = Upstream::start(|_| async { whole(200, "") }).await;
    let keyring = Keyring::default();
    let key = ApiKey::generate().unwrap();
    let bound = key.bound("acme", Scopes::of(&[Scope::Ingest]));
    keyring.insert(bound.unwrap());
    let base = format!("openai=http://{}", upstream.address);
    let world = World::start(Authenticator::required(keyring), |settings| {
        settings.upstream.proxy_upstreams = proxy::List::parse(&base).unwrap();
    })
    .await;
    let url = world.url("/openai/v1/chat/completions?tenant_id=vendors");
    let key = key.expose();
    let ours = [("X-LLMObserve-Api-Key", key.expose_secret())];
    let answer = send(&http1(), post(&url, &ours, "{}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(
        upstream.only().uri,
        "/v1/chat/completions?tenant_id=vendors"
    );
    assert_eq!(world.end().await[0].tenant_id, "acme");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_authentication_web_pages_of_others_are_refused() {
    let upstream = Upstream::start(|_| async { whole(200, "") }).await;
    let world = World::at(&upstream).await;
    let url = world.url("/openai/v1/chat/completions");
    for headers in [("Host", "evil.example"), ("Origin", "http://evil.example")] {
        let answer = send(&http1(), post(&url, &[headers], "{}")).await;
        assert_eq!(answer.ours(), Some("untrusted_origin"));
    }
    assert_eq!((upstream.seen().len(), world.end().await.len()), (0, 0));
}
