//! One embedded ClickHouse for all tests of a process.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::clickhouse::{Config, Server, at_exit};

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

/// What ends the engine when the process exits.
static RUNNING: OnceLock<(CancellationToken, Mutex<Option<JoinHandle<()>>>)> = OnceLock::new();

extern "C" fn stop() {
    if let Some((shutdown, thread)) = RUNNING.get() {
        shutdown.cancel();
        let thread = thread.lock().ok().and_then(|mut thread| thread.take());
        if thread.is_some_and(|thread| thread.join().is_err()) {
            eprintln!("the embedded ClickHouse did not stop well");
        }
    }
}

fn start() -> ClickHouse {
    let (sender, receiver) = mpsc::channel();
    let shutdown = CancellationToken::new();
    let stopping = shutdown.clone();
    let thread = std::thread::Builder::new()
        .name("clickhouse".into())
        .spawn(move || serve(&sender, stopping))
        .expect("a thread");
    let url = receiver.recv().expect("the embedded ClickHouse starts");
    assert!(
        RUNNING.set((shutdown, Mutex::new(Some(thread)))).is_ok(),
        "one ClickHouse a process"
    );
    at_exit(stop).expect("an exit handler");
    ClickHouse { url }
}

fn serve(url: &mpsc::Sender<String>, shutdown: CancellationToken) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let config = Config {
        bind: ([127, 0, 0, 1], 0).into(),
        data_dir: directory.path().into(),
        drain_timeout: Duration::from_millis(500),
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
            .serve(shutdown)
            .await
            .expect("the embedded ClickHouse serves");
    });
}
