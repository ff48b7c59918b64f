//! The embedded engine as a process: what it refuses, how it stops, and what
//! a kill leaves behind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use clickhouse::{Client, Row};
use engines::clickhouse::{Config, Server};
use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// This test binary again, as the process that runs the engine.
fn command(data_dir: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "process", "--ignored", "--nocapture"])
        .env(DATA_DIR, data_dir)
        .env_remove(PASSWORD)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

const DATA_DIR: &str = "TEST_CLICKHOUSE_DATA_DIR";
const BIND: &str = "TEST_CLICKHOUSE_BIND";
const PASSWORD: &str = "TEST_CLICKHOUSE_PASSWORD";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it is the process that the other tests start"]
async fn process() {
    let variable = |name| std::env::var(name).ok();
    // Also by `cargo test -- --ignored`, where there is nothing to do.
    let Some(data_dir) = variable(DATA_DIR) else {
        return;
    };
    let config = Config {
        bind: variable(BIND)
            .as_deref()
            .unwrap_or("127.0.0.1:0")
            .parse()
            .unwrap(),
        data_dir: data_dir.into(),
        password: variable(PASSWORD).map(Into::into),
        ..Config::default()
    };
    let mut terminate = signal(SignalKind::terminate()).unwrap();
    let server = Server::start(config)
        .await
        .unwrap_or_else(|error| panic!("{error:#}"));
    println!("\nhttp://{}", server.addr());
    let shutdown = CancellationToken::new();
    let (served, ()) = tokio::join!(server.serve(shutdown.clone()), async {
        terminate.recv().await;
        shutdown.cancel();
    });
    served.unwrap();
}

/// A running engine; killed when dropped.
struct Engine {
    process: Child,
    url: String,
}

impl Engine {
    fn start(mut command: Command) -> Self {
        let mut process = command.stderr(Stdio::inherit()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok);
        let url = lines
            .find(|line| line.starts_with("http://"))
            .expect("the engine starts");
        // The process may go on printing.
        std::thread::spawn(move || lines.count());
        Self { process, url }
    }

    fn client(&self) -> Client {
        Client::default().with_url(&self.url)
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn refusal(output: &Output) -> String {
    assert!(!output.status.success(), "it started");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn one_engine_a_directory() {
    let directory = tempfile::tempdir().unwrap();
    let first = Engine::start(command(directory.path()));
    let text = refusal(&command(directory.path()).output().unwrap());
    let holder = format!("is in use by process {}", first.process.id());
    assert!(text.contains(&holder), "{text}");
    assert_eq!(
        first
            .client()
            .query("SELECT 1")
            .fetch_one::<u8>()
            .await
            .unwrap(),
        1
    );
}

#[test]
fn others_need_a_password() {
    let directory = tempfile::tempdir().unwrap();
    let text = refusal(
        &command(directory.path())
            .env(BIND, "0.0.0.0:0")
            .output()
            .unwrap(),
    );
    assert!(text.contains("without a password"), "{text}");
}

#[test]
fn a_missing_library_says_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let original = command(directory.path());
    let copy = directory.path().join("test");
    std::fs::copy(original.get_program(), &copy).unwrap();
    let output = Command::new(copy)
        .args(original.get_args())
        .env(DATA_DIR, directory.path())
        .env_remove("LLMOBSERVE_CLICKHOUSE_LIBRARY")
        .output()
        .unwrap();
    let text = refusal(&output);
    assert!(text.contains("run `make deps`"), "{text}");
}

#[tokio::test]
async fn a_password_is_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = command(directory.path());
    command.env(PASSWORD, "s3cret\u{e9}");
    let engine = Engine::start(command);
    for client in [
        engine.client(),
        engine.client().with_user("default").with_password("wrong"),
    ] {
        let error = client
            .query("SELECT 1")
            .fetch_one::<u8>()
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("Code: 516."), "{error}");
    }
    let curl = |arguments: &[&str]| {
        let output = Command::new("curl")
            .args(["-sS", "-w", "%{http_code}", &engine.url])
            .args(arguments)
            .output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    };
    assert_eq!(
        curl(&["--user", "default:s3cret\u{e9}", "--data", "SELECT 1"]),
        "1\n200"
    );
    assert!(curl(&["--user", "other:s3cret\u{e9}", "--data", "SELECT 1"]).ends_with("\n403"));
    // A password is proof enough, whatever the host is called.
    assert_eq!(
        curl(&[
            "--user",
            "default:s3cret\u{e9}",
            "--header",
            "Host: clickhouse",
            "--data",
            "SELECT 1"
        ]),
        "1\n200"
    );
}

#[tokio::test]
async fn a_signal_lets_statements_end() {
    let directory = tempfile::tempdir().unwrap();
    let mut engine = Engine::start(command(directory.path()));
    let client = engine.client();
    client
        .query("CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n")
        .execute()
        .await
        .unwrap();
    let running =
        tokio::spawn(async move { client.query("SELECT sleep(1)").fetch_one::<u8>().await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    engine.signal(Signal::TERM);
    assert_eq!(running.await.unwrap().unwrap(), 0);
    let began = Instant::now();
    assert_eq!(engine.process.wait().unwrap().code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[derive(Row, Serialize)]
struct Line {
    writer: u8,
    batch: u32,
    text: &'static str,
}

const LINES_A_BATCH: u32 = 100;

/// Inserts batches until the engine dies; returns how many it acknowledged.
async fn write(client: Client, writer: u8) -> u32 {
    for batch in 0.. {
        let acknowledged = async {
            let mut insert = client.insert::<Line>("lines").await?;
            for _ in 0..LINES_A_BATCH {
                insert
                    .write(&Line {
                        writer,
                        batch,
                        text: "some words to fill a part",
                    })
                    .await?;
            }
            insert.end().await
        };
        if acknowledged.await.is_err() {
            return batch;
        }
    }
    unreachable!("the engine is killed")
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let mut acknowledged: HashMap<u8, u32> = HashMap::new();
    let mut engine = Engine::start(command(directory.path()));
    let table = "CREATE TABLE lines (writer UInt8, batch UInt32, text String) ENGINE = MergeTree ORDER BY (writer, batch)";
    engine.client().query(table).execute().await.unwrap();
    for round in 0..3_u8 {
        let writers: Vec<_> = (0..4)
            .map(|number| {
                (
                    round * 4 + number,
                    tokio::spawn(write(engine.client(), round * 4 + number)),
                )
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(700)).await;
        engine.signal(Signal::KILL);
        for (writer, batches) in writers {
            acknowledged.insert(writer, batches.await.unwrap());
        }
        drop(engine);
        engine = Engine::start(command(directory.path()));
    }
    assert!(acknowledged.values().sum::<u32>() > 50, "{acknowledged:?}");
    let stored: Vec<(u8, u32, u64)> = engine
        .client()
        .query("SELECT writer, batch, count() FROM lines GROUP BY writer, batch")
        .fetch_all()
        .await
        .unwrap();
    assert!(
        stored
            .iter()
            .all(|(.., lines)| *lines == u64::from(LINES_A_BATCH)),
        "a batch is there in part"
    );
    for (writer, batches) in acknowledged {
        let there = stored
            .iter()
            .filter(|line| line.0 == writer && line.1 < batches)
            .count();
        assert_eq!(there, batches as usize, "writer {writer}");
    }
}
