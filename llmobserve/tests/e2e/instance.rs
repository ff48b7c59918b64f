//! A running `llmobserve up` of a test's own: free ports, a data directory that outlives it.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// Generous: a first start on a busy build machine.
const READY_TIMEOUT: Duration = Duration::from_secs(120);
const EXIT_TIMEOUT: Duration = Duration::from_secs(90);

/// The command `llmobserve up` on free ports, in a process group of its own.
pub(crate) fn up(data_dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_llmobserve"));
    command.arg("up").stdin(Stdio::null()).process_group(0);
    command.env("LLMOBSERVE_DATA_DIR", data_dir);
    for part in ["", "_PROXY", "_CLICKHOUSE", "_KAFKA"] {
        command.env(format!("LLMOBSERVE{part}_PORT"), "0");
    }
    command
}

/// Runs a command that is to end by itself: its exit code and standard error.
pub(crate) fn fails(mut command: Command) -> (Option<i32>, String) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.stdout.is_empty(), "printed on standard output");
    (output.status.code(), said)
}

/// A running instance. Dropping it kills the whole process group.
pub(crate) struct Instance {
    child: Child,
    log: PathBuf,
    /// `host:port` of the collector.
    pub(crate) collector: String,
    /// `host:port` of the proxy.
    pub(crate) proxy: String,
    /// `host:port` of ClickHouse.
    pub(crate) clickhouse: String,
    /// `host:port` of Kafka.
    pub(crate) kafka: String,
}

impl Instance {
    /// Starts one on `data_dir` and waits for its `ready` line.
    pub(crate) fn start(data_dir: &Path) -> Self {
        Self::start_with(data_dir, |_| ())
    }

    /// The same, with more settings.
    pub(crate) fn start_with(data_dir: &Path, adjust: impl FnOnce(&mut Command)) -> Self {
        let log = data_dir.with_extension("log");
        let stderr = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .unwrap();
        let mut command = up(data_dir);
        adjust(&mut command);
        command.stdout(Stdio::piped()).stderr(stderr);
        let mut child = command.spawn().unwrap();
        let begun = Instant::now();
        let stdout = child.stdout.take().unwrap();
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                let _ = tell.send(line.unwrap());
            }
        });
        let Ok(line) = told.recv_timeout(READY_TIMEOUT) else {
            let _ = kill_process_group(pid(&child), Signal::KILL);
            panic!(
                "not ready; it said:\n{}",
                std::fs::read_to_string(&log).unwrap()
            );
        };
        println!("{line} (after {:?})", begun.elapsed());
        let part = |name: &str| {
            let part = line.split(' ').find_map(|part| part.strip_prefix(name));
            part.unwrap().rsplit('/').next().unwrap().to_owned()
        };
        assert!(line.starts_with("ready "), "{line}");
        let instance = Self {
            collector: part("collector="),
            proxy: part("proxy="),
            clickhouse: part("clickhouse="),
            kafka: part("kafka="),
            child,
            log,
        };
        assert!(
            told.try_recv().is_err(),
            "more than one line on standard output"
        );
        instance
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Ends it in order: SIGTERM to `up` alone.
    pub(crate) fn terminate(mut self) -> ExitStatus {
        kill_process(pid(&self.child), Signal::TERM).unwrap();
        self.wait()
    }

    /// As Ctrl-C in a terminal does: SIGINT to every process of the group.
    pub(crate) fn interrupt_group(mut self) -> ExitStatus {
        kill_process_group(pid(&self.child), Signal::INT).unwrap();
        self.wait()
    }

    /// SIGKILL to every process of the group.
    pub(crate) fn kill_group(mut self) {
        kill_process_group(pid(&self.child), Signal::KILL).unwrap();
        self.wait();
    }

    /// SIGKILL to `up` alone.
    pub(crate) fn kill_up(mut self) {
        kill_process(pid(&self.child), Signal::KILL).unwrap();
        self.wait();
    }

    /// The process id of a child whose command line contains `part`.
    pub(crate) fn child_with(&self, part: &str) -> Option<i32> {
        children(pid(&self.child).as_raw_nonzero().get())
            .into_iter()
            .find(|child| command_line(*child).contains(part))
    }

    /// The process ids of all its children.
    pub(crate) fn children(&self) -> Vec<i32> {
        children(pid(&self.child).as_raw_nonzero().get())
    }

    fn wait(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                println!("ended after {:?}: {status}", begun.elapsed());
                return status;
            }
            assert!(
                begun.elapsed() < EXIT_TIMEOUT,
                "does not end:\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let _ = kill_process_group(pid(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}

/// Kills one process.
pub(crate) fn kill(process: i32) {
    kill_process(Pid::from_raw(process).unwrap(), Signal::KILL).unwrap();
}

/// Whether a process is there (a zombie is not).
pub(crate) fn is_alive(process: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let state = stat.rsplit(')').next().unwrap_or_default().trim_start();
    !state.is_empty() && !state.starts_with('Z')
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap()
}

fn children(parent: i32) -> Vec<i32> {
    let tasks = std::fs::read_dir(format!("/proc/{parent}/task")).unwrap();
    let lists = tasks.map(|task| {
        let list = task.unwrap().path().join("children");
        std::fs::read_to_string(list).unwrap_or_default()
    });
    let ids = lists.flat_map(|list| {
        let ids = list.split_whitespace().map(|id| id.parse().unwrap());
        ids.collect::<Vec<_>>()
    });
    ids.collect()
}

fn command_line(process: i32) -> String {
    let line = std::fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).replace('\0', " ")
}
