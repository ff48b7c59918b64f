//! The seeds of a fuzz target and blind variations of them, for the crates' own tests: the same
//! ones in each run. `FUZZ_ROUNDS=1000000` tries more.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Variations of each seed in a test run.
const ROUNDS: u64 = 300;
/// Changes of one variation, at most.
const CHANGES_MAX: u64 = 8;

/// Gives each seed to `run`, and its variations; says which one it was that failed.
pub(crate) fn each(target: &str, run: impl Fn(&[u8])) {
    let seeds = seeds(target);
    let rounds = std::env::var("FUZZ_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    for seed in &seeds {
        told(seed, &run);
        for _ in 0..rounds {
            let mut data = seed.clone();
            for _ in 0..=dice.below(CHANGES_MAX) {
                change(&mut data, &seeds, &mut dice);
            }
            told(&data, &run);
        }
    }
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let dir = format!("{}/../fuzz/seeds/{target}", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(&dir).unwrap_or_else(|error| panic!("{dir}: {error}"));
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{dir} is empty");
    paths
        .iter()
        .map(|path| std::fs::read(path).unwrap())
        .collect()
}

fn told(data: &[u8], run: &impl Fn(&[u8])) {
    if let Err(failed) = catch_unwind(AssertUnwindSafe(|| run(data))) {
        eprintln!("a new seed: b\"{}\"", data.escape_ascii());
        resume_unwind(failed);
    }
}

/// Xorshift.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound.max(1)
    }

    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap()
    }
}

/// Flips a bit, sets a telling byte, cuts, repeats, or takes a piece of another seed.
fn change(data: &mut Vec<u8>, seeds: &[Vec<u8>], dice: &mut Dice) {
    const TELLING: &[u8] = b"\0\x01\x7f\x80\xff\n\r\"\\{}[],:;-'`$/* 09eE";
    let at = dice.index(data.len().max(1));
    match dice.below(6) {
        0 if at < data.len() => data[at] ^= 1 << dice.below(8),
        1 if at < data.len() => data[at] = TELLING[dice.index(TELLING.len())],
        2 => data.insert(at.min(data.len()), TELLING[dice.index(TELLING.len())]),
        3 => data.truncate(at),
        4 if at < data.len() => {
            let end = at + 1 + dice.index((data.len() - at).min(64));
            let piece = data[at..end.min(data.len())].to_vec();
            data.splice(at..at, piece);
        }
        _ => {
            let other = &seeds[dice.index(seeds.len())];
            let from = dice.index(other.len().max(1)).min(other.len());
            let to = (from + dice.index(64)).min(other.len());
            let end = (at + dice.index(64)).min(data.len());
            data.splice(at.min(end)..end, other[from..to].iter().copied());
        }
    }
}
