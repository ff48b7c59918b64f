//! `POST /events`, on a schedule (`--rate`) or as fast as the connections allow.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::http::Request;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::SendRequest;
use serde_json::json;
use tokio::sync::Mutex;

use crate::connection::connect;
use crate::shape::{Shape, Skew};
use crate::summary::{cpu_seconds, now_us, percentiles};

/// In the ids of bodies made beforehand; each sending writes its own number over it.
const MARK: &str = "zzzzzzzz";
/// A server that does not answer for so long has lost the request.
const ANSWER_MAX: Duration = Duration::from_secs(30);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where to connect.
    #[arg(long)]
    address: SocketAddr,
    /// Events of a request; of one tenant, when there are several.
    #[arg(long, default_value_t = 100)]
    batch: usize,
    /// Events a second; absent = each connection sends its next request when it is answered.
    #[arg(long)]
    rate: Option<f64>,
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Connections at most.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// An API key.
    #[arg(long)]
    key: Option<String>,
    /// Events made beforehand.
    #[arg(long, default_value_t = 100_000)]
    made: usize,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    skew: Skew,
}

/// A body, and where its ids want a number.
struct Template {
    text: Vec<u8>,
    marks: Vec<usize>,
}

impl Template {
    fn new(text: String) -> Self {
        let marks = text.match_indices(MARK).map(|(at, _)| at).collect();
        Self {
            text: text.into_bytes(),
            marks,
        }
    }

    fn body(&self, number: u32) -> Bytes {
        let mut body = self.text.clone();
        let number = format!("{number:08x}");
        for at in &self.marks {
            body[*at..*at + MARK.len()].copy_from_slice(number.as_bytes());
        }
        body.into()
    }
}

struct Plan {
    args: Args,
    templates: Vec<Template>,
    /// Numbers of this load are above that of earlier ones.
    first_number: u32,
    next: AtomicUsize,
    begun: Instant,
}

#[derive(Default)]
struct Measured {
    /// Of accepted requests: from when they were due, and from when they were sent.
    from_due_us: Vec<u64>,
    from_sent_us: Vec<u64>,
    accepted_events: usize,
    statuses: BTreeMap<u16, u64>,
    /// The connection ended, or nothing came back.
    broken: u64,
    /// A 202 that does not accept everything.
    not_accepted: u64,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let now_us = now_us();
    let mut shape = Shape::new(args.seed, MARK, args.skew, i64::try_from(now_us / 1000)?);
    let count = (args.made / args.batch).max(1);
    let templates = (0..count).map(|_| {
        let mut text = String::new();
        if args.batch == 1 {
            shape.next(&mut text);
        } else {
            shape.batch(args.batch, &mut text);
        }
        Template::new(text)
    });
    let templates: Vec<_> = templates.collect();
    let bytes: usize = templates.iter().map(|template| template.text.len()).sum();
    let event_bytes = bytes / (count * args.batch);
    let connections = args.connections;
    let cpu_before = cpu_seconds()?;
    let plan = Arc::new(Plan {
        args,
        templates,
        first_number: u32::try_from(now_us / 100_000 % (1 << 32))?,
        next: AtomicUsize::new(0),
        begun: Instant::now(),
    });
    let measured = Arc::new(Mutex::new(Measured::default()));
    let workers = (0..connections).map(|_| {
        let (plan, measured) = (Arc::clone(&plan), Arc::clone(&measured));
        tokio::spawn(work(plan, measured))
    });
    let workers: Vec<_> = workers.collect();
    for worker in workers {
        worker.await??;
    }
    let seconds = plan.begun.elapsed().as_secs_f64();
    let measured = std::mem::take(&mut *measured.lock().await);
    println!(
        "{}",
        json!({
            "seconds": seconds,
            "cpu_seconds": cpu_seconds()? - cpu_before,
            "event_bytes": event_bytes,
            "accepted_events": measured.accepted_events,
            "statuses": measured.statuses,
            "broken": measured.broken,
            "not_accepted": measured.not_accepted,
            "from_due": percentiles(measured.from_due_us),
            "from_sent": percentiles(measured.from_sent_us),
        })
    );
    Ok(())
}

/// One connection: takes the next due request whenever it is free.
async fn work(plan: Arc<Plan>, measured: Arc<Mutex<Measured>>) -> anyhow::Result<()> {
    let mut own = Measured::default();
    let mut connection = connect(plan.args.address).await?;
    let end = Duration::from_secs_f64(plan.args.seconds);
    loop {
        let n = plan.next.fetch_add(1, Ordering::Relaxed);
        let due = match plan.args.rate {
            #[allow(clippy::cast_precision_loss)]
            Some(rate) => Duration::from_secs_f64((n * plan.args.batch) as f64 / rate),
            None => plan.begun.elapsed(),
        };
        if due >= end {
            break;
        }
        tokio::time::sleep(due.saturating_sub(plan.begun.elapsed())).await;
        if connection.is_closed() {
            connection = connect(plan.args.address).await?;
        }
        let sent = plan.begun.elapsed();
        let answer = exchange(&mut connection, &plan, n);
        match tokio::time::timeout(ANSWER_MAX, answer).await {
            Ok(Ok((status, all_accepted))) => {
                *own.statuses.entry(status).or_default() += 1;
                if status == 202 && all_accepted {
                    let now = plan.begun.elapsed();
                    own.accepted_events += plan.args.batch;
                    own.from_due_us.push(micros(now - due));
                    own.from_sent_us.push(micros(now - sent));
                } else if status == 202 {
                    own.not_accepted += 1;
                }
            }
            Ok(Err(_)) | Err(_) => {
                own.broken += 1;
                connection = connect(plan.args.address).await?;
            }
        }
    }
    let mut all = measured.lock().await;
    all.from_due_us.append(&mut own.from_due_us);
    all.from_sent_us.append(&mut own.from_sent_us);
    all.accepted_events += own.accepted_events;
    all.broken += own.broken;
    all.not_accepted += own.not_accepted;
    for (status, count) in own.statuses {
        *all.statuses.entry(status).or_default() += count;
    }
    Ok(())
}

/// The status, and whether the answer says that nothing was rejected.
async fn exchange(
    connection: &mut SendRequest<Full<Bytes>>,
    plan: &Plan,
    n: usize,
) -> anyhow::Result<(u16, bool)> {
    let round = u32::try_from(n / plan.templates.len())?;
    let body = plan.templates[n % plan.templates.len()].body(plan.first_number.wrapping_add(round));
    let mut request = Request::post("/events")
        .header("host", plan.args.address.to_string())
        .header("content-type", "application/json");
    if let Some(key) = &plan.args.key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    let request = request.body(Full::from(body))?;
    connection.ready().await?;
    let response = connection.send_request(request).await?;
    let status = response.status().as_u16();
    let answer = response.into_body().collect().await?.to_bytes();
    let expected = format!(r#"{{"accepted":{},"rejected":[]}}"#, plan.args.batch);
    Ok((status, *answer == *expected.as_bytes()))
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
