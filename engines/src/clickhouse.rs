//! ClickHouse as a library behind ClickHouse's HTTP interface.
//!
//! For one machine: development, tests, small installations. Clients speak
//! to it as to a server; the engine is `libchdb`, loaded at run time.
//!
//! One engine runs on a data directory, and one in a process, from its start
//! to the process's end: stopping it in a process that goes on is not safe.
//! Whatever is acknowledged survives a kill. The engine's owner may do
//! everything inside it and nothing outside: no files, URLs or foreign
//! databases; a [`Reader`] sees the rows that it is given. An engine crash takes its process along, so services run it as
//! a process of its own.

mod access;
mod answer;
mod compression;
mod data_dir;
mod engine;
mod error;
mod face;
mod failure;
mod format;
mod library;
mod locate;
mod request;
mod role;
mod session;
mod sql;
mod statement;
mod users;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use access::Access;
use engine::Engine;
use face::Face;
pub use failure::Failure;
pub use locate::LIBRARY_VARIABLE;
pub use role::{ReadableTable, Reader};

const DEFAULT_DATABASE: &str = "default";

/// How often sessions that nobody uses are looked for.
const SESSION_SWEEP: Duration = Duration::from_secs(15);

/// Largest bodies held at once, packed and unpacked ones counted.
const BODIES_HELD: usize = 4;

/// Settings of the embedded engine and its HTTP interface.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen; port 0 takes a free one. Another address than
    /// loopback needs a password.
    pub bind: SocketAddr,
    /// Tables, configuration and lock file; created when missing.
    pub data_dir: PathBuf,
    /// `libchdb.so`; looked for when `None` (see [`LIBRARY_VARIABLE`]).
    pub library: Option<PathBuf>,
    /// The owner's name.
    pub user: String,
    /// Its password. Without one, only programs on this machine are served.
    pub password: Option<SecretString>,
    /// A second user, who only reads.
    pub reader: Option<Reader>,
    /// What the engine may use for queries, inserts, merges and caches.
    pub memory_bytes_max: u64,
    /// The largest body, before and after decompression.
    pub body_bytes_max: usize,
    /// Statements that run at once; others wait for 30 s.
    pub concurrent_queries_max: usize,
    /// How long running statements may go on after `shutdown`.
    pub drain_timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 8123)),
            data_dir: PathBuf::from(".llmobserve/clickhouse"),
            library: None,
            user: "default".into(),
            password: None,
            reader: None,
            memory_bytes_max: 2 << 30,
            body_bytes_max: 256 << 20,
            concurrent_queries_max: 32,
            drain_timeout: Duration::from_secs(10),
        }
    }
}

/// Serves until `shutdown`, then lets running statements end. The engine
/// itself ends with the process.
///
/// # Errors
/// As [`Server::start`]; later ones are of the listener.
pub async fn run(config: Config, shutdown: CancellationToken) -> Result<()> {
    Server::start(config).await?.serve(shutdown).await
}

/// A started engine with its listener bound.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    addr: SocketAddr,
    face: Arc<Face>,
    drain_timeout: Duration,
}

impl Server {
    /// Opens the engine and binds the address; clients may connect from now on.
    ///
    /// # Errors
    /// An address others can reach without a password, an address in use, no
    /// library, a data directory that is in use or cannot be written, another
    /// engine in this process.
    pub async fn start(config: Config) -> Result<Self> {
        ensure!(
            config.password.is_some() || config.bind.ip().is_loopback(),
            "refusing to serve ClickHouse on {} without a password: others can reach that address",
            config.bind
        );
        let library = locate::library(config.library.as_deref()).context(Failure::Library)?;
        let listener = TcpListener::bind(config.bind)
            .await
            .with_context(|| format!("cannot listen on {}", config.bind))?;
        let addr = listener.local_addr()?;
        let began = Instant::now();
        let data_dir = config.data_dir.clone();
        let memory = config.memory_bytes_max;
        let readable = config
            .reader
            .clone()
            .map_or_else(Vec::new, |reader| reader.tables);
        let open = move || Engine::open(&library, &data_dir, memory, &readable);
        let engine = tokio::task::spawn_blocking(open).await??;
        tracing::info!(
            %addr, data_dir = %config.data_dir.display(), version = engine.version(),
            library = engine.library_version(), elapsed_ms = began.elapsed().as_millis(), "ClickHouse engine started"
        );
        let face = Face {
            engine,
            sessions: session::Sessions::default(),
            access: Access::new(config.user, config.password, config.reader)?,
            body_bytes_max: config.body_bytes_max,
            bodies_bytes_max: config.body_bytes_max.saturating_mul(BODIES_HELD),
            bodies_bytes: AtomicUsize::new(0),
            turns: Arc::new(Semaphore::new(config.concurrent_queries_max)),
        };
        Ok(Self {
            listener,
            addr,
            face: Arc::new(face),
            drain_timeout: config.drain_timeout,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Serves until `shutdown`; running statements may end within the drain
    /// timeout, then they are stopped.
    ///
    /// # Errors
    /// The listener's.
    pub async fn serve(self, shutdown: CancellationToken) -> Result<()> {
        let sweeper = tokio::spawn(sweep(Arc::clone(&self.face)));
        let router = face::router(Arc::clone(&self.face));
        let server = axum::serve(self.listener, router)
            .with_graceful_shutdown(shutdown.clone().cancelled_owned())
            .into_future();
        let deadline = async {
            shutdown.cancelled().await;
            tokio::time::sleep(self.drain_timeout).await;
        };
        tokio::select! {
            served = server => served?,
            () = deadline => {
                tracing::warn!("stopping statements that still run");
                let engine = self.face.engine;
                tokio::task::spawn_blocking(|| engine.kill(face::TAG_PREFIX)).await?;
            }
        }
        sweeper.abort();
        tracing::info!("ClickHouse stopped serving");
        Ok(())
    }
}

async fn sweep(face: Arc<Face>) {
    let mut ticks = tokio::time::interval(SESSION_SWEEP);
    loop {
        ticks.tick().await;
        let face = Arc::clone(&face);
        // A panic in there has been reported by its hook.
        let _ = tokio::task::spawn_blocking(move || face.sessions.forget_expired()).await;
    }
}
