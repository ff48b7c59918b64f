//! A role that runs as a child of `llmobserve up`.

use anyhow::{Context, ensure};
use rustix::process::{Pid, Signal, getppid};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Ties this process's life to that of `parent`: when it is gone, by whatever end, the
/// kernel kills this process. On systems without that, a killed parent leaves us running
/// until the next `up` finds the data directory in use.
///
/// # Errors
/// When the parent has gone already.
pub(crate) fn live_no_longer_than(parent: i32) -> anyhow::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .context("cannot ask for the parent-death signal")?;
    // It may have died before we asked.
    ensure!(
        getppid() == Pid::from_raw(parent),
        "the parent process {parent} is gone"
    );
    Ok(())
}

/// The shutdown token of a child: SIGTERM only. Ctrl-C in a terminal reaches the whole
/// process group, but the parent stops its children itself, in order.
///
/// # Errors
/// When the signals cannot be listened to.
pub(crate) fn shutdown() -> anyhow::Result<CancellationToken> {
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let token = CancellationToken::new();
    let cancelled = token.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => cancelled.cancel(),
            }
        }
    });
    Ok(token)
}
