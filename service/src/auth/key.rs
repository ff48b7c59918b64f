//! API keys: `llmo_sk_<id>_<secret>`. The secret is shown once and kept as a hash.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use schemas::control;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::caller::{Binding, Caller};
use super::scope::Scopes;
use super::secret;
use super::tenant::Tenant;
use crate::Problem;

const PREFIX: &str = "llmo_sk_";
/// Random bytes of an id: unique without asking anyone.
const ID_BYTES: usize = 8;

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
        let mut id = [0; ID_BYTES];
        secret::fill(&mut id)?;
        // An id holds no `_`, which ends it.
        let id = to_hex(&id);
        let secret = secret::generate(&prefix(&id))?;
        Ok(Self {
            id: id.into(),
            secret: secret.into(),
        })
    }

    /// Reads a key.
    ///
    /// # Errors
    /// When it does not look like one, or its checksum is wrong. The message never repeats it.
    pub fn parse(text: &str) -> Result<Self, ParseKeyError> {
        let (id, secret) = text
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split_once('_'))
            .ok_or(ParseKeyError)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let is_empty = id.is_empty() || secret.is_empty();
        if is_empty || !id.chars().chain(secret.chars()).all(plain) {
            return Err(ParseKeyError);
        }
        let head = &text[..text.len() - secret.len()];
        if !secret::is_plausible(head, secret) {
            return Err(ParseKeyError);
        }
        Ok(Self {
            id: id.into(),
            secret: secret.into(),
        })
    }

    /// Whether a credential is meant to be an API key (and not a JWT).
    pub(super) fn is_meant(credential: &str) -> bool {
        credential.starts_with(PREFIX)
    }

    /// The public part.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The whole key: to be shown once, to its owner.
    pub fn expose(&self) -> SecretString {
        format!("{}{}", prefix(&self.id), self.secret.expose_secret()).into()
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
        let tenant = match &binding {
            Binding::Bound(tenant) => Some(tenant.to_string()),
            Binding::Platform => None,
        };
        let secret_sha256 = self.hash();
        let value = control::ApiKey {
            secret_sha256: to_hex(&secret_sha256),
            tenant_id: tenant,
            scopes: scopes.names().map(ToOwned::to_owned).collect(),
            name: None,
            created_at: Utc::now(),
            created_by: String::new(),
            expires_at: None,
            revoked_at: None,
        };
        KeyRecord {
            secret_sha256,
            caller: Caller::key(Arc::clone(&self.id), binding, scopes),
            value,
        }
    }

    fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.secret.expose_secret().as_bytes()).into()
    }
}

/// What a key's text begins with: enough to tell it from others, nothing of its secret.
pub(super) fn prefix(id: &str) -> String {
    format!("{PREFIX}{id}_")
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
    /// SHA-256 of the secret.
    secret_sha256: [u8; 32],
    /// Whom it makes of a request.
    caller: Caller,
    /// As it is written to the control topic.
    value: control::ApiKey,
}

impl KeyRecord {
    /// From the control topic; `None` when it cannot be understood.
    pub(super) fn read(id: &str, value: control::ApiKey) -> Option<Self> {
        let binding = match &value.tenant_id {
            Some(tenant) => Binding::Bound(Tenant::named(tenant).ok()?),
            None => Binding::Platform,
        };
        let scopes = Scopes::parse(&value.scopes).ok()?;
        Some(Self {
            secret_sha256: from_hex(&value.secret_sha256)?,
            caller: Caller::key(id.into(), binding, scopes),
            value,
        })
    }

    /// The public part.
    pub fn id(&self) -> &str {
        self.caller.key_id()
    }

    /// As it is written to the control topic.
    pub(super) fn value(&self) -> &control::ApiKey {
        &self.value
    }

    /// Whose data it opens.
    pub(super) fn binding(&self) -> &Binding {
        self.caller.binding()
    }

    /// The same key with what its owner says of it.
    pub(super) fn described(
        mut self,
        name: Option<String>,
        expires_at: Option<DateTime<Utc>>,
        created_by: &str,
    ) -> Self {
        self.value.name = name;
        self.value.expires_at = expires_at;
        created_by.clone_into(&mut self.value.created_by);
        self
    }

    /// The caller, when the key's secret is the right one and the key has not ended; takes the
    /// same time when not.
    pub(super) fn verify(&self, key: &ApiKey, now: DateTime<Utc>) -> Option<Caller> {
        let same: bool = self.secret_sha256.ct_eq(&key.hash()).into();
        // A revoked key is refused by whose clock is behind the revoker's, too.
        let ended = self.value.revoked_at.is_some() || self.ended_before(now);
        (same && !ended).then(|| self.caller.clone())
    }

    /// Whether it was revoked or expired at `time`.
    pub(super) fn ended_before(&self, time: DateTime<Utc>) -> bool {
        let ends = [self.value.revoked_at, self.value.expires_at];
        ends.into_iter().flatten().any(|at| at <= time)
    }
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 2 * bytes.len() || !text.bytes().all(|c| c.is_ascii_hexdigit()) {
        return None;
    }
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok()?;
    }
    Some(bytes)
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
        assert!(record.verify(&back, Utc::now()).is_some());
        assert!(!format!("{key:?} {record:?}").contains(key.secret.expose_secret()));
        let written = serde_json::to_string(record.value()).unwrap();
        assert!(!written.contains(key.secret.expose_secret()));
        assert_eq!(
            KeyRecord::read(key.id(), record.value().clone()),
            Some(record)
        );
    }

    #[test]
    fn another_secret_is_refused() {
        let record = ApiKey::parse("llmo_sk_1_a")
            .unwrap()
            .record(Binding::Platform, Scopes::ALL);
        let other = ApiKey::parse("llmo_sk_1_b").unwrap();
        assert!(record.verify(&other, Utc::now()).is_none());
    }

    #[test]
    fn a_key_ends_when_it_expires_or_is_revoked() {
        let key = ApiKey::generate().unwrap();
        let now = Utc::now();
        let record = key.record(Binding::Platform, Scopes::ALL);
        let expiring = record.clone().described(None, Some(now), "");
        assert!(expiring.verify(&key, now).is_none());
        let before = now - chrono::TimeDelta::milliseconds(1);
        assert!(expiring.verify(&key, before).is_some());
        let mut revoked = record;
        revoked.value.revoked_at = Some(now);
        assert!(revoked.verify(&key, before).is_none());
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let mut mistyped = ApiKey::generate()
            .unwrap()
            .expose()
            .expose_secret()
            .to_owned();
        mistyped.pop();
        mistyped.push('-');
        for text in [
            "",
            "llmo_sk_",
            "llmo_sk_1",
            "llmo_sk__x",
            "llmo_sk_1_",
            "sk_1_x",
            "llmo_sk_1_\u{e9}",
            &mistyped,
        ] {
            assert_eq!(ApiKey::parse(text).unwrap_err(), ParseKeyError, "{text}");
        }
    }

    /// Keys of the first version, without a checksum.
    #[test]
    fn a_key_of_the_first_version_is_still_read() {
        let old = "llmo_sk_0011223344556677_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE";
        assert_eq!(ApiKey::parse(old).unwrap().id(), "0011223344556677");
    }
}
