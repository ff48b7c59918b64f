#![allow(clippy::unwrap_used, clippy::panic)]
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::config::HttpArgs;

mod browser;
mod tls;

struct Server {
    address: SocketAddr,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<anyhow::Result<()>>,
}

async fn start(adjust: impl FnOnce(&mut HttpArgs)) -> Server {
    let mut args = HttpArgs::on("127.0.0.1:0".parse().unwrap());
    adjust(&mut args);
    let listener = bind(args.bind).await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let router = with_layers(
        Router::new()
            .route(
                "/slow",
                get(async || tokio::time::sleep(Duration::from_millis(400)).await),
            )
            .route("/endless", get(async || std::future::pending::<()>().await))
            .route("/panic", get(async || -> () { panic!("oh no") }))
            .route(
                "/page",
                get(async || ([("cache-control", "max-age=60")], axum::response::Html(""))),
            ),
    );
    let token = shutdown.clone();
    let task = tokio::spawn(async move { serve(listener, router, &args, token).await });
    Server {
        address,
        shutdown,
        task,
    }
}

async fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    answer
}

fn request(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\nX-Request-ID: abc\r\nConnection: close\r\n\r\n")
}

#[tokio::test]
async fn what_no_route_answers_is_a_problem_with_an_id() {
    let server = start(|_| ()).await;
    let answer = exchange(server.address, &request("/nowhere")).await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    assert!(answer.contains("application/problem+json") && answer.contains("x-request-id: abc"));
    let answer = exchange(server.address, &request("/slow").replace("GET", "POST")).await;
    assert!(answer.starts_with("HTTP/1.1 405") && answer.contains("method_not_allowed"));
}

#[tokio::test]
async fn a_panic_is_a_500_that_tells_nothing() {
    let server = start(|_| ()).await;
    let answer = exchange(server.address, &request("/panic")).await;
    assert!(
        answer.starts_with("HTTP/1.1 500") && !answer.contains("oh no"),
        "{answer}"
    );
}

#[tokio::test]
async fn shutdown_finishes_open_requests_and_takes_no_new_ones() {
    let server = start(|_| ()).await;
    let address = server.address;
    let open = tokio::spawn(async move { exchange(address, &request("/slow")).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.shutdown.cancel();
    assert!(open.await.unwrap().starts_with("HTTP/1.1 200"));
    server.task.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn shutdown_does_not_wait_longer_than_its_deadline() {
    let server = start(|args| args.http_drain_timeout_ms = 200).await;
    let address = server.address;
    tokio::spawn(async move { exchange(address, &request("/endless")).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let begun = Instant::now();
    server.shutdown.cancel();
    server.task.await.unwrap().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn headers_that_never_end_are_cut_off() {
    let server = start(|args| args.http_header_timeout_ms = 200).await;
    let begun = Instant::now();
    exchange(server.address, "GET / HTTP/1.1\r\nHost: x\r\n").await;
    exchange(server.address, "").await;
    exchange(server.address, "PRI").await;
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_taken_port_says_what_to_do() {
    let server = start(|_| ()).await;
    let error = bind(server.address).await.unwrap_err();
    assert!(
        format!("{error:#}").contains("another process uses it"),
        "{error:#}"
    );
}
