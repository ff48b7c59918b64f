//! One process of the product: started, killed, stopped, started again.

use std::fs::File;
use std::io::{BufRead as _, BufReader, PipeWriter, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use engines::process::Process;
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::watch;

use crate::clock::Clock;
use crate::http;

const READY_MAX: Duration = Duration::from_secs(45);
const STOP_MAX: Duration = Duration::from_secs(20);
const LOOK_PAUSE: Duration = Duration::from_millis(50);

/// How to start it.
#[derive(Clone, Debug)]
pub(crate) struct Spec {
    pub(crate) name: String,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) log: PathBuf,
    /// Port and path that answer 200 when it is ready.
    pub(crate) ready: (u16, &'static str),
}

/// The process, or its place while it is away.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) spec: Spec,
    pub(crate) clock: Clock,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    process: Process,
    stdin: PipeWriter,
    /// Lines that it printed on standard output.
    said: watch::Receiver<Vec<String>>,
    /// How many of them were there at the last order.
    heard: usize,
}

impl Service {
    pub(crate) fn new(spec: Spec, clock: Clock) -> Self {
        Self {
            spec,
            clock,
            running: None,
        }
    }

    /// Starts it and returns at once.
    pub(crate) fn start(&mut self) -> anyhow::Result<()> {
        let spec = &self.spec;
        let log = File::options().create(true).append(true).open(&spec.log)?;
        let (stdin, input) = pipe_in()?;
        let (said, output) = listen()?;
        // The kernel kills it when the thread that started it is gone, so when we are.
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL", "--"])
            .arg(&spec.program)
            .args(&spec.arguments)
            .stdin(input)
            .stdout(output)
            .stderr(log);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LLMOBSERVE_")) {
            command.env_remove(name);
        }
        command.envs(spec.environment.iter().cloned());
        command.envs(self.clock.environment());
        let process = Process::spawn(command, &spec.name)
            .with_context(|| format!("cannot start {}", spec.name))?;
        self.running = Some(Running {
            process,
            stdin,
            said,
            heard: 0,
        });
        Ok(())
    }

    /// Waits until it says that it is ready.
    pub(crate) async fn wait_ready(&self) -> anyhow::Result<()> {
        let (port, path) = self.spec.ready;
        let deadline = Instant::now() + READY_MAX;
        let mut last = String::new();
        while Instant::now() < deadline {
            self.ensure_alive()?;
            match http::get(port, path, Duration::from_secs(3)).await {
                Ok(answer) if answer.status == 200 => return Ok(()),
                Ok(answer) => last = answer.text(),
                Err(error) => last = error.to_string(),
            }
            tokio::time::sleep(LOOK_PAUSE).await;
        }
        anyhow::bail!(
            "{} is not ready after {READY_MAX:?}: {last}",
            self.spec.name
        )
    }

    pub(crate) async fn restart(&mut self) -> anyhow::Result<()> {
        self.start()?;
        self.wait_ready().await
    }

    /// An error that says how it ended and where its log is.
    pub(crate) fn ensure_alive(&self) -> anyhow::Result<()> {
        let Spec { name, log, .. } = &self.spec;
        let Some(running) = &self.running else {
            anyhow::bail!("{name} is not running");
        };
        if let Some(status) = running.process.exit_status() {
            anyhow::bail!(
                "{name} has ended by itself ({status}); see {}",
                log.display()
            );
        }
        Ok(())
    }

    pub(crate) fn pid(&self) -> anyhow::Result<u32> {
        let running = self.running.as_ref().context("not running")?;
        Ok(running.process.pid())
    }

    /// SIGKILL; returns when it is gone.
    pub(crate) async fn kill(&mut self) -> anyhow::Result<()> {
        if let Some(running) = self.running.take() {
            running.process.kill();
            running.process.exited().await?;
        }
        Ok(())
    }

    /// SIGTERM; returns when it has ended in order.
    pub(crate) async fn terminate(&mut self) -> anyhow::Result<()> {
        if let Some(running) = self.running.take() {
            running.process.stop(STOP_MAX).await?;
        }
        Ok(())
    }

    /// SIGSTOP: it stands still and knows nothing of it.
    pub(crate) fn pause(&self) -> anyhow::Result<()> {
        self.signal(Signal::STOP)
    }

    /// SIGCONT.
    pub(crate) fn go_on(&self) -> anyhow::Result<()> {
        self.signal(Signal::CONT)
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let pid = i32::try_from(self.pid()?).ok().and_then(Pid::from_raw);
        kill_process(pid.context("no process id")?, signal)?;
        Ok(())
    }

    /// Waits until it has ended by itself; `false` when `patience` is over.
    pub(crate) async fn ended(&mut self, patience: Duration) -> anyhow::Result<bool> {
        let running = self.running.as_ref().context("not running")?;
        match tokio::time::timeout(patience, running.process.exited()).await {
            Ok(status) => {
                status?;
                self.running = None;
                Ok(true)
            }
            Err(_) => Ok(false),
        }
    }

    /// Says a line to its standard input.
    pub(crate) fn tell(&mut self, line: &str) -> anyhow::Result<()> {
        let running = self.running.as_mut().context("not running")?;
        running.heard = running.said.borrow().len();
        writeln!(running.stdin, "{line}")?;
        Ok(())
    }

    /// Waits until it has printed a line that begins so since the last order; `false` when
    /// `patience` is over.
    pub(crate) async fn says(&self, beginning: &str, patience: Duration) -> anyhow::Result<bool> {
        let running = self.running.as_ref().context("not running")?;
        let mut said = running.said.clone();
        let heard = said.wait_for(|lines| {
            let new = lines.iter().skip(running.heard);
            new.into_iter().any(|line| line.starts_with(beginning))
        });
        // An error: it has ended and closed its output.
        Ok(matches!(
            tokio::time::timeout(patience, heard).await,
            Ok(Ok(_))
        ))
    }

    /// Resident memory in bytes.
    pub(crate) fn memory(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()?))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: u64 = line
            .context("no VmRSS")?
            .trim()
            .trim_end_matches(" kB")
            .parse()?;
        Ok(kib * 1024)
    }

    /// The sum of a metric's series.
    pub(crate) async fn metric(&self, name: &str) -> anyhow::Result<f64> {
        let answer = http::get(self.spec.ready.0, "/metrics", Duration::from_secs(5)).await?;
        let text = answer.text();
        let series = text.lines().filter(|line| {
            line.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with([' ', '{']))
        });
        let values = series.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
        Ok(values.sum())
    }
}

fn pipe_in() -> anyhow::Result<(PipeWriter, Stdio)> {
    let (reader, writer) = std::io::pipe()?;
    Ok((writer, reader.into()))
}

/// A thread that reads what a process prints, to its end.
fn listen() -> anyhow::Result<(watch::Receiver<Vec<String>>, Stdio)> {
    let (reader, writer) = std::io::pipe()?;
    let (tell, said) = watch::channel(Vec::new());
    std::thread::Builder::new()
        .name("listen".to_owned())
        .spawn(move || {
            for line in BufReader::new(reader).lines().map_while(Result::ok) {
                tell.send_modify(|lines| lines.push(line));
            }
        })?;
    Ok((said, writer.into()))
}
