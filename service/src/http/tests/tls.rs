//! HTTPS, with a certificate made for these tests.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use super::*;
use crate::config::TlsArgs;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/http/tests")
        .join(name)
}

fn args(cert: &str, key: &str) -> TlsArgs {
    TlsArgs {
        tls_cert: Some(file(cert)),
        tls_key: Some(file(key)),
    }
}

fn client() -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(file("cert.pem")).unwrap())
        .unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

#[tokio::test]
async fn with_a_certificate_the_port_speaks_https_only() {
    let server = start(|http| http.tls = args("cert.pem", "key.pem")).await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    let name = "localhost".try_into().unwrap();
    let mut stream = client().connect(name, stream).await.unwrap();
    stream.write_all(request("/slow").as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let answer = exchange(server.address, &request("/slow")).await;
    assert!(!answer.starts_with("HTTP/"), "{answer}");
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_cut_off() {
    let server = start(|http| {
        http.tls = args("cert.pem", "key.pem");
        http.http_header_timeout_ms = 200;
    })
    .await;
    let begun = Instant::now();
    exchange(server.address, "").await;
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn files_that_do_not_fit_are_named() {
    for (cert, key, named) in [
        ("nowhere.pem", "key.pem", "nowhere.pem"),
        ("cert.pem", "cert.pem", "private key in"),
        ("key.pem", "key.pem", "certificate in"),
    ] {
        let server = start(|http| http.tls = args(cert, key)).await;
        let error = server.task.await.unwrap().unwrap_err();
        assert!(format!("{error:#}").contains(named), "{error:#}");
    }
}
