//! The least that an HTTP endpoint for events can do: parse the body, answer 202; with
//! `--brokers` after Kafka has acknowledged what came, produced as rdkafka's users do.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context as _;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::serve::ListenerExt as _;
use axum::{Json, Router};
use bytes::Bytes;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::util::Timeout;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::{produce, until_told};

/// Of its own: what came is no record of ours.
const TOPIC: &str = "bench.accepted";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Port on 127.0.0.1.
    #[arg(long)]
    port: u16,
    /// Kafka's addresses, to answer only when each event is acknowledged there.
    #[arg(long)]
    brokers: Option<String>,
    /// Of the topic that is made there.
    #[arg(long, default_value_t = 4)]
    partitions: i32,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    tokio::runtime::Runtime::new()?.block_on(until_told(serve(args)))
}

async fn serve(args: &Args) -> anyhow::Result<()> {
    let routes = match &args.brokers {
        None => Router::new().route("/events", post(accept)),
        Some(brokers) => Router::new()
            .route("/events", post(produce_and_accept))
            .with_state(producer(brokers, args.partitions).await?),
    };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port));
    let listener = TcpListener::bind(address).await?.tap_io(|stream| {
        // As ours: answers are small.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, routes).await?;
    Ok(())
}

async fn accept(Json(event): Json<Value>) -> (StatusCode, Json<Value>) {
    let accepted = event.as_array().map_or(1, Vec::len);
    (StatusCode::ACCEPTED, answer(accepted))
}

/// One event a request.
async fn produce_and_accept(
    State(producer): State<FutureProducer>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), StatusCode> {
    let event: Value = serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    let tenant = event["tenant_id"].as_str().unwrap_or_default();
    let record = FutureRecord::to(TOPIC).key(tenant).payload(&body[..]);
    match producer.send(record, Timeout::Never).await {
        Ok(_) => Ok((StatusCode::ACCEPTED, answer(1))),
        Err(_) => Err(StatusCode::SERVICE_UNAVAILABLE),
    }
}

fn answer(accepted: usize) -> Json<Value> {
    Json(serde_json::json!({ "accepted": accepted, "rejected": [] }))
}

async fn producer(brokers: &str, partitions: i32) -> anyhow::Result<FutureProducer> {
    let config = produce::config(brokers);
    let admin: AdminClient<DefaultClientContext> = config.create()?;
    let topic = NewTopic::new(TOPIC, partitions, TopicReplication::Fixed(1));
    let made = admin.create_topics(&[topic], &AdminOptions::new()).await?;
    for topic in made {
        topic.map_err(|(name, error)| anyhow::anyhow!("{name}: {error}"))?;
    }
    config.create().context("the producer")
}
