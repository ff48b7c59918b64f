//! The first admin key, in a file: somebody must be able to make the others.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::Context;
use secrecy::ExposeSecret;

use super::key::ApiKey;

/// The key in the file, which is made with a new key when it does not exist.
///
/// # Errors
/// When the file can be neither read nor made, or holds no key.
pub(super) fn read_or_make(path: &Path) -> anyhow::Result<ApiKey> {
    match std::fs::read_to_string(path) {
        Ok(text) => ApiKey::parse(text.trim())
            .with_context(|| format!("the bootstrap key file {} holds no key", path.display())),
        Err(error) if error.kind() == ErrorKind::NotFound => make(path),
        Err(error) => Err(error)
            .with_context(|| format!("cannot read the bootstrap key file {}", path.display())),
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

    use super::super::{Binding, Keyring};
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
        assert!(keyring.caller(&key).unwrap().is_none());
        keyring.add_bootstrap_key(&path).unwrap();
        let caller = keyring.caller(&key).unwrap().unwrap();
        assert_eq!(
            (caller.key_id(), caller.binding()),
            (key.id(), &Binding::Platform)
        );
        assert!(keyring.remove(key.id()));
        assert!(keyring.caller(&key).unwrap().is_none());
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
                let keyring = start.join().unwrap();
                let text = std::fs::read_to_string(&path).unwrap();
                let key = ApiKey::parse(text.trim()).unwrap();
                assert!(keyring.caller(&key).unwrap().is_some());
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
