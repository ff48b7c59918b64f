//! The keys that are valid now, in memory, so that no request waits for a database.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::Context;
use secrecy::ExposeSecret;

use super::caller::{Binding, Caller, Scopes};
use super::key::{ApiKey, KeyRecord};

/// Valid keys by id. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Keyring(Arc<RwLock<HashMap<Arc<str>, KeyRecord>>>);

impl Keyring {
    /// Makes a key valid, in place of an older one of the same id.
    pub fn insert(&self, key: KeyRecord) {
        let mut keys = self.0.write().unwrap_or_else(PoisonError::into_inner);
        keys.insert(Arc::clone(&key.id), key);
    }

    /// Ends a key. Whether there was one.
    pub fn remove(&self, id: &str) -> bool {
        self.0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(id)
            .is_some()
    }

    /// Whose key it is; `None` when it is unknown or its secret is wrong.
    pub fn caller(&self, key: &ApiKey) -> Option<Caller> {
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        keys.get(key.id())?.verify(key)
    }

    /// Adds the platform key of the bootstrap file, which is made when it does not exist.
    ///
    /// # Errors
    /// When the file can be neither read nor made, or holds no key.
    pub fn add_bootstrap_key(&self, path: &Path) -> anyhow::Result<()> {
        let key = match std::fs::read_to_string(path) {
            Ok(text) => ApiKey::parse(text.trim()).with_context(|| {
                format!("the bootstrap key file {} holds no key", path.display())
            })?,
            Err(error) if error.kind() == ErrorKind::NotFound => make(path)?,
            Err(error) => {
                return Err(error).with_context(|| {
                    format!("cannot read the bootstrap key file {}", path.display())
                });
            }
        };
        self.insert(key.record(Binding::Platform, Scopes::ALL));
        Ok(())
    }
}

/// Writes a new key, readable by its owner only. Of two processes that start together one
/// wins, and both use its key: the file appears whole or not at all.
fn make(path: &Path) -> anyhow::Result<ApiKey> {
    let what = || format!("cannot write the bootstrap key file {}", path.display());
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new("."));
    std::fs::create_dir_all(directory).with_context(what)?;
    let key = ApiKey::generate()?;
    // A temporary file is made with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(directory).with_context(what)?;
    std::io::Write::write_all(
        &mut file,
        format!("{}\n", key.expose().expose_secret()).as_bytes(),
    )
    .with_context(what)?;
    file.as_file().sync_all().with_context(what)?;
    match file.persist_noclobber(path) {
        Ok(_) => {
            tracing::info!("wrote the first admin key to {}", path.display());
            Ok(key)
        }
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {
            let text = std::fs::read_to_string(path).with_context(what)?;
            ApiKey::parse(text.trim()).with_context(what)
        }
        Err(error) => Err(error.error).with_context(what),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_bootstrap_key_is_made_once_private_and_valid() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new/admin.key");
        Keyring::default().add_bootstrap_key(&path).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let text = std::fs::read_to_string(&path).unwrap();
        let key = ApiKey::parse(text.trim()).unwrap();
        let keyring = Keyring::default();
        assert!(keyring.caller(&key).is_none());
        keyring.add_bootstrap_key(&path).unwrap();
        let caller = keyring.caller(&key).unwrap();
        assert_eq!(
            (caller.key_id(), caller.binding()),
            (key.id(), &Binding::Platform)
        );
        assert!(keyring.remove(key.id()));
        assert!(keyring.caller(&key).is_none());
    }

    #[test]
    fn processes_that_start_together_share_one_key() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("admin.key");
        std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        let keyring = Keyring::default();
                        keyring.add_bootstrap_key(&path).unwrap();
                        keyring
                    })
                })
                .collect();
            for start in starts {
                let text = std::fs::read_to_string(&path);
                let keyring = start.join().unwrap();
                let text = text.or_else(|_| std::fs::read_to_string(&path)).unwrap();
                assert!(
                    keyring
                        .caller(&ApiKey::parse(text.trim()).unwrap())
                        .is_some()
                );
            }
        });
    }

    #[test]
    fn a_file_without_a_key_says_so() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("admin.key");
        std::fs::write(&path, "hello").unwrap();
        let error = Keyring::default().add_bootstrap_key(&path).unwrap_err();
        assert!(format!("{error:#}").contains("holds no key: an API key looks like"));
    }
}
