//! Getting the JWK Set from where the issuer publishes it, or from a file.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, anyhow, ensure};
use axum::http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::keys::KeySet;

/// Until the whole set is here.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Longest set.
const BYTES_MAX: usize = 1 << 20;

type HttpClient = Client<HttpsConnector<HttpConnector>, Empty<Bytes>>;

/// A place on the network, and the way there.
#[derive(Debug)]
pub(super) struct Published {
    uri: Uri,
    client: HttpClient,
}

/// Where the keys are.
#[derive(Debug)]
pub(super) enum Source {
    File(PathBuf),
    Url(Box<Published>),
}

impl Source {
    /// A URL when it looks like one, else a file.
    ///
    /// # Errors
    /// When it looks like a URL and is none.
    pub(super) fn new(place: &str) -> anyhow::Result<Self> {
        if !place.contains("://") {
            return Ok(Self::File(place.into()));
        }
        let uri: Uri = place
            .parse()
            .with_context(|| format!("LLMOBSERVE_JWT_JWKS is no URL: {place}"))?;
        let scheme = uri.scheme_str().unwrap_or_default();
        ensure!(
            ["http", "https"].contains(&scheme),
            "LLMOBSERVE_JWT_JWKS is neither http://…, https://… nor a file: {place}"
        );
        if scheme == "http" && !is_loopback(&uri) {
            tracing::warn!(
                "{place} is not https: whoever is on the way can put keys of their own in place \
                 of the issuer's"
            );
        }
        let tls = hyper_rustls::HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())?
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new()).build(tls);
        Ok(Self::Url(Box::new(Published { uri, client })))
    }

    /// The keys that are there now.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) async fn fetch(&self) -> anyhow::Result<KeySet> {
        let Self::Url(published) = self else {
            return self.read_file();
        };
        let got = tokio::time::timeout(TIMEOUT, get(&published.client, &published.uri)).await;
        let text = got.map_err(|_| anyhow!("no answer within {TIMEOUT:?}"))??;
        KeySet::parse(&text).map_err(|error| anyhow!(error))
    }

    /// The keys in the file.
    ///
    /// # Errors
    /// As [`Self::fetch`]; for a URL always.
    pub(super) fn read_file(&self) -> anyhow::Result<KeySet> {
        let Self::File(path) = self else {
            return Err(anyhow!("not a file"));
        };
        let text = std::fs::read(path)
            .with_context(|| format!("cannot read the file {}", path.display()))?;
        KeySet::parse(&text).map_err(|error| anyhow!(error).context(path.display().to_string()))
    }
}

/// Redirects are not followed: the setting names the place itself.
async fn get(client: &HttpClient, uri: &Uri) -> anyhow::Result<Bytes> {
    let request = Request::get(uri)
        .header(header::ACCEPT, "application/jwk-set+json, application/json")
        .header(header::USER_AGENT, "llmobserve")
        .body(Empty::new())?;
    let response = client.request(request).await?;
    let status = response.status();
    ensure!(status == StatusCode::OK, "the answer is {status}");
    let body = Limited::new(response.into_body(), BYTES_MAX);
    let body = body.collect().await.map_err(|error| anyhow!(error))?;
    Ok(body.to_bytes())
}

fn is_loopback(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}
