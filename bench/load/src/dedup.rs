//! The aggregator's duplicate window, or a hash set of 16-byte keys in its place.

use std::time::Instant;

use aggregator::dedup::{Window, WindowConfig};
use anyhow::ensure;
use serde_json::json;

use crate::summary::resident_bytes;

/// Log time that the ids are spread over: what a window holds.
const SPAN_MS: u64 = 28 * 3_600_000;
/// Ids asked for at the end.
const ASKED: u64 = 1_000_000;

#[derive(clap::ValueEnum, Clone, Copy)]
enum Kind {
    Window,
    Set,
}

#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(long, value_enum)]
    kind: Kind,
    #[arg(long, default_value_t = 50_000_000)]
    ids: u64,
    /// The window's limit; beyond it ids go to files.
    #[arg(long, default_value_t = 1 << 20)]
    memory_mib: usize,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let ids = args.ids;
    let before = resident_bytes()?;
    let begun = Instant::now();
    let (bytes, resident, filled, known, nanos) = match args.kind {
        Kind::Window => {
            let mut window = Window::new(WindowConfig {
                memory_bytes_max: args.memory_mib << 20,
                spill_dir: std::env::temp_dir(),
            });
            let at = |n: u64| (n * SPAN_MS / ids).cast_signed();
            for n in 0..ids {
                let n = shuffled(n, ids);
                window.restore(id(n), at(n))?;
            }
            // The first record closes what is older: that is part of being ready.
            window.admit(id(ids), at(ids - 1))?;
            let filled = begun.elapsed();
            let asking = Instant::now();
            let mut known = 0;
            for n in 0..ASKED {
                known += u64::from(!window.admit(id(shuffled(n, ids)), at(ids - 1))?);
            }
            let nanos = nanos(asking);
            (
                window.memory_bytes(),
                resident_bytes()?,
                filled,
                known,
                nanos,
            )
        }
        Kind::Set => {
            let mut set: hashbrown::HashSet<u128> = hashbrown::HashSet::new();
            for n in 0..ids {
                set.insert(id(shuffled(n, ids)));
            }
            let filled = begun.elapsed();
            let asking = Instant::now();
            let known = (0..ASKED)
                .filter(|n| set.contains(&id(shuffled(*n, ids))))
                .count();
            let nanos = nanos(asking);
            let known = known as u64;
            (
                set.allocation_size(),
                resident_bytes()?,
                filled,
                known,
                nanos,
            )
        }
    };
    // An id that has left the window is no duplicate: those of its oldest hours are not asked for.
    ensure!(known > 0, "no id was known");
    println!(
        "{}",
        json!({
            "ids": ids,
            "bytes": bytes,
            "resident_bytes": resident - before,
            "fill_seconds": filled.as_secs_f64(),
            "known": known,
            "nanos_per_question": nanos,
        })
    );
    Ok(())
}

#[allow(clippy::cast_precision_loss)]
fn nanos(since: Instant) -> f64 {
    since.elapsed().as_nanos() as f64 / ASKED as f64
}

/// Not in the order of time, as a database may answer.
fn shuffled(n: u64, ids: u64) -> u64 {
    n.wrapping_mul(7_368_787) % ids
}

/// A uniform id.
fn id(n: u64) -> u128 {
    let mix = |mut z: u64| {
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    u128::from(mix(n)) << 64 | u128::from(mix(!n))
}
