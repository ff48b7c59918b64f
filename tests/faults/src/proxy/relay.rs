//! The two directions of one connection.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;

use super::Mode;

const CHUNK: usize = 64 * 1024;
/// How long a server gets to act on bytes whose sender has gone.
const ORPHAN_MAX: Duration = Duration::from_secs(10);

/// Carries bytes until both sides are done. `may_be_late`: not opened in [`Mode::Late`].
pub(super) async fn run(
    client: TcpStream,
    server: TcpStream,
    mode: watch::Receiver<Mode>,
    may_be_late: bool,
) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let down = down(from_server, to_client, mode.clone());
    let up = up(from_client, to_server, mode, may_be_late);
    tokio::pin!(up, down);
    tokio::select! {
        // The server has closed, or the fault says so.
        () = &mut down => {}
        still_open = &mut up => if let Some(to_server) = still_open {
            drop(tokio::time::timeout(ORPHAN_MAX, down).await);
            drop(to_server);
        }
    }
}

fn closes(mode: Mode) -> bool {
    matches!(mode, Mode::Refuse | Mode::Answer(_))
}

/// From client to server. Gives back the open server's half when the client has ended.
async fn up(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut mode: watch::Receiver<Mode>,
    may_be_late: bool,
) -> Option<OwnedWriteHalf> {
    let mut buffer = vec![0; CHUNK];
    let mut held = Vec::new();
    let mut ended = false;
    loop {
        let now = *mode.borrow_and_update();
        if closes(now) {
            return None;
        }
        let late = may_be_late && now == Mode::Late;
        if !late && now != Mode::BlackHole && !held.is_empty() {
            to.write_all(&held).await.ok()?;
            if ended {
                return Some(to); // late bytes of a client that has gone
            }
            held.clear();
        }
        if now == Mode::BlackHole || ended {
            mode.changed().await.ok()?;
            continue;
        }
        let read = tokio::select! {
            changed = mode.changed() => { changed.ok()?; continue }
            read = from.read(&mut buffer) => read.unwrap_or(0),
        };
        match (read, late) {
            (0, true) if !held.is_empty() => ended = true,
            (0, _) => {
                to.shutdown().await.ok()?;
                return Some(to);
            }
            (n, true) => held.extend_from_slice(&buffer[..n]),
            (n, false) => pass(&buffer[..n], &mut to, now, &mut mode).await?,
        }
    }
}

/// From server to client.
async fn down(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut mode: watch::Receiver<Mode>) {
    let mut buffer = vec![0; CHUNK];
    let (mut dropped, mut client_gone) = (false, false);
    loop {
        let now = *mode.borrow_and_update();
        if closes(now) || (dropped && now != Mode::DropAnswers) {
            return;
        }
        if now == Mode::BlackHole {
            if mode.changed().await.is_err() {
                return;
            }
            continue;
        }
        let read = tokio::select! {
            changed = mode.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
            read = from.read(&mut buffer) => read.unwrap_or(0),
        };
        if read == 0 {
            return;
        }
        if now == Mode::DropAnswers {
            dropped = true;
        } else if !client_gone {
            let passed = pass(&buffer[..read], &mut to, now, &mut mode).await;
            client_gone = passed.is_none();
        }
    }
}

/// `None` when the other side has gone, or the connection is to be closed.
async fn pass(
    bytes: &[u8],
    to: &mut OwnedWriteHalf,
    now: Mode,
    mode: &mut watch::Receiver<Mode>,
) -> Option<()> {
    if let Mode::Slow {
        bytes_per_second,
        latency,
    } = now
    {
        let bytes = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let seconds = f64::from(bytes) / f64::from(bytes_per_second);
        tokio::time::sleep(latency + Duration::from_secs_f64(seconds)).await;
    }
    // A stopped process takes nothing in: a cut must get through all the same.
    tokio::select! {
        written = to.write_all(bytes) => written.ok(),
        _ = mode.wait_for(|mode| closes(*mode)) => None,
    }
}
