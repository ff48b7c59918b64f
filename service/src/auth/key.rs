//! API keys: `llmo_sk_<id>_<secret>`. The secret is shown once and kept as a hash.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::caller::{Binding, Caller, Scopes};
use super::tenant::Tenant;
use crate::Problem;

const PREFIX: &str = "llmo_sk_";
/// Random bytes of an id: unique without asking anyone.
const ID_BYTES: usize = 8;
/// Random bytes of a secret. So many need no slow hash.
const SECRET_BYTES: usize = 32;

/// A key as its owner holds it.
#[derive(Clone)]
pub struct ApiKey {
    id: Arc<str>,
    secret: SecretString,
}

/// The text is not `llmo_sk_<id>_<secret>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an API key looks like llmo_sk_<id>_<secret>")]
pub struct ParseKeyError;

impl ApiKey {
    /// A new key from the system's randomness.
    ///
    /// # Errors
    /// When the system has none to give.
    pub fn generate() -> anyhow::Result<Self> {
        let mut bytes = [0; ID_BYTES + SECRET_BYTES];
        getrandom::fill(&mut bytes)
            .map_err(|error| anyhow::anyhow!("the system gives no random numbers: {error}"))?;
        let (id, secret) = bytes.split_at(ID_BYTES);
        // Hexadecimal, because an id holds no `_`, which ends it.
        let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self {
            id: id.into(),
            secret: URL_SAFE_NO_PAD.encode(secret).into(),
        })
    }

    /// Reads a key.
    ///
    /// # Errors
    /// When it does not look like one. The message never repeats it.
    pub fn parse(text: &str) -> Result<Self, ParseKeyError> {
        let (id, secret) = text
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split_once('_'))
            .ok_or(ParseKeyError)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if id.is_empty() || secret.is_empty() || !id.chars().chain(secret.chars()).all(plain) {
            return Err(ParseKeyError);
        }
        Ok(Self {
            id: id.into(),
            secret: secret.into(),
        })
    }

    /// The public part.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The whole key: to be shown once, to its owner.
    pub fn expose(&self) -> SecretString {
        format!("{PREFIX}{}_{}", self.id, self.secret.expose_secret()).into()
    }

    /// What is kept of a key of one tenant.
    ///
    /// # Errors
    /// 400 when the name is no tenant id.
    pub fn bound(&self, tenant: &str, scopes: Scopes) -> Result<KeyRecord, Problem> {
        Ok(self.record(Binding::Bound(Tenant::named(tenant)?), scopes))
    }

    /// What is kept of it.
    pub fn record(&self, binding: Binding, scopes: Scopes) -> KeyRecord {
        KeyRecord {
            id: Arc::clone(&self.id),
            secret_sha256: self.hash(),
            binding,
            scopes,
        }
    }

    fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.secret.expose_secret().as_bytes()).into()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({})", self.id)
    }
}

/// A key as we keep it. Closed: whoever could take the tenant out of it would have got one
/// without authentication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    pub(super) id: Arc<str>,
    /// SHA-256 of the secret.
    secret_sha256: [u8; 32],
    binding: Binding,
    scopes: Scopes,
}

impl KeyRecord {
    /// The public part.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The caller, when the key's secret is the right one; takes the same time when not.
    pub(super) fn verify(&self, key: &ApiKey) -> Option<Caller> {
        let same: bool = self.secret_sha256.ct_eq(&key.hash()).into();
        same.then(|| Caller::new(Arc::clone(&self.id), self.binding.clone(), self.scopes))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_key_is_read_back_and_never_printed() {
        let key = ApiKey::generate().unwrap();
        let text = key.expose();
        let back = ApiKey::parse(text.expose_secret()).unwrap();
        assert_eq!(back.id(), key.id());
        let record = key.record(Binding::Platform, Scopes::ALL);
        assert!(record.verify(&back).is_some());
        assert!(!format!("{key:?} {record:?}").contains(key.secret.expose_secret()));
    }

    #[test]
    fn another_secret_is_refused() {
        let record = ApiKey::parse("llmo_sk_1_a")
            .unwrap()
            .record(Binding::Platform, Scopes::ALL);
        assert!(
            record
                .verify(&ApiKey::parse("llmo_sk_1_b").unwrap())
                .is_none()
        );
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in [
            "",
            "llmo_sk_",
            "llmo_sk_1",
            "llmo_sk__x",
            "llmo_sk_1_",
            "sk_1_x",
            "llmo_sk_1_\u{e9}",
        ] {
            assert_eq!(ApiKey::parse(text).unwrap_err(), ParseKeyError, "{text}");
        }
    }
}
