//! Asks a part of ours on this machine how it is.

use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const TIMEOUT: Duration = Duration::from_secs(2);

/// Whether `GET path` at the local `port` is answered 200 in time.
pub(super) async fn is_ok(port: u16, path: &str) -> bool {
    let asked = tokio::time::timeout(TIMEOUT, status_line(port, path)).await;
    matches!(asked, Ok(Ok(line)) if line.starts_with(b"HTTP/1.") && line[8..] == *b" 200")
}

/// The first 12 bytes of the answer, such as `HTTP/1.0 200`. That much HTTP needs no client.
async fn status_line(port: u16, path: &str) -> std::io::Result<[u8; 12]> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut line = [0; 12];
    stream.read_exact(&mut line).await?;
    Ok(line)
}
