//! HTTPS, where a certificate is configured.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, ensure};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::config::TlsArgs;

/// HTTP/2 as TLS names it, for those that speak it.
pub const HTTP2: &[u8] = b"h2";
/// HTTP/1.1, likewise.
pub const HTTP1: &[u8] = b"http/1.1";

/// What answers a client's handshake, in one of these protocols, dearest first; `None` without a
/// certificate.
///
/// # Errors
/// When a file cannot be read, or the key is not the certificate's.
pub fn acceptor(args: &TlsArgs, protocols: &[&[u8]]) -> anyhow::Result<Option<TlsAcceptor>> {
    let (Some(cert), Some(key)) = (&args.tls_cert, &args.tls_key) else {
        return Ok(None);
    };
    let chain = certificates(cert)
        .with_context(|| format!("cannot use the certificate in {}", cert.display()))?;
    let mut config = PrivateKeyDer::from_pem_file(key)
        .map_err(anyhow::Error::new)
        .and_then(|key| server(chain, key))
        .with_context(|| format!("cannot use the private key in {}", key.display()))?;
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}

fn certificates(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let chain = CertificateDer::pem_file_iter(path)?.collect::<Result<Vec<_>, _>>()?;
    ensure!(!chain.is_empty(), "the file holds no certificate in PEM");
    Ok(chain)
}

/// TLS 1.2 and 1.3, with the library's own choice of ciphers.
fn server(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> anyhow::Result<ServerConfig> {
    let provider = Arc::new(ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok(config)
}
