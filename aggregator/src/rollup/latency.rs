//! A mergeable sketch of latencies: counts by logarithmic bucket, as in DDSketch
//! (Masson, Rim, Lee, VLDB 2019). Bucket `i` holds the latencies in `(g^(i-1), g^i]`
//! microseconds with `g = 1.01 / 0.99`; any quantile read off it is within 1 %.

use schemas::row_binary::RowBinary as _;

/// The bucket of latency 0.
const ZERO: i16 = -1;
/// `1 / ln(1.01 / 0.99)`.
const PER_LN: f64 = 49.998_333_288_887_09;

/// Latencies by bucket, in ascending order: there are few, so finding a place is cheap.
#[derive(Debug, Default)]
pub(super) struct Sketch(Vec<(i16, u64)>);

impl Sketch {
    pub(super) fn add(&mut self, latency_us: u64) {
        self.count(bucket_of(latency_us), 1);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (bucket, count) in &other.0 {
            self.count(*bucket, *count);
        }
    }

    fn count(&mut self, bucket: i16, count: u64) {
        match self.0.binary_search_by_key(&bucket, |(bucket, _)| *bucket) {
            Ok(at) => self.0[at].1 += count,
            Err(at) => self.0.insert(at, (bucket, count)),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As a `Map(Int16, UInt64)`.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.put_varint(self.0.len() as u64);
        for (bucket, count) in &self.0 {
            out.extend_from_slice(&bucket.to_le_bytes());
            out.extend_from_slice(&count.to_le_bytes());
        }
    }
}

fn bucket_of(latency_us: u64) -> i16 {
    if latency_us == 0 {
        return ZERO;
    }
    #[allow(clippy::cast_precision_loss)] // latencies are below 2^53 microseconds
    let index = ((latency_us as f64).ln() * PER_LN).ceil();
    #[allow(clippy::cast_possible_truncation)] // at most 50 * ln(2^53), far below i16::MAX
    let index = index as i16;
    index
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_bucket_tells_its_latencies_within_one_percent(latency_us in 1u64..2_600_000_000_000) {
            let g: f64 = 1.01 / 0.99;
            let estimate = 2.0 * g.powi(i32::from(bucket_of(latency_us))) / (g + 1.0);
            #[allow(clippy::cast_precision_loss)]
            let exact = latency_us as f64;
            prop_assert!((estimate - exact).abs() <= exact * 0.010_000_1, "{estimate} {exact}");
        }
    }

    #[test]
    fn no_latency_has_a_bucket_of_its_own() {
        assert_eq!(bucket_of(0), -1);
        assert_eq!(bucket_of(1), 0);
        assert!((PER_LN - 1.0 / (1.01f64 / 0.99).ln()).abs() < 1e-9);
    }
}
