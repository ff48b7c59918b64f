//! The pools of connections to providers.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context;
use axum::http::Request;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use crate::body::RequestBody;
use crate::config::{Scheme, UpstreamArgs};
use crate::dial::{Dial, Within};
use crate::route::Routes;

/// Calls that one lane takes while others have room. Below what HTTP/2 servers let one
/// connection carry (100 and more), since calls beyond that would wait for one another.
const LANE_CALLS: usize = 90;
/// Lanes; with all of them full the first take more.
const LANES: usize = 64;
/// Idle connections that a lane keeps to one host.
const IDLE_PER_HOST_MAX: usize = 256;
/// HTTP/2 flow control: what may be under way of one response, and of one connection.
const STREAM_WINDOW_BYTES: u32 = 1 << 20;
const CONNECTION_WINDOW_BYTES: u32 = 4 << 20;

type Pool = Client<Within<HttpsConnector<Dial>>, RequestBody>;

/// Sends calls. A pool shares one HTTP/2 connection a host among all its calls, so there are
/// several; HTTP/1.1 connections are one a call anyhow.
#[derive(Debug)]
pub(crate) struct Upstream {
    lanes: Vec<Lane>,
}

#[derive(Debug)]
struct Lane {
    /// HTTP/1.1, or HTTP/2 where TLS agrees on it.
    negotiated: Pool,
    /// HTTP/2 without TLS.
    h2c: Pool,
    calls: Arc<AtomicUsize>,
}

/// A call's place in its lane, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Upstream {
    /// # Errors
    /// When the file of further certificates cannot be read.
    pub(crate) fn new(args: &UpstreamArgs, routes: &Arc<Routes>) -> anyhow::Result<Self> {
        let tls = tls(args.proxy_ca_file.as_deref())?;
        let connector = Within {
            connector: HttpsConnectorBuilder::new()
                .with_tls_config(tls)
                .https_or_http()
                .enable_all_versions()
                .wrap_connector(Dial::new(Arc::clone(routes))),
            timeout: args.connect_timeout(),
        };
        let lane = || Lane {
            negotiated: pool(args, connector.clone(), false),
            h2c: pool(args, connector.clone(), true),
            calls: Arc::default(),
        };
        Ok(Self {
            lanes: std::iter::repeat_with(lane).take(LANES).collect(),
        })
    }

    /// Sends it, once.
    pub(crate) fn send(
        &self,
        scheme: Scheme,
        request: Request<RequestBody>,
    ) -> (Place, ResponseFuture) {
        let free = |lane: &&Lane| lane.calls.load(Ordering::Relaxed) < LANE_CALLS;
        let lane = self.lanes.iter().find(free).unwrap_or(&self.lanes[0]);
        lane.calls.fetch_add(1, Ordering::Relaxed);
        let pool = match scheme {
            Scheme::H2c => &lane.h2c,
            Scheme::Http | Scheme::Https => &lane.negotiated,
        };
        (Place(Arc::clone(&lane.calls)), pool.request(request))
    }
}

fn pool(args: &UpstreamArgs, connector: Within<HttpsConnector<Dial>>, h2c: bool) -> Pool {
    Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(args.pool_idle())
        .pool_max_idle_per_host(IDLE_PER_HOST_MAX)
        .http2_only(h2c)
        .http2_initial_stream_window_size(STREAM_WINDOW_BYTES)
        .http2_initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        // Only of a request of which no byte was written, because its pooled connection turned
        // out to be closed. What may have been sent is never sent again.
        .retry_canceled_requests(true)
        .build(connector)
}

fn tls(ca_file: Option<&Path>) -> anyhow::Result<ClientConfig> {
    let mut roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    if let Some(path) = ca_file {
        let context = || format!("cannot read the certificates in {}", path.display());
        for certificate in CertificateDer::pem_file_iter(path).with_context(context)? {
            roots
                .add(certificate.with_context(context)?)
                .with_context(context)?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("TLS cannot be set up")?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
