//! One HTTP request on a connection of its own: nothing is retried behind a story's back.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<u64>,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A service that lets callers in, and what lets us in.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    pub(crate) port: u16,
    /// `None` where authentication is off.
    pub(crate) key: Option<Arc<str>>,
}

impl Door {
    pub(crate) async fn get(&self, path: &str, patience: Duration) -> anyhow::Result<Answer> {
        let key = self.key.as_deref();
        send(self.port, key, "GET", path, Bytes::new(), patience).await
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        body: Bytes,
        patience: Duration,
    ) -> anyhow::Result<Answer> {
        send(self.port, self.key.as_deref(), "POST", path, body, patience).await
    }
}

pub(crate) async fn get(port: u16, path: &str, patience: Duration) -> anyhow::Result<Answer> {
    send(port, None, "GET", path, Bytes::new(), patience).await
}

pub(crate) async fn post(
    port: u16,
    path: &str,
    body: Bytes,
    patience: Duration,
) -> anyhow::Result<Answer> {
    send(port, None, "POST", path, body, patience).await
}

async fn send(
    port: u16,
    key: Option<&str>,
    method: &str,
    path: &str,
    body: Bytes,
    patience: Duration,
) -> anyhow::Result<Answer> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", format!("127.0.0.1:{port}"))
        .header("connection", "close");
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    let request = request.body(Full::new(body))?;
    tokio::time::timeout(patience, exchange(port, request))
        .await
        .with_context(|| format!("no answer to {method} {path} in {patience:?}"))?
}

async fn exchange(port: u16, request: Request<Full<Bytes>>) -> anyhow::Result<Answer> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let asked = async {
        let answer = sender.send_request(request).await?;
        let (head, body) = answer.into_parts();
        anyhow::Ok((head, body.collect().await?.to_bytes()))
    };
    let driven = async {
        // Its error is the request's too.
        drop(connection.await);
        std::future::pending::<()>().await;
    };
    let (head, body) = tokio::select! {
        answer = asked => answer?,
        () = driven => anyhow::bail!("the connection closed"),
    };
    let retry_after = head.headers.get("retry-after");
    Ok(Answer {
        status: head.status.as_u16(),
        retry_after: retry_after.and_then(|value| value.to_str().ok()?.parse().ok()),
        body,
    })
}
