//! Quantiles from the latency sketch of the rollups: counts by logarithmic bucket, as in
//! DDSketch (Masson, Rim, Lee, VLDB 2019). Bucket `i` counts latencies in `(g^(i-1), g^i]`
//! microseconds, `g = 1.01 / 0.99`; `-1` counts zeros.

const G: f64 = 1.01 / 0.99;
/// The bucket of latency 0.
const ZERO: i16 = -1;

/// The `q` quantile (0 to 1) in milliseconds, within 1 %; `None` without latencies.
///
/// The element of rank `ceil(q * n)`: what half (or 95 %) of the calls did not exceed.
pub(crate) fn quantile_ms(buckets: &[(i16, u64)], q: f64) -> Option<f64> {
    let mut buckets = buckets.to_vec();
    buckets.sort_unstable_by_key(|(bucket, _)| *bucket);
    let count: u64 = buckets.iter().map(|(_, count)| count).sum();
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss
    )]
    let rank = ((count as f64 * q).ceil() as u64).clamp(1, count.max(1));
    let mut seen = 0;
    let (bucket, _) = buckets.into_iter().find(|(_, count)| {
        seen += count;
        seen >= rank
    })?;
    Some(estimate_us(bucket) / 1000.0)
}

/// The value that is within 1 % of everything in the bucket.
fn estimate_us(bucket: i16) -> f64 {
    if bucket == ZERO {
        0.0
    } else {
        2.0 * G.powi(bucket.into()) / (G + 1.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation
    )]
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn sketch(latencies_us: &[u64]) -> Vec<(i16, u64)> {
        let mut buckets = BTreeMap::new();
        for us in latencies_us {
            let bucket = if *us == 0 {
                ZERO
            } else {
                ((*us as f64).ln() / G.ln()).ceil() as i16
            };
            *buckets.entry(bucket).or_default() += 1;
        }
        buckets.into_iter().collect()
    }

    proptest! {
        #[test]
        fn a_quantile_is_within_one_percent(
            mut latencies in prop::collection::vec(0u64..100_000_000_000, 1..300),
            q in 0.01..1.0,
        ) {
            let estimate = quantile_ms(&sketch(&latencies), q).unwrap();
            latencies.sort_unstable();
            let rank = (latencies.len() as f64 * q).ceil() as usize;
            let exact = latencies[rank - 1] as f64 / 1000.0;
            prop_assert!((estimate - exact).abs() <= exact * 0.010_001, "{estimate} {exact}");
        }
    }

    #[test]
    fn without_latencies_there_is_no_quantile() {
        assert_eq!(quantile_ms(&[], 0.5), None);
        assert_eq!(quantile_ms(&[(ZERO, 3)], 0.5), Some(0.0));
    }
}
