//! Where an event goes and how it is known again.
//!
//! The partition belongs to the published schema: with a spread of 1 it equals
//! what Kafka's own Java partitioner makes of the key (the tenant), so that other
//! producers need nothing of ours. Changing the number of partitions or a spread
//! would move ids to other partitions, where their duplicates are not known: it
//! starts a new topic.

/// MurmurHash2 as Apache Kafka's `Utils.murmur2` computes it (seed `0x9747b28c`).
pub fn murmur2(data: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let mut hash = 0x9747_b28c ^ u32::try_from(data.len()).unwrap_or(u32::MAX);
    let (blocks, tail) = data.as_chunks::<4>();
    for block in blocks {
        let mut k = u32::from_le_bytes(*block).wrapping_mul(M);
        k ^= k >> 24;
        hash = hash.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    for (i, byte) in tail.iter().enumerate() {
        hash ^= u32::from(*byte) << (8 * i);
    }
    if !tail.is_empty() {
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ (hash >> 15)
}

/// The partition of an event among `partitions` (> 0). A tenant with a `spread`
/// of n uses n neighbouring partitions, chosen by the event's id.
pub fn partition_of(tenant_id: &str, id: &str, partitions: u32, spread: u32) -> u32 {
    let positive = |text: &str| murmur2(text.as_bytes()) & 0x7fff_ffff;
    let spread = spread.clamp(1, partitions);
    let lane = if spread == 1 {
        0
    } else {
        positive(id) % spread
    };
    (positive(tenant_id) % partitions + lane) % partitions
}

/// 128 bits that stand for (tenant, id) in the duplicate window. BLAKE3, because a
/// tenant must not be able to make up an id that collides with another tenant's.
pub fn id_hash(tenant_id: &str, id: &str) -> u128 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(tenant_id.len() as u64).to_le_bytes());
    hasher.update(tenant_id.as_bytes());
    hasher.update(id.as_bytes());
    let mut out = [0; 16];
    hasher.finalize_xof().fill(&mut out);
    u128::from_le_bytes(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn murmur2_equals_kafkas() {
        // The vectors of Kafka's own UtilsTest.testMurmur2.
        let cases: [(&str, i32); 6] = [
            ("21", -973_932_308),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            (
                "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8",
                -58_897_971,
            ),
            ("abc", 479_470_107),
        ];
        for (text, hash) in cases {
            assert_eq!(murmur2(text.as_bytes()).cast_signed(), hash, "{text}");
        }
    }

    #[test]
    fn spread_keeps_an_id_on_one_partition_and_a_tenant_within_its_lanes() {
        let home = partition_of("acme", "x", 12, 1);
        for i in 0..100 {
            let id = format!("id-{i}");
            let p = partition_of("acme", &id, 12, 3);
            assert_eq!(p, partition_of("acme", &id, 12, 3));
            assert!((p + 12 - home) % 12 < 3);
            assert_eq!(partition_of("acme", &id, 12, 1), home);
        }
    }

    #[test]
    fn ids_of_different_tenants_never_share_a_hash() {
        assert_ne!(id_hash("a", "bc"), id_hash("ab", "c"));
        assert_eq!(id_hash("a", "bc"), id_hash("a", "bc"));
    }
}
