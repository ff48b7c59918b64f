//! Serves an embedded ClickHouse: `clickhouse DATA_DIR [ADDRESS]`. Prints its
//! address, then runs until a signal stops it.

use std::net::SocketAddr;

use engines::clickhouse::{Config, Server};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let data_dir = arguments
        .next()
        .ok_or_else(|| anyhow::anyhow!("usage: clickhouse DATA_DIR [ADDRESS]"))?;
    let bind: SocketAddr = arguments
        .next()
        .as_deref()
        .unwrap_or("127.0.0.1:0")
        .parse()?;
    let server = Server::start(Config {
        bind,
        data_dir: data_dir.into(),
        ..Config::default()
    })
    .await?;
    #[allow(clippy::print_stdout)] // The one thing its parent reads.
    {
        println!("{}", server.addr());
    }
    let shutdown = CancellationToken::new();
    let stopping = shutdown.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stopping.cancel();
        }
    });
    server.serve(shutdown).await
}
