//! HTTP/1.1 and HTTP/2 on both sides, and connections that bring nothing.

use std::sync::Arc;
use std::time::Duration;

use axum::http::Version;
use http_body_util::BodyExt as _;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use proxy::List;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use service::auth::Authenticator;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{http1, http2, post, send};
use crate::upstream::{Upstream, whole};
use crate::world::{World, allow};

#[tokio::test(flavor = "multi_thread")]
async fn http2_by_prior_knowledge_on_both_sides() {
    let upstream = Upstream::start(|seen| async move { whole(200, seen.body) }).await;
    let base = format!("openai=h2c://{}", upstream.address);
    let world = World::start(Authenticator::off(false), |settings| {
        settings.upstream.proxy_upstreams = List::parse(&base).unwrap();
    })
    .await;
    for client in [http1(), http2()] {
        let calls = (0..50).map(|n| {
            let request = post(&world.url("/openai/v1/x"), &[], n.to_string());
            let client = client.clone();
            async move { (n, send(&client, request).await) }
        });
        for (n, answer) in futures::future::join_all(calls).await {
            assert_eq!(
                (answer.status.as_u16(), &answer.body[..]),
                (200, n.to_string().as_bytes())
            );
        }
    }
    let seen = upstream.seen();
    assert!(seen.iter().all(|seen| seen.version == Version::HTTP_2));
    assert_eq!(seen.len(), 100);
    assert_eq!(world.end().await.len(), 100);
}

fn fixture(name: &str) -> std::path::PathBuf {
    let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    fixtures.join(name)
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_negotiates_http2_and_trusts_only_what_it_is_told() {
    let certificate = fixture("localhost.crt");
    let chain = CertificateDer::pem_file_iter(&certificate).unwrap();
    let chain: Vec<_> = chain.map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(fixture("localhost.key")).unwrap();
    let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(
        rustls::crypto::ring::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_no_client_auth()
    .with_single_cert(chain, key)
    .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let answers = |_| async { whole(200, "secure") };
    let upstream = Upstream::start_with_tls(answers, Some(acceptor)).await;

    let place = format!("localhost:{}", upstream.address.port());
    let target = format!("https://{place}/x");
    let headers = [("X-LLMObserve-Target-URL", target.as_str())];
    let trusting = World::start(Authenticator::off(false), |settings| {
        allow(settings, &place);
        settings.upstream.proxy_ca_file = Some(certificate);
    })
    .await;
    let answer = send(&http1(), post(&trusting.url("/proxy"), &headers, "")).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.body[..]),
        (200, &b"secure"[..])
    );
    assert_eq!(upstream.only().version, Version::HTTP_2);

    let strict = World::start(Authenticator::off(false), |settings| {
        allow(settings, &place)
    })
    .await;
    let answer = send(&http1(), post(&strict.url("/proxy"), &headers, "")).await;
    assert_eq!(answer.status, 502);
    assert_eq!(answer.ours(), Some("upstream_tls_failed"));
    assert_eq!(upstream.seen().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_certificate_clients_call_by_https_in_either_version() {
    let upstream = Upstream::start(|_| async { whole(200, "secure") }).await;
    let world = World::with(&upstream, |settings| {
        settings.http.tls.tls_cert = Some(fixture("localhost.crt"));
        settings.http.tls.tls_key = Some(fixture("localhost.key"));
    })
    .await;
    let mut roots = rustls::RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(fixture("localhost.crt")).unwrap();
    roots.add(certificate).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = || {
        hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(config.clone())
            .https_only()
    };
    let connectors = [
        (connector().enable_http1().build(), Version::HTTP_11),
        (connector().enable_http2().build(), Version::HTTP_2),
    ];
    let url = format!("https://localhost:{}/openai/v1/x", world.address.port());
    for (connector, version) in connectors {
        let client = Client::builder(TokioExecutor::new()).build(connector);
        let answer = client.request(post(&url, &[], "x")).await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.version()), (200, version));
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, &b"secure"[..]);
    }
    let plain = post(&world.url("/openai/v1/x"), &[], "x");
    assert!(http1().request(plain).await.is_err());
    assert_eq!(world.end().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_streams_than_one_http2_connection_carries_do_not_wait_for_one_another() {
    // All answers wait until every call has arrived.
    let all = Arc::new(tokio::sync::Barrier::new(400));
    let upstream = Upstream::start(move |_| {
        let all = Arc::clone(&all);
        async move {
            all.wait().await;
            whole(200, "")
        }
    })
    .await;
    let base = format!("openai=h2c://{}", upstream.address);
    let world = World::start(Authenticator::off(false), |settings| {
        settings.upstream.proxy_upstreams = List::parse(&base).unwrap();
    })
    .await;
    let client = http1();
    let calls = (0..400).map(|_| send(&client, post(&world.url("/openai/v1/x"), &[], "")));
    let answers = futures::future::join_all(calls);
    let answers = tokio::time::timeout(Duration::from_secs(20), answers)
        .await
        .unwrap();
    assert!(answers.iter().all(|answer| answer.status == 200));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_brings_nothing_is_closed() {
    let upstream = Upstream::start(|_| async { whole(200, "") }).await;
    let world = World::with(&upstream, |settings| {
        settings.http.http_header_timeout_ms = 200;
    })
    .await;
    for begin in [
        "",
        "P",
        "PR",
        "POST /openai/v1/x HTTP/1.1\r\nHost:",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(world.address).await.unwrap();
        stream.write_all(begin.as_bytes()).await.unwrap();
        let closed = tokio::time::timeout(Duration::from_secs(10), async {
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
        });
        assert!(closed.await.is_ok(), "{begin:?} keeps its place");
    }
    assert_eq!(world.end().await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_routes_for_operators_are_the_proxys_own() {
    let upstream = Upstream::start(|_| async { whole(200, "") }).await;
    let world = World::at(&upstream).await;
    let answer = send(
        &http1(),
        axum::http::Request::get(world.url("/health"))
            .body(Default::default())
            .unwrap(),
    )
    .await;
    assert_eq!(&answer.body[..], b"well");
    assert_eq!((upstream.seen().len(), world.end().await.len()), (0, 0));
}
