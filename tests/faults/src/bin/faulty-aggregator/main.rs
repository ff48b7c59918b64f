//! The aggregator as it is, between parts that fail: it can be killed or stopped at each
//! step of a batch, or be made to break the protocol on purpose.
//!
//! Orders come as lines on standard input: `kill <step> [n]` or `stop <step> [n]`, at the
//! n-th time from now that the step is reached. `hit <step>` is printed just before.
#![allow(clippy::print_stdout)]

mod between;
mod mutants;
mod previous;
mod steps;

use std::io::BufRead as _;
use std::sync::Arc;

use aggregator::{Config, Log, Offsets, Seams, Store};
use clap::Parser;
use service::config::LogArgs;

use mutants::Mutant;
use steps::Trap;

/// Settings of the role `aggregator`, and what is wrong with it.
#[derive(Parser, Debug)]
struct Options {
    #[command(flatten)]
    log: LogArgs,
    #[command(flatten)]
    aggregator: Config,
    /// Leave out one rule of the protocol.
    #[arg(long, env = "LLMOBSERVE_MUTANT")]
    mutant: Option<Mutant>,
    /// Write as the version before the last schema change did.
    #[arg(long, env = "LLMOBSERVE_FAULTY_PREVIOUS", num_args = 0..=1, default_missing_value = "true", default_value = "false", value_parser = clap::builder::FalseyValueParser::new())]
    previous: bool,
}

struct Faulty {
    trap: Arc<Trap>,
    mutant: Option<Mutant>,
    previous: bool,
}

impl Seams for Faulty {
    fn store(&self, real: Arc<dyn Store>) -> Arc<dyn Store> {
        let store = match self.previous {
            true => between::store(previous::Store(real)),
            false => real,
        };
        between::store(steps::Store {
            inner: mutants::store(self.mutant, store),
            trap: Arc::clone(&self.trap),
        })
    }

    fn offsets(&self, _: &Log, real: Arc<dyn Offsets>) -> Arc<dyn Offsets> {
        let offsets = match self.previous {
            true => Arc::new(previous::Offsets(real)) as Arc<dyn Offsets>,
            false => real,
        };
        let offsets = mutants::offsets(self.mutant, offsets);
        Arc::new(steps::Offsets::new(offsets, Arc::clone(&self.trap)))
    }
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    service::telemetry::init(&options.log)?;
    let trap = Arc::new(Trap::default());
    let ordered = Arc::clone(&trap);
    std::thread::spawn(move || {
        for order in std::io::stdin().lock().lines().map_while(Result::ok) {
            match ordered.arm(&order) {
                Ok(()) => println!("armed {order}"),
                Err(error) => println!("refused {order}: {error:#}"),
            }
        }
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let seams = Faulty {
            trap,
            mutant: options.mutant,
            previous: options.previous,
        };
        let shutdown = service::shutdown::on_signal()?;
        aggregator::run_with(options.aggregator, Arc::new(seams), shutdown).await
    })
}
