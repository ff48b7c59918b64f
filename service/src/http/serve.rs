//! Accepting connections, and letting go of them.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::{cors, tls};
use crate::config::HttpArgs;

/// Wait after an accept that failed for want of something (file descriptors, memory).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Opens the port.
///
/// # Errors
/// Says what to do when the port is taken or may not be opened.
pub async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let hint = match error.kind() {
            ErrorKind::AddrInUse => "another process uses it; stop that or set another port",
            ErrorKind::PermissionDenied => "ports below 1024 need privileges; set another port",
            ErrorKind::AddrNotAvailable => "this machine has no such address",
            _ => "check the address",
        };
        anyhow!(error).context(format!("cannot listen on {address}: {hint}"))
    })
}

/// Serves until `shutdown`, then finishes open requests within the drain timeout.
///
/// # Errors
/// When the listener itself fails, or the certificate cannot be used.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    args: &HttpArgs,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let address = listener
        .local_addr()
        .context("the listener has no address")?;
    let server = Arc::new(Server::new(args)?);
    tracing::info!("listening on {}://{address}", args.scheme());
    let router = cors::allow(router, &args.cors_origins);
    let slots = Arc::new(Semaphore::new(args.http_connections_max));
    let graceful = GracefulShutdown::new();
    // Dropped when we return: what has not finished by then ends with us.
    let cut = CancellationToken::new();
    let _cut_at_return = cut.clone().drop_guard();
    loop {
        let slot = tokio::select! {
            () = shutdown.cancelled() => break,
            slot = Arc::clone(&slots).acquire_owned() => slot.context("the server is closed")?,
        };
        let stream = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    if !is_the_peers_fault(&error) {
                        tracing::warn!("cannot accept a connection: {error}");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                    continue;
                }
            },
        };
        let task = connection(
            Arc::clone(&server),
            stream,
            router.clone(),
            graceful.watcher(),
        );
        let cut = cut.clone();
        tokio::spawn(async move {
            cut.run_until_cancelled(task).await;
            drop(slot);
        });
    }
    drop(listener);
    drain(graceful, args.drain_timeout()).await;
    Ok(())
}

/// How connections are spoken to.
struct Server {
    http: http1::Builder,
    tls: Option<TlsAcceptor>,
    /// For the handshake, and for the headers of a request.
    patience: Duration,
}

impl Server {
    /// HTTP/1.1 only: who would speak HTTP/2 stands behind a proxy, and servers that find out
    /// which one a client speaks wait for its first bytes without a limit.
    fn new(args: &HttpArgs) -> anyhow::Result<Self> {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(args.header_timeout());
        Ok(Self {
            http,
            tls: tls::acceptor(&args.tls, &[tls::HTTP1])?,
            patience: args.header_timeout(),
        })
    }
}

async fn connection(server: Arc<Server>, stream: TcpStream, router: Router, watcher: Watcher) {
    // Answers are small: without this the last packet of each waits for the peer's ack.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("cannot set TCP_NODELAY: {error}");
    }
    let Some(tls) = &server.tls else {
        return exchange(&server.http, stream, router, watcher).await;
    };
    match tokio::time::timeout(server.patience, tls.accept(stream)).await {
        Ok(Ok(stream)) => exchange(&server.http, stream, router, watcher).await,
        Ok(Err(error)) => tracing::debug!("a TLS handshake failed: {error}"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
}

async fn exchange(
    http: &http1::Builder,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    watcher: Watcher,
) {
    let service = TowerToHyperService::new(router);
    let serving = http.serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(serving).await {
        tracing::debug!("a connection ended badly: {error}");
    }
}

async fn drain(graceful: GracefulShutdown, within: Duration) {
    let open = graceful.count();
    if open > 0 {
        tracing::info!(open, "finishing open connections");
    }
    if tokio::time::timeout(within, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some requests did not finish within {within:?}: cut off");
    }
}

fn is_the_peers_fault(error: &std::io::Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}
