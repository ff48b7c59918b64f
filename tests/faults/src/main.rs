//! Real processes under load, broken in every way that we know; every accepted event must be
//! there once afterwards, and every sum be exact. `faults --help` says how to run it.
#![allow(clippy::print_stdout)] // Its output is for people.

mod options;
mod schedule;
mod story;
mod stories;
mod world;
mod load;
mod oracle;
mod report;
mod proxy;
mod clock;
mod ports;
mod clickhouse;
mod http;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Parser as _;

use options::Options;
use oracle::{Seen, Violation};
use report::Report;
use story::{Outcome, Rng, Story};
use world::World;

/// Load before each fault.
const HEALTHY: Duration = Duration::from_millis(700);
/// Every sum is compared after so many faults, and at the end.
const THOROUGH_EVERY: usize = 10;

fn main() -> ExitCode {
    let options = Options::parse();
    if options.list {
        stories::ALL
            .iter()
            .for_each(|story| println!("{}", story.name));
        return ExitCode::SUCCESS;
    }
    match world::disk::isolate_mounts().and_then(|()| run(options)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("the harness failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(mut options: Options) -> anyhow::Result<bool> {
    if options.short {
        options.brokers = 1;
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let seed = options.seed.unwrap_or(now);
    println!("seed {seed}");
    let dir: PathBuf = tempfile::Builder::new()
        .prefix("llmobserve-faults-")
        .tempdir()?
        .keep();
    println!("directory {}", dir.display());
    log_to(&dir.join("harness.log"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let keep = options.keep;
    let passed = runtime.block_on(tell_all(options, seed, &dir))?;
    runtime.shutdown_timeout(Duration::from_secs(1));
    if passed && !keep {
        std::fs::remove_dir_all(&dir)?;
    } else {
        println!("logs and data are kept in {}", dir.display());
    }
    Ok(passed)
}

fn log_to(path: &Path) -> anyhow::Result<()> {
    let file = std::fs::File::create(path)?;
    let lines = tracing_subscriber::fmt().with_ansi(false).with_writer(file);
    let filter = tracing_subscriber::EnvFilter::new("faults=debug,engines=info,warn,rdkafka=off");
    lines
        .with_env_filter(filter)
        .try_init()
        .map_err(|error| anyhow::anyhow!("cannot begin logging: {error}"))
}

async fn tell_all(options: Options, seed: u64, dir: &Path) -> anyhow::Result<bool> {
    let mut rng = Rng::with_seed(seed);
    let plan = schedule::plan(&options, &mut rng)?;
    let began = Instant::now();
    let keep = options.keep;
    let mut world = World::start(options, seed, dir).await?;
    println!(
        "{} faults; ready in {:.1} s",
        plan.len(),
        began.elapsed().as_secs_f64()
    );
    let mut report = Report::default();
    let mut failure = None;
    for (index, story) in plan.iter().enumerate() {
        let last = index + 1 == plan.len();
        let thorough = last || (index + 1) % THOROUGH_EVERY == 0;
        let mut rng = Rng::with_seed(rng.u64(..));
        let started = Instant::now();
        tracing::info!(story = story.name, "begins");
        let told = tell(&mut world, story, &mut rng, thorough).await;
        let violation = told
            .as_ref()
            .err()
            .and_then(|error| error.downcast_ref::<Violation>());
        report.add(story.name, &told, violation);
        let number = format!("{}/{}", index + 1, plan.len());
        report::line(&number, story.name, started.elapsed(), &told);
        if let Err(error) = told {
            failure = Some(error);
            break;
        }
    }
    for name in &world.options.except {
        println!("left out by --except: {name}");
    }
    report.print(&world, began.elapsed());
    world.end(keep || failure.is_some()).await;
    Ok(failure.is_none())
}

/// One story and the check of the books.
async fn tell(
    world: &mut World,
    story: &Story,
    rng: &mut Rng,
    thorough: bool,
) -> anyhow::Result<(Outcome, Seen)> {
    world.load.resume();
    tokio::time::sleep(HEALTHY).await;
    let outcome = (story.tell)(world, rng).await?;
    for service in world.services() {
        service.wait_ready().await?;
    }
    world.load.pause().await?;
    world.cluster.wait_in_sync().await?;
    let seen = if thorough {
        world
            .oracle
            .check_all(&world.cluster, world.sql, &world.load)
            .await?
    } else {
        world
            .oracle
            .check(&world.cluster, world.sql, &world.load)
            .await?
    };
    Ok((outcome, seen))
}
