//! Child processes that cannot outlive this one.
//!
//! Each child has a thread that spawns it and then waits for it. Linux binds the
//! parent-death signal of a child to the *thread* that spawned it, and threads of
//! an async runtime come and go; this one lives exactly as long as the child.

use std::io;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::watch;

/// A running (or finished) child. Dropping it kills the child.
#[derive(Debug)]
pub struct Process {
    pid: Pid,
    status: watch::Receiver<Option<ExitStatus>>,
}

impl Process {
    /// Starts `command`. `name` names the thread that waits for it.
    pub fn spawn(mut command: Command, name: &str) -> io::Result<Self> {
        let (started, child) = std::sync::mpsc::channel();
        let (exited, status) = watch::channel(None);
        std::thread::Builder::new()
            .name(format!("wait-{name}"))
            .spawn(move || {
                let mut child = match command.spawn() {
                    Ok(child) => child,
                    Err(error) => return drop(started.send(Err(error))),
                };
                drop(started.send(Ok(child.id())));
                // wait() fails only if someone else reaped the child, which nothing here does.
                if let Ok(status) = child.wait() {
                    exited.send_replace(Some(status));
                }
            })?;
        let pid = child.recv().map_err(io::Error::other)??;
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| io::Error::other("the system gave no process id"))?;
        Ok(Self { pid, status })
    }

    /// The child's process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// How the child ended, `None` while it runs.
    #[must_use]
    pub fn exit_status(&self) -> Option<ExitStatus> {
        *self.status.borrow()
    }

    /// Waits until the child has ended, and says how. May be called any number of times.
    pub async fn exited(&self) -> io::Result<ExitStatus> {
        let mut status = self.status.clone();
        let ended = status.wait_for(Option::is_some).await;
        let ended = ended.map_err(io::Error::other)?;
        ended.ok_or_else(|| io::Error::other("the child ended without a status"))
    }

    /// Asks the child to end (SIGTERM), and kills it when it has not after `grace`.
    pub async fn stop(&self, grace: Duration) -> io::Result<ExitStatus> {
        self.signal(Signal::TERM);
        if let Ok(ended) = tokio::time::timeout(grace, self.exited()).await {
            return ended;
        }
        self.signal(Signal::KILL);
        self.exited().await
    }

    /// Kills the child without asking (SIGKILL).
    pub fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        if self.exit_status().is_none() {
            // The one error is "no such process": then there is nothing left to signal.
            let _ = kill_process(self.pid, signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
