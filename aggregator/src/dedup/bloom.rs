//! A filter that says "certainly not here" for nearly every id that is not.

/// Bits of filter for an id.
const BITS_PER_ID: usize = 16;
/// Bits that an id sets, all in one word: one memory access answers.
const BITS_SET: u32 = 4;

/// A Bloom filter whose blocks are words. At 16 bits an id and 4 set, about 6 of 1000
/// strangers pass. Ids are uniform, so their own bits serve as hashes.
#[derive(Debug)]
pub(super) struct Bloom {
    words: Vec<u64>,
}

impl Bloom {
    /// For this many ids; more make it less sharp, never wrong.
    pub(super) fn with_capacity(ids: usize) -> Self {
        Self {
            words: vec![0; (ids * BITS_PER_ID).div_ceil(64).max(1)],
        }
    }

    pub(super) fn insert(&mut self, id: u128) {
        let probe = Probe::new(id);
        let word = self.word(probe);
        self.words[word] |= probe.bits;
    }

    pub(super) fn may_contain(&self, probe: Probe) -> bool {
        self.words[self.word(probe)] & probe.bits == probe.bits
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.words.capacity() * size_of::<u64>()
    }

    fn word(&self, probe: Probe) -> usize {
        ((u128::from(probe.hash) * self.words.len() as u128) >> 64) as usize
    }
}

/// An id as filters see it, the same for each of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Probe {
    /// The id's lower half: its upper bits choose the word.
    hash: u64,
    /// The bits in that word, by the lowest bits.
    bits: u64,
}

impl Probe {
    pub(super) fn new(id: u128) -> Self {
        let hash = id as u64;
        let bits = (0..BITS_SET).fold(0, |bits, n| bits | 1 << ((hash >> (6 * n)) & 63));
        Self { hash, bits }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_always_pass_and_strangers_hardly_ever() {
        let id = |n: u64| u128::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        let mut bloom = Bloom::with_capacity(100_000);
        (0..100_000).for_each(|n| bloom.insert(id(n)));
        assert!((0..100_000).all(|n| bloom.may_contain(Probe::new(id(n)))));
        let passed = (100_000..200_000)
            .filter(|n| bloom.may_contain(Probe::new(id(*n))))
            .count();
        assert!(passed < 1_500, "{passed} of 100,000 strangers passed");
    }
}
