//! Keeping the issuer's keys up to date, beside the requests.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::fetch::Source;
use super::keys::KeySet;
use crate::auth::metrics;

/// How long a request with an unknown key waits for the issuer's answer.
const WAIT_MAX: Duration = Duration::from_secs(3);

/// When to ask the issuer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schedule {
    /// As a rule.
    pub(super) interval: Duration,
    /// When it did not answer; and at most so often for unknown keys, which anyone can name.
    pub(super) pause: Duration,
}

/// The issuer's keys. Clones share them; with the last one the refreshing ends.
#[derive(Debug, Clone)]
pub(super) struct Issuer {
    inner: Arc<Inner>,
    _until_dropped: Arc<DropGuard>,
}

#[derive(Debug)]
struct Inner {
    source: Source,
    schedule: Schedule,
    keys: ArcSwapOption<KeySet>,
    attempts: watch::Sender<Attempts>,
    wanted: Notify,
}

/// What became of asking so far.
#[derive(Debug, Clone, Copy, Default)]
struct Attempts {
    ended: u64,
    running: bool,
    last: Option<Instant>,
}

impl Issuer {
    /// Reads a file at once; asks a URL in the background. Needs a runtime.
    ///
    /// # Errors
    /// When the file holds no keys, or the place is none.
    pub(super) fn start(place: &str, schedule: Schedule) -> anyhow::Result<Self> {
        let source = Source::new(place)?;
        let keys = ArcSwapOption::empty();
        let is_file = matches!(source, Source::File(_));
        if is_file {
            keys.store(Some(Arc::new(source.read_file()?)));
        }
        let attempts = Attempts {
            ended: 0,
            running: !is_file,
            last: is_file.then(Instant::now),
        };
        let inner = Arc::new(Inner {
            source,
            schedule,
            keys,
            attempts: watch::Sender::new(attempts),
            wanted: Notify::new(),
        });
        let stop = CancellationToken::new();
        let task = refresh(Arc::clone(&inner));
        let stopped = stop.clone();
        tokio::spawn(async move { stopped.run_until_cancelled(task).await });
        Ok(Self {
            inner,
            _until_dropped: Arc::new(stop.drop_guard()),
        })
    }

    /// The last good set, however old; `None` before there was one.
    pub(super) fn keys(&self) -> Option<Arc<KeySet>> {
        self.inner.keys.load_full()
    }

    /// Waits until the issuer was asked, when it is being asked or may be asked again.
    pub(super) async fn newer_keys(&self) -> bool {
        let mut attempts = self.inner.attempts.subscribe();
        let now = *attempts.borrow_and_update();
        if !now.running {
            let pause = self.inner.schedule.pause;
            if now.last.is_some_and(|last| last.elapsed() < pause) {
                return false;
            }
            self.inner.wanted.notify_one();
        }
        let ended = attempts.wait_for(|later| later.ended > now.ended);
        tokio::time::timeout(WAIT_MAX, ended).await.is_ok()
    }
}

async fn refresh(inner: Arc<Inner>) {
    let Schedule { interval, pause } = inner.schedule;
    let known = inner.keys.load().is_some();
    let mut wait = if known { interval } else { Duration::ZERO };
    loop {
        tokio::select! {
            () = inner.wanted.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
        wait = if inner.ask().await { interval } else { pause };
    }
}

impl Inner {
    /// Asks once. Whether there was an answer.
    async fn ask(&self) -> bool {
        self.attempts
            .send_modify(|attempts| attempts.running = true);
        let fetched = self.source.fetch().await;
        let succeeded = fetched.is_ok();
        metrics::issuer_asked(succeeded);
        match fetched {
            Ok(keys) => self.keys.store(Some(Arc::new(keys))),
            Err(error) => {
                tracing::warn!("the issuer's keys could not be read, the last ones stay: {error:#}")
            }
        }
        self.attempts.send_modify(|attempts| {
            attempts.running = false;
            attempts.ended += 1;
            attempts.last = Some(Instant::now());
        });
        succeeded
    }
}
