//! The keys that are valid now, in memory, so that no request waits for a database.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use chrono::Utc;
use schemas::control::{API_KEY, ApiKey as Written};
use serde_json::value::RawValue;

use super::bootstrap;
use super::caller::{Binding, Caller};
use super::key::{ApiKey, KeyRecord};
use super::scope::Scopes;
use crate::Problem;
use crate::control::{Change, Table};

/// When to come again while the keys are being read.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Who makes the first key, and what it is called.
pub(super) const BOOTSTRAP: &str = "bootstrap";

/// Keys by id. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Keyring(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// Read by every request, without a lock; whoever changes it puts another in its place.
    keys: ArcSwap<Keys>,
    changing: Mutex<()>,
    /// Whether there may be keys that we have not read yet.
    incomplete: AtomicBool,
}

type Keys = HashMap<Arc<str>, Arc<KeyRecord>>;

impl Keyring {
    /// Makes a key valid, in place of an older one of the same id.
    pub fn insert(&self, key: KeyRecord) {
        self.change(|keys| {
            keys.insert(key.id().into(), Arc::new(key));
        });
    }

    /// Ends a key. Whether there was one.
    pub fn remove(&self, id: &str) -> bool {
        self.change(|keys| keys.remove(id).is_some())
    }

    /// Whose key it is; `None` when it is unknown or has ended, or its secret is wrong.
    ///
    /// # Errors
    /// 503 while the keys are still being read for the first time: a key that is not there
    /// may be valid, and one that is there may have been revoked.
    pub fn caller(&self, key: &ApiKey) -> Result<Option<Caller>, Problem> {
        self.check_complete()?;
        let keys = self.0.keys.load();
        Ok(keys
            .get(key.id())
            .and_then(|record| record.verify(key, Utc::now())))
    }

    /// # Errors
    /// 503 while the keys are still being read for the first time.
    pub(super) fn check_complete(&self) -> Result<(), Problem> {
        if self.0.incomplete.load(Ordering::Acquire) {
            let detail = "the API keys are being read; send the same again a little later";
            return Err(Problem::unavailable("starting", detail, RETRY_AFTER));
        }
        Ok(())
    }

    /// A key as we keep it.
    pub(super) fn get(&self, id: &str) -> Option<Arc<KeyRecord>> {
        self.0.keys.load().get(id).cloned()
    }

    /// All keys, also those that have ended.
    pub(super) fn all(&self) -> Vec<Arc<KeyRecord>> {
        self.0.keys.load().values().cloned().collect()
    }

    /// Adds the platform key of the bootstrap file, which is made when it does not exist.
    ///
    /// # Errors
    /// When the file can be neither read nor made, or holds no key.
    pub fn add_bootstrap_key(&self, path: &Path) -> anyhow::Result<()> {
        let key = bootstrap::read_or_make(path)?;
        let record = key.record(Binding::Platform, Scopes::ALL);
        self.insert(record.described(Some(BOOTSTRAP.to_owned()), None, BOOTSTRAP));
        Ok(())
    }

    fn change<T>(&self, edit: impl FnOnce(&mut Keys) -> T) -> T {
        let _one_at_a_time = self
            .0
            .changing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut keys = Keys::clone(&self.0.keys.load());
        let result = edit(&mut keys);
        self.0.keys.store(Arc::new(keys));
        result
    }
}

/// Filled from the control topic.
impl Table for Keyring {
    fn kind(&self) -> &'static str {
        API_KEY
    }

    fn following(&self) {
        self.0.incomplete.store(true, Ordering::Release);
    }

    fn apply(&self, changes: Vec<Change>) {
        self.change(|keys| {
            for Change { id, value } in changes {
                match value.as_deref().and_then(|value| read(&id, value)) {
                    Some(record) => keys.insert(id.into(), Arc::new(record)),
                    // Removed; or unreadable, and then it may be the key's end.
                    None => keys.remove(id.as_str()),
                };
            }
        });
    }

    fn caught_up(&self) {
        self.0.incomplete.store(false, Ordering::Release);
    }
}

fn read(id: &str, value: &RawValue) -> Option<KeyRecord> {
    let written = serde_json::from_str::<Written>(value.get()).ok();
    let record = written.and_then(|written| KeyRecord::read(id, written));
    if record.is_none() {
        tracing::error!(
            key_id = id,
            "this API key's record cannot be read: the key is refused"
        );
    }
    record
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn change(id: &str, value: Option<&str>) -> Change {
        let value = value.map(|text| RawValue::from_string(text.to_owned()).unwrap());
        Change {
            id: id.to_owned(),
            value,
        }
    }

    fn is_valid(keyring: &Keyring, key: &ApiKey) -> bool {
        keyring.caller(key).unwrap().is_some()
    }

    #[test]
    fn nothing_is_decided_before_all_keys_are_read() {
        let keyring = Keyring::default();
        let key = ApiKey::generate().unwrap();
        keyring.insert(key.record(Binding::Platform, Scopes::ALL));
        assert!(is_valid(&keyring, &key));
        keyring.following();
        assert_eq!(keyring.caller(&key).unwrap_err().status(), 503);
        keyring.caught_up();
        assert!(is_valid(&keyring, &key));
    }

    #[test]
    fn a_revocation_a_tombstone_and_what_nobody_understands_end_a_key() {
        let key = ApiKey::generate().unwrap();
        let record = key.record(Binding::Platform, Scopes::ALL);
        let mut value = serde_json::to_value(record.value()).unwrap();
        let good = value.to_string();
        value["revoked_at"] = "2026-01-01T00:00:00Z".into();
        let revoked = value.to_string();
        value["revoked_at"] = serde_json::Value::Null;
        value["scopes"] = serde_json::json!(["read", "fly"]);
        let unknown = value.to_string();
        for end in [
            None,
            Some(&*revoked),
            Some(&*unknown),
            Some("null"),
            Some("7"),
        ] {
            let keyring = Keyring::default();
            keyring.apply(vec![change(key.id(), Some(&good))]);
            assert!(is_valid(&keyring, &key));
            keyring.apply(vec![change("other", None), change(key.id(), end)]);
            assert!(!is_valid(&keyring, &key), "{end:?}");
        }
    }
}
