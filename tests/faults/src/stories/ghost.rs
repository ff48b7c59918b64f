//! ClickHouse dies between logging a token and moving its part into place: the token is
//! known, the rows are gone, and every honest retry is dropped.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use engines::process::Process;
use tokio::time::{Instant, sleep};

use crate::oracle::violation;
use crate::story::{Outcome, Rng};
use crate::world::World;

const GHOSTS: &str = "llmobserve_aggregator_ghost_tokens_total";
/// ClickHouse moves other things too, and tokens are logged a moment before the move only.
const TRIES_MAX: u32 = 10;
/// The n-th move of a thread, up to this.
const MOVES_MAX: u32 = 3;
const MOVES: &str = "rename,renameat,renameat2";
/// The directory of a part that an insert has written, before it is moved into place.
const INSERTED: &str = "/tmp_insert_";
/// Inserts move parts many times a second.
const KILLED_MAX: Duration = Duration::from_secs(10);
/// An insert is sent again, and its rows are looked for, within this.
const NOTICED_MAX: Duration = Duration::from_secs(8);
const LOOK_PAUSE: Duration = Duration::from_millis(200);

/// Again and again, until an aggregator has met a ghost. One that has a rule of the protocol left
/// out may not tell: for it, the books say what an insert's move that never came led to.
pub(super) async fn token(world: &mut World, rng: &mut Rng) -> anyhow::Result<Outcome> {
    for tries in 1..=TRIES_MAX {
        let before = ghosts(world).await?;
        let moved = match kill_at_a_move(world, rng.u32(1..=MOVES_MAX)).await? {
            Ok(Some(moved)) => moved,
            // It was never so that one thread moved so many things.
            Ok(None) => continue,
            Err(reason) => return Ok(Outcome::Skipped(reason)),
        };
        world.clickhouse.restart().await?;
        tracing::info!(tries, moved, "killed at a move");
        if !moved.contains(INSERTED) {
            continue;
        }
        if world.options.mutant.is_some() {
            return Ok(Outcome::Done(format!("moved no part, at kill {tries}")));
        }
        if appear(world, before).await? {
            let met = ghosts(world).await? - before;
            return Ok(Outcome::Done(format!("{met} ghosts, at kill {tries}")));
        }
    }
    violation(format!("no ghost was met in {TRIES_MAX} kills"))
}

/// Kills ClickHouse at the n-th move of one of its threads, before the move. Gives the call if
/// there was one, or why it cannot be tried here.
async fn kill_at_a_move(
    world: &mut World,
    n: u32,
) -> anyhow::Result<Result<Option<String>, String>> {
    let calls = world.file("moves.strace");
    let strace = match Process::spawn(strace(world.clickhouse.pid()?, n, &calls), "strace") {
        Ok(strace) => strace,
        Err(error) => return Ok(Err(format!("strace: {error}"))),
    };
    let killed = world.clickhouse.ended(KILLED_MAX).await?;
    strace.kill();
    strace.exited().await?;
    if !killed {
        return Ok(Ok(None));
    }
    Ok(Ok(Some(unfinished(&std::fs::read_to_string(&calls)?))))
}

fn strace(pid: u32, n: u32, calls: &Path) -> Command {
    let mut command = Command::new("strace");
    command
        .args(["-f", "-qq", "-s", "300", "-o"])
        .arg(calls)
        .args(["-e", &format!("trace={MOVES}")])
        .args(["-e", &format!("inject={MOVES}:signal=SIGKILL:when={n}")])
        .args(["-p", &pid.to_string()])
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// The calls that did not return.
fn unfinished(calls: &str) -> String {
    let calls = calls
        .lines()
        .filter(|call| call.contains("rename") && !call.contains(" = 0"));
    calls.collect::<Vec<_>>().join("; ")
}

/// Whether aggregators notice more ghosts than before, in a while.
async fn appear(world: &World, before: f64) -> anyhow::Result<bool> {
    let deadline = Instant::now() + NOTICED_MAX;
    while Instant::now() < deadline {
        if ghosts(world).await? > before {
            return Ok(true);
        }
        sleep(LOOK_PAUSE).await;
    }
    Ok(false)
}

async fn ghosts(world: &World) -> anyhow::Result<f64> {
    let mut sum = 0.0;
    for aggregator in &world.aggregators[..2] {
        sum += aggregator.metric(GHOSTS).await?;
    }
    Ok(sum)
}
