//! Records of the compacted topic [`CONTROL`](crate::topics::CONTROL): what was decided while
//! the services run, such as API keys. Every service keeps all of them in memory.
//!
//! The Kafka key is `<kind>/<id>`, so that compaction keeps the last record of each thing; the
//! value is a JSON [`Envelope`]. A record without a value (a tombstone) removes the thing. A
//! reader skips kinds that it does not know.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The kind of [`ApiKey`] records.
pub const API_KEY: &str = "api_key";
/// Reserved for what is set per tenant: limits, spread.
pub const TENANT: &str = "tenant";

/// What every record has around its own value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope<T> {
    /// What the record is about; tells the type of `value`.
    pub kind: String,
    /// Which one of its kind.
    pub id: String,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// Who wrote it: an API key's id, `jwt:<sub>`, `cli:<user>`, or empty without authentication.
    pub by: String,
    /// The thing itself, whole: a record replaces the one before.
    pub value: T,
}

/// An API key, without its secret.
///
/// The end of a key is a record with `revoked_at` and not a tombstone: those go away after a
/// while, and a service that was cut off for longer would never hear that the key has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// SHA-256 of the secret, 64 hexadecimal digits.
    pub secret_sha256: String,
    /// The tenant it is bound to; null = a platform key, which may name any.
    pub tenant_id: Option<String>,
    /// `ingest`, `read`, `admin`.
    pub scopes: Vec<String>,
    /// What its owner calls it.
    pub name: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// By whom, as in [`Envelope::by`].
    pub created_by: String,
    /// From when on it is refused; null = never.
    pub expires_at: Option<DateTime<Utc>>,
    /// Since when it is refused.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// The Kafka key of a record.
pub fn record_key(kind: &str, id: &str) -> String {
    format!("{kind}/{id}")
}

/// Kind and id of a Kafka key; `None` when it is not one of ours.
pub fn read_key(key: &[u8]) -> Option<(&str, &str)> {
    std::str::from_utf8(key).ok()?.split_once('/')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_records_key_is_read_back() {
        let key = record_key(TENANT, "a/b");
        assert_eq!(read_key(key.as_bytes()), Some((TENANT, "a/b")));
        assert_eq!(read_key(b"nothing"), None);
        assert_eq!(read_key(b"\xff/x"), None);
    }

    /// The text that is in the topic of every installation: it must go on being read.
    #[test]
    fn an_api_key_has_this_form() {
        let text = r#"{"kind":"api_key","id":"0f","at":"2026-01-02T03:04:05Z","by":"cli:ops",
            "value":{"secret_sha256":"ab","tenant_id":"acme","scopes":["ingest"],"name":"web",
            "created_at":"2026-01-02T03:04:05Z","created_by":"cli:ops","expires_at":null,
            "revoked_at":null}}"#;
        let record: Envelope<ApiKey> = serde_json::from_str(text).unwrap();
        assert_eq!(record.value.tenant_id.as_deref(), Some("acme"));
        let written = serde_json::to_value(&record).unwrap();
        assert_eq!(
            written,
            serde_json::from_str::<serde_json::Value>(text).unwrap()
        );
    }
}
