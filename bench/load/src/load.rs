//! Requests on a schedule (`--rate`), or as fast as the connections allow.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::ensure;
use axum::http::Request;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::SendRequest;
use serde_json::json;
use tokio::sync::Mutex;

use crate::connection::connect;
use crate::summary::{now_us, percentiles};

const MARK: &[u8] = b"\"at_us\":";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where to connect.
    #[arg(long)]
    address: SocketAddr,
    /// The path, as in `/openai/v1/chat/completions`.
    #[arg(long)]
    path: String,
    /// Requests a second; absent = each connection sends its next one when it is answered.
    #[arg(long)]
    rate: Option<f64>,
    /// How long.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Connections at most.
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Ask for streams, and measure how long their pieces are under way.
    #[arg(long)]
    stream: bool,
}

#[derive(Default)]
struct Measured {
    /// From when a request was due to its answer's last byte.
    answers_us: Vec<u64>,
    /// From a piece's making to its arrival: the first of each stream, and all.
    firsts_us: Vec<u64>,
    pieces_us: Vec<u64>,
    failed: u64,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let args = Arc::new(args);
    let next = Arc::new(AtomicU64::new(0));
    let measured = Arc::new(Mutex::new(Measured::default()));
    let begun = Instant::now();
    let workers = (0..args.connections).map(|_| {
        tokio::spawn(work(
            Arc::clone(&args),
            Arc::clone(&next),
            Arc::clone(&measured),
            begun,
        ))
    });
    let workers: Vec<_> = workers.collect();
    for worker in workers {
        worker.await??;
    }
    let took = begun.elapsed().as_secs_f64();
    let measured = std::mem::take(&mut *measured.lock().await);
    println!(
        "{}",
        json!({
            "seconds": took,
            "failed": measured.failed,
            "answers": percentiles(measured.answers_us),
            "first_pieces": percentiles(measured.firsts_us),
            "pieces": percentiles(measured.pieces_us),
        })
    );
    Ok(())
}

/// One connection: takes the next due request whenever it is free.
async fn work(
    args: Arc<Args>,
    next: Arc<AtomicU64>,
    measured: Arc<Mutex<Measured>>,
    begun: Instant,
) -> anyhow::Result<()> {
    let mut own = Measured::default();
    let mut connection = connect(args.address).await?;
    let end = Duration::from_secs_f64(args.seconds);
    loop {
        let n = next.fetch_add(1, Ordering::Relaxed);
        let due = match args.rate {
            #[allow(clippy::cast_precision_loss)]
            Some(rate) => Duration::from_secs_f64(n as f64 / rate),
            None => begun.elapsed(),
        };
        if due >= end {
            break;
        }
        tokio::time::sleep(due.saturating_sub(begun.elapsed())).await;
        if exchange(&mut connection, &args, &mut own).await.is_err() {
            own.failed += 1;
            connection = connect(args.address).await?;
            continue;
        }
        let us = (begun.elapsed() - due).as_micros();
        own.answers_us.push(u64::try_from(us).unwrap_or(u64::MAX));
    }
    let mut all = measured.lock().await;
    all.answers_us.append(&mut own.answers_us);
    all.firsts_us.append(&mut own.firsts_us);
    all.pieces_us.append(&mut own.pieces_us);
    all.failed += own.failed;
    Ok(())
}

async fn exchange(
    connection: &mut SendRequest<Full<Bytes>>,
    args: &Args,
    own: &mut Measured,
) -> anyhow::Result<()> {
    let streamed = if args.stream { "true" } else { "false" };
    let body = format!(
        r#"{{"model":"gpt-4o-mini","stream":{streamed},"messages":[{{"role":"system","content":"You are a helpful assistant."}},{{"role":"user","content":"What is the capital of France, and what is it known for?"}}]}}"#
    );
    let request = Request::post(&args.path)
        .header("host", args.address.to_string())
        .header("authorization", "Bearer sk-bench")
        .header("content-type", "application/json")
        .body(Full::from(body))?;
    connection.ready().await?;
    let response = connection.send_request(request).await?;
    ensure!(response.status() == 200, "status {}", response.status());
    let mut body = response.into_body();
    let mut first = true;
    while let Some(frame) = body.frame().await {
        let data = frame?.into_data().unwrap_or_default();
        for at in marks(&data) {
            let us = now_us().saturating_sub(at);
            own.pieces_us.push(us);
            if std::mem::take(&mut first) {
                own.firsts_us.push(us);
            }
        }
    }
    Ok(())
}

/// When the pieces in it were made.
fn marks(data: &[u8]) -> impl Iterator<Item = u64> {
    let starts = data.windows(MARK.len()).enumerate();
    let starts = starts
        .filter(|(_, text)| *text == MARK)
        .map(|(at, _)| at + MARK.len());
    starts.filter_map(|at| {
        let digits = data[at..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        std::str::from_utf8(&data[at..at + digits])
            .ok()?
            .parse()
            .ok()
    })
}
