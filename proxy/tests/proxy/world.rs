//! A running proxy with what stands around it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use proxy::{Around, List, Running, Settings};
use schemas::Record;
use schemas::wire::UsageEvent;
use service::auth::Authenticator;
use service::publish::{PublishError, PublishFuture, Publisher};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::upstream::Upstream;

/// Events in memory.
#[derive(Default)]
pub(crate) struct Memory {
    events: Mutex<Vec<UsageEvent>>,
    /// Nothing is stored while it is set.
    pub(crate) away: AtomicBool,
}

impl Publisher for Memory {
    fn publish(&self, records: &[Record]) -> PublishFuture {
        if self.away.load(Ordering::SeqCst) {
            return Box::pin(std::future::ready(Err(PublishError::Unavailable)));
        }
        let events = records.iter().map(|record| record.event().clone());
        self.events.lock().unwrap().extend(events);
        Box::pin(std::future::ready(Ok(())))
    }
}

pub(crate) struct World {
    pub(crate) address: SocketAddr,
    pub(crate) memory: Arc<Memory>,
    running: Running,
    shutdown: CancellationToken,
}

impl World {
    /// A proxy whose openai and anthropic are at `upstream`.
    pub(crate) async fn at(upstream: &Upstream) -> Self {
        Self::with(upstream, |_| ()).await
    }

    /// The same with other settings.
    pub(crate) async fn with(upstream: &Upstream, adjust: impl FnOnce(&mut Settings)) -> Self {
        let base = format!("http://{}", upstream.address);
        Self::start(Authenticator::off(false), |settings| {
            let upstreams = format!("openai={base},anthropic={base}");
            settings.upstream.proxy_upstreams = List::parse(&upstreams).unwrap();
            adjust(settings);
        })
        .await
    }

    /// A proxy that knows nobody but the table.
    pub(crate) async fn start(
        authenticator: Authenticator,
        adjust: impl FnOnce(&mut Settings),
    ) -> Self {
        Self::start_at(SystemTime::now, authenticator, adjust).await
    }

    /// The same, at another time.
    pub(crate) async fn start_at(
        clock: fn() -> SystemTime,
        authenticator: Authenticator,
        adjust: impl FnOnce(&mut Settings),
    ) -> Self {
        let memory = Arc::new(Memory::default());
        let publisher = Arc::clone(&memory) as Arc<dyn Publisher>;
        Self::launch(publisher, memory, authenticator, clock, adjust).await
    }

    /// A proxy over any publisher.
    pub(crate) async fn publishing_to(
        publisher: Arc<dyn Publisher>,
        memory: Arc<Memory>,
        authenticator: Authenticator,
        adjust: impl FnOnce(&mut Settings),
    ) -> Self {
        Self::launch(publisher, memory, authenticator, SystemTime::now, adjust).await
    }

    async fn launch(
        publisher: Arc<dyn Publisher>,
        memory: Arc<Memory>,
        authenticator: Authenticator,
        clock: fn() -> SystemTime,
        adjust: impl FnOnce(&mut Settings),
    ) -> Self {
        let mut settings = Settings::default();
        settings.http.http_drain_timeout_ms = 5_000;
        adjust(&mut settings);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shutdown = CancellationToken::new();
        let around = Around {
            authenticator,
            publisher,
            health: axum::Router::new().route("/health", axum::routing::get(async || "well")),
            clock,
        };
        let running = Running::start(&settings, around, listener, shutdown.clone()).unwrap();
        Self {
            address: running.address(),
            memory,
            running,
            shutdown,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Waits for so many events.
    pub(crate) async fn events(&self, count: usize) -> Vec<UsageEvent> {
        let begun = Instant::now();
        loop {
            let events = self.memory.events.lock().unwrap().clone();
            if events.len() >= count {
                return events;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "{events:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Ends the proxy in order: all events that there will ever be.
    pub(crate) async fn end(self) -> Vec<UsageEvent> {
        self.shutdown.cancel();
        self.running.ended().await.unwrap();
        self.memory.events.lock().unwrap().clone()
    }
}

/// Lists a place for calls.
pub(crate) fn allow(settings: &mut Settings, place: &str) {
    settings.upstream.proxy_allowed_hosts = List::parse(place).unwrap();
}
