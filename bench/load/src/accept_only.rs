//! The least that an HTTP endpoint for events can do: parse the body, answer 202.

use std::net::{Ipv4Addr, SocketAddr};

use axum::http::StatusCode;
use axum::routing::post;
use axum::serve::ListenerExt as _;
use axum::{Json, Router};
use serde_json::Value;
use tokio::net::TcpListener;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Port on 127.0.0.1.
    #[arg(long)]
    port: u16,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port));
        let listener = TcpListener::bind(address).await?.tap_io(|stream| {
            // As ours: answers are small.
            let _ = stream.set_nodelay(true);
        });
        let routes = Router::new().route("/events", post(accept));
        axum::serve(listener, routes).await?;
        Ok(())
    })
}

async fn accept(Json(event): Json<Value>) -> (StatusCode, Json<Value>) {
    let accepted = event.as_array().map_or(1, Vec::len);
    let answer = serde_json::json!({ "accepted": accepted, "rejected": [] });
    (StatusCode::ACCEPTED, Json(answer))
}
