//! The broker's data directory: locked while in use, formatted once.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, fcntl_lock};
use rustix::io::Errno;

use super::StartError;

/// How much of the logs an error message quotes.
const QUOTED_LINES_MAX: usize = 8;
/// How long a killed broker may take to be gone.
const PREDECESSOR_MAX: Duration = Duration::from_secs(10);
const PREDECESSOR_PAUSE: Duration = Duration::from_millis(50);

#[derive(Debug)]
pub(super) struct Directory {
    root: PathBuf,
    /// Held, not read: the lock ends with the file handle.
    _lock: File,
}

impl Directory {
    /// Makes the directory where needed and takes it for this instance.
    pub(super) fn open(root: &Path) -> Result<Self, StartError> {
        for dir in [root.to_path_buf(), root.join("logs")] {
            fs::create_dir_all(&dir).map_err(StartError::data_dir(&dir))?;
        }
        let root = root.canonicalize().map_err(StartError::data_dir(root))?;
        if root.to_string_lossy().contains(',') {
            // Kafka's `log.dirs` is a list.
            let comma = io::Error::new(io::ErrorKind::InvalidInput, "its path has a comma");
            return Err(StartError::data_dir(root)(comma));
        }
        let lock = root.join("lock");
        let lock = File::create(&lock).map_err(StartError::data_dir(&lock))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StartError::DataDirInUse { path: root }),
            Err(TryLockError::Error(error)) => return Err(StartError::data_dir(&root)(error)),
        }
        let directory = Self { root, _lock: lock };
        directory.await_predecessor()?;
        // A killed broker leaves its unpacked libraries behind.
        let tmp = directory.tmp();
        drop(fs::remove_dir_all(&tmp));
        fs::create_dir_all(&tmp).map_err(StartError::data_dir(&tmp))?;
        Ok(directory)
    }

    /// A broker whose parent was killed a moment ago is killed too, but it takes a while
    /// to go. Java marks a log in use by a POSIX lock, which is not ours above.
    fn await_predecessor(&self) -> Result<(), StartError> {
        let deadline = Instant::now() + PREDECESSOR_MAX;
        loop {
            let Ok(lock) = File::options().write(true).open(self.data().join(".lock")) else {
                return Ok(());
            };
            match fcntl_lock(&lock, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(()),
                Err(Errno::AGAIN | Errno::ACCESS) if Instant::now() < deadline => {
                    std::thread::sleep(PREDECESSOR_PAUSE);
                }
                Err(_) => {
                    let path = self.root.clone();
                    return Err(StartError::DataDirInUse { path });
                }
            }
        }
    }

    pub(super) fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    pub(super) fn tmp(&self) -> PathBuf {
        self.root.join("tmp")
    }

    pub(super) fn server_log(&self) -> PathBuf {
        self.root.join("logs/server.log")
    }

    fn java_log(&self) -> PathBuf {
        self.root.join("logs/java.log")
    }

    /// Writes `text` to the file `name`, and gives its path.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<PathBuf, StartError> {
        let path = self.root.join(name);
        fs::write(&path, text).map_err(StartError::data_dir(&path))?;
        Ok(path)
    }

    /// Sends what the program prints to a log file, begun anew.
    pub(super) fn log_output(&self, command: &mut Command) -> Result<(), StartError> {
        let path = self.java_log();
        let log = File::create(&path).map_err(StartError::data_dir(&path))?;
        let copy = log.try_clone().map_err(StartError::data_dir(&path))?;
        command.stdout(log).stderr(copy);
        Ok(())
    }

    /// Kafka writes this file last when it formats a directory.
    pub(super) fn is_formatted(&self) -> bool {
        self.data().join("meta.properties").is_file()
    }

    /// The last lines of both logs, for an error message.
    pub(super) fn last_lines(&self) -> String {
        let mut quoted = String::new();
        for path in [self.java_log(), self.server_log()] {
            let log = fs::read(&path).unwrap_or_default();
            let log = String::from_utf8_lossy(&log);
            // Without Java's stack frames: the messages say enough.
            let lines = log.lines().filter(|line| !line.starts_with("\tat "));
            let lines: Vec<_> = lines.collect();
            for line in &lines[lines.len().saturating_sub(QUOTED_LINES_MAX)..] {
                quoted.push_str("  ");
                quoted.push_str(line);
                quoted.push('\n');
            }
        }
        quoted
    }
}
