//! Connections to upstreams: the name is looked up once, each address is checked, and the
//! connection goes to one that was checked. Nothing looks the name up again in between, so a
//! name server cannot answer differently the second time.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::http::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower::Service;

use crate::address::{Reach, reach};
use crate::config::{Place, plain};
use crate::route::Routes;

/// Addresses of one name that are tried.
const ADDRESSES_MAX: usize = 8;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DialError {
    #[error("the name cannot be looked up: {0}")]
    Lookup(io::Error),
    #[error("its addresses are private, and no setting names the host")]
    Refused,
    #[error("cannot connect: {0}")]
    Connect(io::Error),
    #[error("no connection in time")]
    Timeout,
}

/// Opens connections that the rules allow.
#[derive(Debug, Clone)]
pub(crate) struct Dial {
    routes: Arc<Routes>,
}

impl Dial {
    pub(crate) fn new(routes: Arc<Routes>) -> Self {
        Self { routes }
    }

    async fn dial(self, uri: Uri) -> Result<TokioIo<TcpStream>, DialError> {
        let place = Place {
            host: plain(uri.host().unwrap_or_default()),
            port: uri.port_u16().unwrap_or(match uri.scheme_str() {
                Some("https") => 443,
                _ => 80,
            }),
        };
        let mut failed = DialError::Refused;
        for address in self.addresses(&place).await? {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    // A call's last packet would wait for the provider's ack.
                    stream.set_nodelay(true).map_err(DialError::Connect)?;
                    return Ok(TokioIo::new(stream));
                }
                Err(error) => failed = DialError::Connect(error),
            }
        }
        Err(failed)
    }

    /// The addresses that may be connected to.
    async fn addresses(&self, place: &Place) -> Result<Vec<SocketAddr>, DialError> {
        if let Ok(literal) = place.host.parse::<IpAddr>() {
            let allowed = reach(literal) == Reach::Public || self.routes.lists(place);
            let address = SocketAddr::new(literal, place.port);
            return Ok(allowed.then_some(address).into_iter().collect());
        }
        let listed = self.routes.lists(place);
        let found = tokio::net::lookup_host((place.host.as_str(), place.port)).await;
        let allowed =
            found
                .map_err(DialError::Lookup)?
                .filter(|address| match reach(address.ip()) {
                    Reach::Public => true,
                    Reach::Private => listed,
                    Reach::Special => false,
                });
        Ok(allowed.take(ADDRESSES_MAX).collect())
    }
}

impl Service<Uri> for Dial {
    type Response = TokioIo<TcpStream>;
    type Error = DialError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, DialError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), DialError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().dial(uri))
    }
}

/// A connector that must be done in time, the TLS handshake included.
#[derive(Debug, Clone)]
pub(crate) struct Within<C> {
    pub(crate) connector: C,
    pub(crate) timeout: Duration,
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl<C> Service<Uri> for Within<C>
where
    C: Service<Uri>,
    C::Error: Into<BoxError>,
    C::Future: Send + 'static,
{
    type Response = C::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<C::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connector.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.connector.call(uri);
        let timeout = self.timeout;
        Box::pin(async move {
            match tokio::time::timeout(timeout, connecting).await {
                Ok(connected) => connected.map_err(Into::into),
                Err(_) => Err(DialError::Timeout.into()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config::{List, Settings};

    async fn refusal(listed: &str, target: &str) -> DialError {
        let mut args = Settings::default().upstream;
        args.proxy_allowed_hosts = List::parse(listed).unwrap();
        let dial = Dial::new(Arc::new(Routes::new(&args)));
        dial.dial(target.parse().unwrap()).await.unwrap_err()
    }

    /// Where a route let a name through: what it leads to is asked again here.
    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_refused_unless_it_is_listed() {
        let refused = |error: DialError| matches!(error, DialError::Refused);
        assert!(refused(refusal("", "http://localhost:1/").await));
        assert!(refused(refusal("127.0.0.1:1", "http://localhost:1/").await));
        assert!(refused(refusal("localhost:2", "http://localhost:1/").await));
        assert!(refused(refusal("", "http://127.0.0.1:1/").await));
        assert!(refused(refusal("", "http://[::ffff:127.0.0.1]:1/").await));
        assert!(refused(
            refusal("localhost", "http://169.254.169.254/").await
        ));
        // Listed: tried, and nobody answers on this port.
        let tried = |error: DialError| matches!(error, DialError::Connect(_));
        assert!(tried(refusal("localhost", "http://localhost:1/").await));
        assert!(tried(refusal("127.0.0.1", "http://127.0.0.1:1/").await));
    }
}
