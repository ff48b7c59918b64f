//! Connections from clients: HTTP/1.1 or HTTP/2, as TLS agrees on where there is a certificate,
//! else told apart by the first bytes. A connection that brings nothing does not keep its place.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context;
use http_body_util::Either;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use service::config::HttpArgs;
use service::http::tls;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::serve::Proxy;

/// Wait after an accept that failed for want of something (file descriptors, memory).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How HTTP/2 begins; no method of HTTP/1.1 begins so.
const PREFACE: &[u8] = b"PRI ";
/// Between looks at first bytes that are not enough yet.
const PEEK_PAUSE: Duration = Duration::from_millis(5);
/// Calls at once on one HTTP/2 connection.
const STREAMS_MAX: u32 = 256;
/// HTTP/2 flow control: what may be under way of one request, and of one connection.
const STREAM_WINDOW_BYTES: u32 = 1 << 20;
const CONNECTION_WINDOW_BYTES: u32 = 4 << 20;
/// A peer that does not answer pings is gone.
const PING_INTERVAL: Duration = Duration::from_secs(20);

/// Serves until `shutdown`, then finishes calls under way within the drain timeout.
pub(crate) async fn serve(
    listener: TcpListener,
    proxy: Proxy,
    args: &HttpArgs,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let address = listener
        .local_addr()
        .context("the listener has no address")?;
    let tls = tls::acceptor(&args.tls, &[tls::HTTP2, tls::HTTP1])?;
    tracing::info!("listening on {}://{address}", args.scheme());
    let slots = Arc::new(Semaphore::new(args.http_connections_max));
    let mut connections = JoinSet::new();
    loop {
        let accepted = async {
            let slot = Arc::clone(&slots).acquire_owned().await;
            (slot, listener.accept().await)
        };
        let (slot, stream) = tokio::select! {
            () = shutdown.cancelled() => break,
            (slot, accepted) = accepted => match accepted {
                Ok((stream, _)) => (slot.context("the server is closed")?, stream),
                Err(error) => {
                    tracing::debug!("cannot accept a connection: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        let connection = Connection {
            proxy: proxy.clone(),
            tls: tls.clone(),
            idle_max: args.header_timeout(),
            shutdown: shutdown.clone(),
            calls: Arc::default(),
            calls_ever: Arc::default(),
        };
        connections.spawn(async move {
            connection.serve(stream).await;
            drop(slot);
        });
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    let within = args.drain_timeout();
    let all_end = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(within, all_end).await.is_err() {
        tracing::warn!("some calls did not finish within {within:?}: cut off");
        connections.shutdown().await;
    }
    Ok(())
}

type Stream = Either<TcpStream, Box<TlsStream<TcpStream>>>;

struct Connection {
    proxy: Proxy,
    tls: Option<TlsAcceptor>,
    /// How long it may stay without a call, or take for one's head.
    idle_max: Duration,
    shutdown: CancellationToken,
    /// Of this connection: under way, and ever.
    calls: Arc<AtomicUsize>,
    calls_ever: Arc<AtomicUsize>,
}

impl Connection {
    async fn serve(self, stream: TcpStream) {
        // Small pieces of a stream go out at once.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!("cannot set TCP_NODELAY: {error}");
        }
        let begun = tokio::select! {
            () = self.shutdown.cancelled() => return,
            begun = tokio::time::timeout(self.idle_max, begin(self.tls.as_ref(), stream)) => begun,
        };
        match begun {
            Ok(Ok((Either::Left(plain), is_http2))) => self.answer(plain, is_http2).await,
            Ok(Ok((Either::Right(secure), is_http2))) => self.answer(secure, is_http2).await,
            Ok(Err(error)) => tracing::debug!("a connection did not begin: {error}"),
            Err(_) => {}
        }
    }

    async fn answer<S>(self, stream: S, is_http2: bool)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (proxy, calls) = (self.proxy.clone(), Arc::clone(&self.calls));
        let calls_ever = Arc::clone(&self.calls_ever);
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let (proxy, counted) = (proxy.clone(), Counted::begin(&calls));
            calls_ever.fetch_add(1, Ordering::Relaxed);
            async move {
                let answer = proxy.answer(request).await;
                drop(counted);
                Ok::<_, std::convert::Infallible>(answer)
            }
        });
        let stream = TokioIo::new(stream);
        let ended = if is_http2 {
            let connection = http2().serve_connection(stream, service);
            self.drive(connection)
                .await
                .map_err(|error| error.to_string())
        } else {
            let connection = self.http1().serve_connection(stream, service);
            self.drive(connection)
                .await
                .map_err(|error| error.to_string())
        };
        if let Err(error) = ended {
            tracing::debug!("a connection ended badly: {error}");
        }
    }

    fn http1(&self) -> http1::Builder {
        let mut server = http1::Builder::new();
        server
            .timer(TokioTimer::new())
            .header_read_timeout(self.idle_max);
        server
    }

    /// Until it ends; asks it to end at shutdown, and when no call was made for a while.
    async fn drive<C: GracefulConnection>(self, connection: C) -> Result<(), C::Error> {
        let mut connection = std::pin::pin!(connection);
        let calls_ever = Arc::clone(&self.calls_ever);
        // What is seldom is waited for elsewhere: here it would be looked at with every packet.
        let mut due = AbortOnDropHandle::new(tokio::spawn(self.due()));
        let mut closing = false;
        loop {
            tokio::select! {
                biased;
                ended = connection.as_mut() => return ended,
                _ = &mut due, if !closing => {
                    closing = true;
                    // Not even its handshake may be done: there is nothing to end in order.
                    if calls_ever.load(Ordering::Relaxed) == 0 {
                        return Ok(());
                    }
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }

    /// Returns when the connection is to end.
    async fn due(self) {
        tokio::select! {
            () = self.shutdown.cancelled() => {}
            () = self.idle() => {}
        }
    }

    /// Returns when no call was seen for the time that a connection may be idle.
    async fn idle(&self) {
        let mut quiet = false;
        loop {
            tokio::time::sleep(self.idle_max).await;
            let now_quiet = self.calls.load(Ordering::Relaxed) == 0;
            if quiet && now_quiet {
                return;
            }
            quiet = now_quiet;
        }
    }
}

fn http2() -> http2::Builder<TokioExecutor> {
    let mut server = http2::Builder::new(TokioExecutor::new());
    server
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_INTERVAL);
    server
}

/// The stream of requests, and whether they come by HTTP/2.
async fn begin(tls: Option<&TlsAcceptor>, stream: TcpStream) -> std::io::Result<(Stream, bool)> {
    let Some(tls) = tls else {
        let is_http2 = begins_as_http2(&stream).await?;
        return Ok((Either::Left(stream), is_http2));
    };
    let stream = tls.accept(stream).await?;
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(tls::HTTP2);
    Ok((Either::Right(Box::new(stream)), is_http2))
}

/// Looks at the first bytes without taking them. An error: the client is gone.
async fn begins_as_http2(stream: &TcpStream) -> std::io::Result<bool> {
    let mut first = [0; PREFACE.len()];
    loop {
        let seen = stream.peek(&mut first).await?;
        if seen == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if first[..seen] != PREFACE[..seen] {
            return Ok(false);
        }
        if seen == PREFACE.len() {
            return Ok(true);
        }
        tokio::time::sleep(PEEK_PAUSE).await;
    }
}

/// Counts a request while it is answered.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn begin(calls: &Arc<AtomicUsize>) -> Self {
        calls.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(calls))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
