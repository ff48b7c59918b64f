//! The issuer's public keys, as a JWK Set (RFC 7517) names them.

use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse,
};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

/// Most keys of one set.
const KEYS_MAX: usize = 100;

/// The keys that can verify a token.
#[derive(Debug)]
pub(super) struct KeySet(Vec<Key>);

/// A key and the one algorithm that it is for.
#[derive(Debug)]
pub(super) struct Key {
    id: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

/// What a set has for a token.
#[derive(Debug)]
pub(super) enum Found<'a> {
    /// Its key.
    Key(&'a Key),
    /// No key of this id: a newer set may have it.
    Unknown,
    /// No key may verify it.
    Unfit(&'static str),
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl KeySet {
    /// Reads a JWK Set. Keys of other kinds (for encryption, of other algorithms) are left out.
    ///
    /// # Errors
    /// In words, when it is none or holds no key that can be used.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        let document: Document = serde_json::from_slice(text)
            .map_err(|error| format!("this is not a JWK Set: {error}"))?;
        if document.keys.len() > KEYS_MAX {
            return Err(format!("a JWK Set has at most {KEYS_MAX} keys"));
        }
        let keys: Vec<Key> = document.keys.into_iter().filter_map(Key::read).collect();
        if keys.is_empty() {
            return Err("the JWK Set holds no key for RS256, ES256 or EdDSA".to_owned());
        }
        Ok(Self(keys))
    }

    /// The key for a token whose header says this.
    pub(super) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Found<'_> {
        let fit = |key: &&Key| key.algorithm == algorithm;
        let same_id = |key: &&Key| id.is_some() && key.id.as_deref() == id;
        if let Some(key) = self.0.iter().filter(same_id).find(fit) {
            return Found::Key(key);
        }
        if self.0.iter().any(|key| same_id(&key)) {
            return Found::Unfit("the token's `alg` is not that of its key");
        }
        match (&self.0[..], id) {
            // The only one: its name, or the token's, may be missing.
            ([only], None) if fit(&only) => Found::Key(only),
            ([only], Some(_)) if only.id.is_none() && fit(&only) => Found::Key(only),
            (_, None) => Found::Unfit("the token does not say which key signed it (`kid`)"),
            (_, Some(_)) => Found::Unknown,
        }
    }
}

impl Key {
    fn read(value: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(value).ok()?;
        let common = &jwk.common;
        let signs = common
            .public_key_use
            .as_ref()
            .is_none_or(|it| *it == PublicKeyUse::Signature);
        let operations = common.key_operations.as_ref();
        let verifies = operations.is_none_or(|all| all.contains(&KeyOperations::Verify));
        let (algorithm, name) = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
                (Algorithm::ES256, KeyAlgorithm::ES256)
            }
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
                (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
            }
            _ => return None,
        };
        let named = common.key_algorithm.is_none_or(|it| it == name);
        (signs && verifies && named).then_some(())?;
        Some(Self {
            id: common.key_id.clone(),
            algorithm,
            key: DecodingKey::from_jwk(&jwk).ok()?,
        })
    }
}
