//! The text of a key's secret: 256 random bits as letters and digits, and a checksum, by
//! which a mistyped key, or a stranger's scanner for leaked keys, is told at once.

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 62^43 > 2^256.
const RANDOM_CHARS: usize = 43;
/// 62^6 > 2^32.
const CHECKSUM_CHARS: usize = 6;

/// A new secret of the key whose text begins with `head`.
///
/// # Errors
/// When the system has no randomness to give.
pub(super) fn generate(head: &str) -> anyhow::Result<String> {
    let mut secret = String::with_capacity(RANDOM_CHARS + CHECKSUM_CHARS);
    let mut bytes = [0; 64];
    while secret.len() < RANDOM_CHARS {
        fill(&mut bytes)?;
        // Of 256 values 248 are four times 62: the others would make some letters likelier.
        let fair = bytes.iter().filter(|byte| **byte < 248);
        let chars = fair.map(|byte| char::from(BASE62[usize::from(byte % 62)]));
        secret.extend(chars.take(RANDOM_CHARS - secret.len()));
    }
    secret += &checksum(head, &secret);
    Ok(secret)
}

/// Whether the secret may be one of ours. Secrets of another length have no checksum: the
/// first versions made such.
pub(super) fn is_plausible(head: &str, secret: &str) -> bool {
    if secret.len() != RANDOM_CHARS + CHECKSUM_CHARS {
        return true;
    }
    secret
        .split_at_checked(RANDOM_CHARS)
        .is_some_and(|(random, sum)| checksum(head, random) == sum)
}

/// CRC-32 of the whole key before it, in base 62.
fn checksum(head: &str, random: &str) -> String {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(head.as_bytes());
    hasher.update(random.as_bytes());
    let mut rest = hasher.finalize();
    let mut digits = [b'0'; CHECKSUM_CHARS];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().copied().map(char::from).collect()
}

/// Random bytes.
///
/// # Errors
/// When the system has none to give.
pub(super) fn fill(bytes: &mut [u8]) -> anyhow::Result<()> {
    getrandom::fill(bytes)
        .map_err(|error| anyhow::anyhow!("the system gives no random numbers: {error}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn one_wrong_letter_is_noticed_anywhere() {
        let head = "llmo_sk_0123456789abcdef_";
        let secret = generate(head).unwrap();
        assert_eq!(secret.len(), 49);
        assert!(secret.chars().all(|c| c.is_ascii_alphanumeric()));
        assert!(is_plausible(head, &secret));
        for i in 0..secret.len() {
            let mut other = secret.clone().into_bytes();
            other[i] = if other[i] == b'a' { b'b' } else { b'a' };
            let other = String::from_utf8(other).unwrap();
            assert!(!is_plausible(head, &other), "{i}");
        }
        assert!(!is_plausible("llmo_sk_1123456789abcdef_", &secret));
    }

    /// The figure is the contract with scanners; do not change it.
    #[test]
    fn the_checksum_stays_what_it_is() {
        assert_eq!(checksum("123456789", ""), "3jZRME");
    }
}
