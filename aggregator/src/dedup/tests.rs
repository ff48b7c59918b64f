#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

const HOUR_MS: i64 = 3_600_000;

/// A uniform id.
fn id(n: u64) -> u128 {
    let mix = |mut z: u64| {
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    u128::from(mix(n)) << 64 | u128::from(mix(!n))
}

fn config(dir: &TempDir, memory_bytes_max: usize) -> WindowConfig {
    WindowConfig {
        memory_bytes_max,
        spill_dir: dir.path().join("window"),
    }
}

/// The rule, and nothing else: all that was accepted, in a list.
#[derive(Default)]
struct Model(Vec<(u128, i64)>);

impl Model {
    /// The ten newest generations of what was accepted.
    fn kept_from(&self) -> i64 {
        let mut generations: Vec<_> = self.0.iter().map(|(_, generation)| *generation).collect();
        generations.sort_unstable();
        generations.dedup();
        generations.iter().rev().nth(9).copied().unwrap_or(i64::MIN)
    }

    fn admit(&mut self, id: u128, log_time_ms: i64) -> bool {
        let now = log_time_ms.div_euclid(4 * HOUR_MS);
        let from = self.kept_from().max(now - 6);
        let first = !self.0.iter().any(|(other, at)| *other == id && *at >= from);
        if first {
            self.0.push((id, now));
        }
        first
    }
}

/// Ids from a few, at times that mostly go on, sometimes back by hours, seldom by days.
fn log() -> impl Strategy<Value = Vec<(u64, i64)>> {
    let step = prop_oneof![
        20 => 0..HOUR_MS / 2,
        3 => 0..9 * HOUR_MS,
        3 => -11 * HOUR_MS..0,
        1 => -90 * HOUR_MS..90 * HOUR_MS,
    ];
    prop::collection::vec((0_u64..200, step), 1..1500).prop_map(|steps| {
        let mut now = 1_795_176_000_000;
        steps
            .into_iter()
            .map(|(id, step)| {
                now += step;
                (id, now)
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(192) })]

    #[test]
    fn decides_as_the_rule_says(
        log in log(), recent_max in 1_usize..40, memory in prop_oneof![Just(0_usize), 100..4_000_usize, Just(usize::MAX)],
    ) {
        let dir = TempDir::new().unwrap();
        let mut window = Window::with_recent_max(config(&dir, memory), recent_max);
        let mut model = Model::default();
        for (n, at) in log {
            prop_assert_eq!(window.admit(id(n), at).unwrap(), model.admit(id(n), at));
        }
        let kept = model.kept_from();
        prop_assert_eq!(window.len(), model.0.iter().filter(|(_, at)| *at >= kept).count());
    }

    /// Cut the log anywhere, rebuild from what was accepted until then, in any order and
    /// with other limits: the rest is decided as if nothing had happened.
    #[test]
    fn a_rebuilt_window_decides_alike(
        log in log(), cut in any::<prop::sample::Index>(), seed in any::<u64>(), recent_max in 1_usize..40,
        memory in prop_oneof![Just(0_usize), 100..4_000_usize, Just(usize::MAX)],
    ) {
        let dir = TempDir::new().unwrap();
        let mut window = Window::with_recent_max(config(&dir, usize::MAX), 16);
        let cut = cut.index(log.len());
        let mut accepted = Vec::new();
        for (n, at) in &log[..cut] {
            if window.admit(id(*n), *at).unwrap() {
                accepted.push((*n, *at));
            }
        }
        accepted.sort_by_key(|(n, at)| id(*n ^ seed).wrapping_add(at.unsigned_abs().into()));
        let mut rebuilt = Window::with_recent_max(config(&dir, memory), recent_max);
        for (n, at) in accepted {
            rebuilt.restore(id(n), at).unwrap();
        }
        for (n, at) in &log[cut..] {
            prop_assert_eq!(window.admit(id(*n), *at).unwrap(), rebuilt.admit(id(*n), *at).unwrap());
        }
        prop_assert_eq!(window.len(), rebuilt.len());
    }
}

#[test]
fn an_id_counts_once_for_24_hours_and_again_after_28() {
    let dir = TempDir::new().unwrap();
    for start in [0, 1, 4 * HOUR_MS - 1] {
        let mut window = Window::new(config(&dir, usize::MAX));
        assert!(window.admit(id(1), start).unwrap());
        assert!(!window.admit(id(1), start + 24 * HOUR_MS).unwrap());
        // The duplicate did not renew the window.
        assert!(window.admit(id(1), start + 28 * HOUR_MS).unwrap());
    }
}

#[test]
fn a_clock_that_leaps_ahead_and_back_costs_nothing() {
    let dir = TempDir::new().unwrap();
    let mut window = Window::new(config(&dir, usize::MAX));
    let (now, year) = (1_795_176_000_000, 365 * 24 * HOUR_MS);
    assert!(window.admit(id(1), now).unwrap());
    assert!(window.admit(id(2), now + year).unwrap());
    assert!(!window.admit(id(1), now + HOUR_MS).unwrap());
    assert!(window.admit(id(3), now + HOUR_MS).unwrap());
    assert!(!window.admit(id(3), now + 20 * HOUR_MS).unwrap());
}

#[test]
fn memory_holds_and_no_file_is_left() {
    let dir = TempDir::new().unwrap();
    let mut window = Window::with_recent_max(config(&dir, 200_000), 1_000);
    for n in 0..100_000 {
        assert!(
            window
                .admit(id(n), i64::try_from(n).unwrap() * 1_000)
                .unwrap()
        );
    }
    assert!((0..100_000).all(|n| !window.admit(id(n), 100_000_000).unwrap()));
    assert_eq!(window.len(), 100_000);
    // 2 bytes an id of filter, the most recent ids, a sparse index.
    assert!(
        window.memory_bytes() < 300_000,
        "{} bytes",
        window.memory_bytes()
    );
    assert_eq!(fs_entries(&dir), 0);
}

#[test]
fn a_broken_window_says_so() {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("window"), "not a directory").unwrap();
    let mut window = Window::with_recent_max(config(&dir, 0), 2);
    assert!(window.admit(id(1), 0).unwrap());
    assert!(window.admit(id(2), 0).is_err());
    assert!(window.admit(id(3), 0).is_err());
    assert!(window.restore(id(3), 0).is_err());
}

fn fs_entries(dir: &TempDir) -> usize {
    std::fs::read_dir(dir.path().join("window"))
        .unwrap()
        .count()
}
