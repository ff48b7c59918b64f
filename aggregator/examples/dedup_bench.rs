//! Time and memory of the duplicate window:
//! `cargo run --release -p aggregator --example dedup_bench [ids] [memory_mib_max]`.
#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use aggregator::dedup::{Window, WindowConfig};

/// Log time that the ids are spread over: what a window holds.
const SPAN_MS: u64 = 28 * 3_600_000;
/// Ids asked for at the end.
const ASKED: u64 = 1_000_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let ids: u64 = args.next().map_or(Ok(10_000_000), |ids| ids.parse())?;
    let mib: usize = args.next().map_or(Ok(1 << 20), |mib| mib.parse())?;
    let config = WindowConfig {
        memory_bytes_max: mib << 20,
        spill_dir: std::env::temp_dir(),
    };
    let at = |n: u64| (n * SPAN_MS / ids).cast_signed();

    let start = Instant::now();
    let mut window = Window::new(config.clone());
    for n in 0..ids {
        // Not in the order of time, as a database may answer.
        let n = n.wrapping_mul(7_368_787) % ids;
        window.restore(id(n), at(n))?;
    }
    println!(
        "{:>9.2} s to restore {ids} ids",
        start.elapsed().as_secs_f64()
    );

    let start = Instant::now();
    window = Window::new(config);
    let mut slowest = Duration::ZERO;
    for n in 0..ids {
        let one = Instant::now();
        window.admit(id(n), at(n))?;
        slowest = slowest.max(one.elapsed());
    }
    println!(
        "{:>9.0} ns per admit from empty on, {slowest:?} at worst",
        nanos(start, ids)
    );
    report("admitted", &window);

    let start = Instant::now();
    for n in ids..ids + ASKED {
        window.admit(id(n), at(ids - 1))?;
    }
    println!("{:>9.0} ns per admit of a new id", nanos(start, ASKED));
    let start = Instant::now();
    let mut duplicates = 0_u64;
    for n in 0..ASKED {
        let known = n.wrapping_mul(7_368_787) % ids;
        duplicates += u64::from(!window.admit(id(known), at(ids - 1))?);
    }
    println!(
        "{:>9.0} ns per admit of a known id ({duplicates} known)",
        nanos(start, ASKED)
    );
    Ok(())
}

fn report(what: &str, window: &Window) {
    let (len, bytes) = (window.len(), window.memory_bytes());
    // A hash set's buckets are a power of two filled to 7/8 at most, 17 bytes each.
    let hash_set = (len * 8 / 7).next_power_of_two() * 17;
    let per_id = |bytes: usize| bytes as f64 / len as f64;
    println!(
        "{:>9.2} bytes per id {what}: {len} ids, {bytes} bytes; one hash set {:.2}",
        per_id(bytes),
        per_id(hash_set),
    );
}

fn nanos(start: Instant, count: u64) -> f64 {
    start.elapsed().as_nanos() as f64 / count as f64
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
