//! The loads and the peers of the benchmarks. Loads keep their schedule whatever the answers do,
//! so that a stall shows as latency, not as less load.
//!
//! `bench/suite` runs it. Every role prints one line of JSON at its end.
#![allow(clippy::print_stdout)] // The result is printed.

mod accept_only;
mod connection;
mod count;
mod dedup;
mod events;
mod load;
mod produce;
mod records;
mod relay;
mod shape;
mod summary;
mod upstream;

use clap::Parser;

/// As the product's: peers written in Rust have it too.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[derive(Parser)]
enum Role {
    /// Post events.
    Events(events::Args),
    /// Produce the records of events, with nothing but librdkafka.
    Produce(produce::Args),
    /// Answer 202 to whatever is JSON.
    AcceptOnly(accept_only::Args),
    /// Fill a duplicate window, or a hash set.
    Dedup(dedup::Args),
    /// Do one thing so often, under a tool that counts instructions.
    Count(count::Args),
    /// Answer chat completions, whole or streamed.
    Upstream(upstream::Args),
    /// Pass calls on to an upstream.
    Relay(relay::Args),
    /// Send chat completions.
    Load(load::Args),
}

fn main() -> anyhow::Result<()> {
    match Role::parse() {
        Role::Events(args) => one_thread(events::run(args)),
        Role::Produce(args) => produce::run(&args),
        Role::AcceptOnly(args) => accept_only::run(&args),
        Role::Dedup(args) => dedup::run(&args),
        Role::Count(args) => count::run(&args),
        Role::Upstream(args) => one_thread(until_told(upstream::run(args))),
        Role::Relay(args) => relay::run(&args),
        Role::Load(args) => one_thread(load::run(args)),
    }
}

/// What is measured gets the rest of the machine.
fn one_thread(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

/// A server ends in order on SIGTERM: a build that counts what it does writes the counts then.
async fn until_told(serving: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let told = service::shutdown::on_signal()?;
    tokio::select! {
        done = serving => done,
        () = told.cancelled() => Ok(()),
    }
}
