//! The whole role over HTTP: settings, health, and how it ends.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use clap::Parser;
use engines::testing::kafka;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::broker::{count_by_id, stored};
use crate::support::event;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    config: ingest::Config,
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// The answer, or `None` when the connection was refused or broke.
async fn http(port: u16, head: &str, body: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    let request = format!(
        "{head} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    (!answer.is_empty()).then_some(answer)
}

async fn until_ready(port: u16) {
    let begun = Instant::now();
    while !http(port, "GET /ready", "")
        .await
        .is_some_and(|a| a.starts_with("HTTP/1.1 200"))
    {
        assert!(begun.elapsed() < Duration::from_secs(60), "never ready");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Sends until the port closes; remembers what was answered with 202.
async fn client(port: u16, name: usize, accepted: Arc<Mutex<Vec<String>>>) {
    for i in 0.. {
        let id = format!("{name}-{i}");
        let Some(answer) = http(port, "POST /events", &event(&id).to_string()).await else {
            return;
        };
        assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
        accepted.lock().unwrap().push(id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_shutdown_every_202_that_was_given_is_on_the_topic() {
    let port = free_port();
    let metrics_port = free_port();
    let flags = [
        "ingest".to_owned(),
        format!("--kafka-brokers={}", kafka().await.bootstrap),
        format!("--bind=127.0.0.1:{port}"),
        format!("--metrics-port={metrics_port}"),
        "--auth=off".to_owned(),
        "--kafka-config=statistics.interval.ms=0;log.connection.close=false".to_owned(),
        "--events-topic=role-events".to_owned(),
    ];
    let config = Cli::parse_from(flags).config;
    let kafka = config.kafka.clone();
    let shutdown = CancellationToken::new();
    let role = tokio::spawn(ingest::run(config, shutdown.clone()));
    until_ready(port).await;
    until_ready(metrics_port).await;

    let accepted = Arc::new(Mutex::new(Vec::new()));
    let clients: Vec<_> = (0..8)
        .map(|name| tokio::spawn(client(port, name, Arc::clone(&accepted))))
        .collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let metrics = http(metrics_port, "GET /metrics", "").await.unwrap();
    assert!(
        metrics.contains("llmobserve_ingest_events_accepted_total"),
        "{metrics}"
    );
    shutdown.cancel();
    for client in clients {
        client.await.unwrap();
    }
    role.await.unwrap().unwrap();
    let stored = tokio::task::spawn_blocking(move || stored(&kafka))
        .await
        .unwrap();
    let counts = count_by_id(&stored);
    let accepted = accepted.lock().unwrap();
    assert!(accepted.len() > 100, "only {} in a second", accepted.len());
    for id in accepted.iter() {
        assert_eq!(counts.get(id), Some(&1), "{id}");
    }
}

#[tokio::test]
async fn an_open_port_on_the_network_is_refused() {
    let flags = ["ingest", "--auth=off", "--bind=0.0.0.0:0"];
    let config = Cli::parse_from(flags).config;
    let error = ingest::run(config, CancellationToken::new())
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("--insecure-allow-remote"),
        "{error}"
    );
}
