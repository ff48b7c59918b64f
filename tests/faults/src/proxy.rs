//! A TCP proxy on a link between two parts, which misbehaves when told to.

mod relay;

use std::time::Duration;

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What a link does with bytes, switchable at any time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Pass,
    /// Open connections are closed, new ones closed at once.
    Refuse,
    /// Half-open: connections stand, nothing passes either way. What was sent
    /// meanwhile passes afterwards, as after a network's outage.
    BlackHole,
    Slow {
        bytes_per_second: u32,
        latency: Duration,
    },
    /// What clients send on connections that stand now is kept and delivered when the mode
    /// changes, although the client may have gone. Later connections pass.
    Late,
    /// Requests pass, answers are dropped; such connections are closed afterwards.
    DropAnswers,
    /// Every HTTP request is answered with this status, and goes nowhere.
    Answer(u16),
}

/// One link. It ends with the runtime.
#[derive(Debug)]
pub(crate) struct Link {
    name: String,
    /// Where clients connect.
    pub(crate) port: u16,
    mode: watch::Sender<Mode>,
}

impl Link {
    pub(crate) async fn open(name: String, port: u16, target: u16) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await;
        let listener = listener.with_context(|| format!("link {name}: port {port}"))?;
        let (mode, modes) = watch::channel(Mode::Pass);
        tokio::spawn(async move {
            loop {
                // Fails when file handles run out; those of closed connections come back.
                match listener.accept().await {
                    Ok((client, _)) => drop(tokio::spawn(carry(client, target, modes.clone()))),
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                }
            }
        });
        Ok(Self { name, port, mode })
    }

    pub(crate) fn set(&self, mode: Mode) {
        tracing::info!(link = self.name, ?mode, "link");
        self.mode.send_replace(mode);
    }
}

async fn carry(client: TcpStream, target: u16, mut mode: watch::Receiver<Mode>) {
    let opened_in = *mode.borrow_and_update();
    match opened_in {
        Mode::Refuse => return,
        Mode::Answer(status) => return answer(client, status).await,
        Mode::BlackHole => {
            let passes = |mode: &Mode| *mode != Mode::BlackHole;
            if mode.wait_for(passes).await.is_err() {
                return;
            }
        }
        _ => {}
    }
    if let Ok(server) = TcpStream::connect(("127.0.0.1", target)).await {
        // Latency is ours to add, not Nagle's.
        drop((client.set_nodelay(true), server.set_nodelay(true)));
        relay::run(client, server, mode, opened_in != Mode::Late).await;
    }
}

/// Reads a request's head and refuses it. The body may be cut off: that is part of the fault.
async fn answer(mut client: TcpStream, status: u16) {
    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match client.read(&mut buffer).await {
            Ok(n) if n > 0 => head.extend_from_slice(&buffer[..n]),
            _ => return,
        }
    }
    let body = "injected fault";
    let text = format!(
        "HTTP/1.1 {status} Injected\r\ncontent-type: text/plain\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    drop(client.write_all(text.as_bytes()).await);
    drop(client.shutdown().await);
    // Whatever is unread would turn the close into a reset and eat the answer.
    let rest = async { while matches!(client.read(&mut buffer).await, Ok(n) if n > 0) {} };
    drop(tokio::time::timeout(Duration::from_secs(2), rest).await);
}
