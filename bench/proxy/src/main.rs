//! What a proxy is measured with: an upstream that answers at once, and a load that keeps its
//! schedule whatever the answers do (so that a stall shows as latency, not as less load).
//!
//! `bench/proxy.py` runs it: the same load directly, through nginx, the proxy, and LiteLLM.
#![allow(clippy::print_stdout)] // The result is printed.

mod load;
mod summary;
mod upstream;

use clap::Parser;

#[derive(Parser)]
enum Role {
    /// Answer chat completions, whole or streamed.
    Upstream(upstream::Args),
    /// Send chat completions, and print one line of JSON.
    Load(load::Args),
}

fn main() -> anyhow::Result<()> {
    let role = Role::parse();
    // One thread each: what is measured gets the rest of the machine.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match role {
            Role::Upstream(args) => upstream::run(args).await,
            Role::Load(args) => load::run(args).await,
        }
    })
}
