//! The data directory: made when missing, used by one instance at a time.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::exit::Exit;

/// How long an `up` that was killed may take to be gone, and each of its children.
const SELF_MAX: Duration = Duration::from_secs(1);
const CHILD_MAX: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);

/// The data directory, held until dropped.
#[derive(Debug)]
pub(super) struct Directory {
    root: PathBuf,
    /// Held, not read: the lock ends with the file handle.
    _lock: File,
}

impl Directory {
    /// Makes the directory where needed and takes it for this instance.
    ///
    /// # Errors
    /// When it cannot be written or another instance uses it.
    pub(super) fn open(root: &Path) -> anyhow::Result<Self> {
        let advice = || {
            format!(
                "cannot write the data directory {}: correct its rights or choose another with \
                 LLMOBSERVE_DATA_DIR",
                root.display()
            )
        };
        Self::make(root).with_context(advice).context(Exit::DataDir)
    }

    fn make(root: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(root)?;
        let root = root.canonicalize()?;
        let lock = File::create(root.join("lock"))?;
        if !locked_within(&lock, SELF_MAX)? {
            bail!("another instance uses it");
        }
        // The children of an `up` that was killed are killed too, but take a while to go.
        if let Ok(clickhouse) = File::open(root.join("clickhouse/lock")) {
            locked_within(&clickhouse, CHILD_MAX)?;
        }
        Ok(Self { root, _lock: lock })
    }

    /// Where a part keeps its own.
    pub(super) fn of(&self, part: &str) -> PathBuf {
        self.root.join(part)
    }
}

/// Takes the lock of `file` as soon as it is free; false when it is not in time.
fn locked_within(file: &File, patience: Duration) -> std::io::Result<bool> {
    let deadline = Instant::now() + patience;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if Instant::now() >= deadline => return Ok(false),
            Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
        }
    }
}
