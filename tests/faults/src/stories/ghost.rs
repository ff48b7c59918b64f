//! ClickHouse dies between logging a token and moving its part into place: the token is
//! known, the rows are gone, and every honest retry is dropped.

use std::process::{Command, Stdio};
use std::time::Duration;

use engines::process::Process;

use crate::story::{Outcome, Rng};
use crate::world::World;

const GHOSTS: &str = "llmobserve_aggregator_ghost_tokens_total";
/// The n-th move of a thread, up to this.
const MOVES_MAX: u32 = 4;
/// Inserts move parts many times a second.
const KILLED_MAX: Duration = Duration::from_secs(10);

pub(super) async fn token(world: &mut World, rng: &mut Rng) -> anyhow::Result<Outcome> {
    let moves = "rename,renameat,renameat2";
    let inject = format!(
        "inject={moves}:signal=SIGKILL:when={}",
        rng.u32(1..=MOVES_MAX)
    );
    let mut command = Command::new("strace");
    command
        .args([
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            &format!("trace={moves}"),
            "-e",
            &inject,
        ])
        .args(["-p", &world.clickhouse.pid()?.to_string()])
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    let strace = match Process::spawn(command, "strace") {
        Ok(strace) => strace,
        Err(error) => return Ok(Outcome::Skipped(format!("strace: {error}"))),
    };
    let before = ghosts(world).await?;
    let killed = world.clickhouse.ended(KILLED_MAX).await?;
    strace.kill();
    strace.exited().await?;
    if !killed {
        return Ok(Outcome::Skipped(
            "strace did not kill ClickHouse".to_owned(),
        ));
    }
    world.clickhouse.restart().await?;
    for aggregator in &world.aggregators[..2] {
        aggregator.wait_ready().await?;
    }
    world.load.pause().await?;
    world
        .oracle
        .check(&world.cluster, world.sql, &world.load)
        .await?;
    let met = ghosts(world).await? - before;
    Ok(Outcome::Done(format!("{met} ghosts")))
}

async fn ghosts(world: &World) -> anyhow::Result<f64> {
    let mut sum = 0.0;
    for aggregator in &world.aggregators[..2] {
        sum += aggregator.metric(GHOSTS).await?;
    }
    Ok(sum)
}
