//! One embedded ClickHouse for all tests of a process.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{OnceLock, mpsc};

use rustix::fs::{FlockOperation, flock};
use tokio_util::sync::CancellationToken;

use crate::clickhouse::{Config, Server};

/// A running ClickHouse with an empty data directory of its own.
#[derive(Debug)]
pub struct ClickHouse {
    /// Such as `http://127.0.0.1:49152`; no password.
    pub url: String,
}

static SHARED: OnceLock<ClickHouse> = OnceLock::new();

/// The process's ClickHouse; the first call starts it, in a runtime of its
/// own, because each test's runtime ends with the test.
#[allow(clippy::unused_async)] // Starting may become asynchronous; callers are.
pub async fn clickhouse() -> &'static ClickHouse {
    tokio::task::spawn_blocking(|| SHARED.get_or_init(start))
        .await
        .expect("ClickHouse starts")
}

impl ClickHouse {
    /// Creates a database that no other test uses and returns its name,
    /// which begins with `prefix`.
    pub async fn database(&self, prefix: &str) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("{prefix}_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.execute(&format!("CREATE DATABASE {name}")).await;
        name
    }

    async fn execute(&self, sql: &str) {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let host = self.url.trim_start_matches("http://");
        let mut stream = tokio::net::TcpStream::connect(host)
            .await
            .expect("ClickHouse listens");
        let request = format!(
            "POST / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{sql}",
            sql.len()
        );
        stream
            .write_all(request.as_bytes())
            .await
            .expect("ClickHouse takes the request");
        let mut response = String::new();
        stream
            .read_to_string(&mut response)
            .await
            .expect("ClickHouse answers");
        assert!(response.starts_with("HTTP/1.1 200"), "{sql}: {response}");
    }
}

fn start() -> ClickHouse {
    let (sender, receiver) = mpsc::channel();
    std::thread::Builder::new()
        .name("clickhouse".into())
        .spawn(move || serve(&sender))
        .expect("a thread");
    ClickHouse {
        url: receiver.recv().expect("the embedded ClickHouse starts"),
    }
}

fn serve(url: &mpsc::Sender<String>) {
    let config = Config {
        bind: ([127, 0, 0, 1], 0).into(),
        data_dir: fresh_directory(),
        ..Config::default()
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let server = Server::start(config)
            .await
            .expect("the embedded ClickHouse starts");
        url.send(format!("http://{}", server.addr()))
            .expect("the test waits");
        server
            .serve(CancellationToken::new())
            .await
            .expect("the embedded ClickHouse serves");
    });
}

/// A directory of this process. The engine holds its own to the last moment,
/// so each run removes those that earlier ones left behind.
fn fresh_directory() -> PathBuf {
    let all = std::env::temp_dir().join("llmobserve-test-clickhouse");
    fs::create_dir_all(&all).expect("a directory for test data");
    for entry in fs::read_dir(&all).expect("it can be read").flatten() {
        let held = match File::open(entry.path().join("lock")) {
            Ok(lock) => flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err(),
            // Just being made, unless its process is gone.
            Err(_) => Path::new("/proc").join(entry.file_name()).exists(),
        };
        if !held {
            // Another process may be removing it, too.
            drop(fs::remove_dir_all(entry.path()));
        }
    }
    all.join(std::process::id().to_string())
}
