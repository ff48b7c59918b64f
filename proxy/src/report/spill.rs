//! Events on disk while Kafka is away: files of records, written by one process each and sent
//! by whoever finds them unlocked, so that a restarted process sends what the last one left.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use schemas::Record;
use uuid::Uuid;

use crate::metrics;

/// A file is closed at this size, so that it can be sent and removed.
const FILE_BYTES: u64 = 8 << 20;
/// Longest record: far beyond the largest event.
const RECORD_BYTES_MAX: usize = 1 << 20;
const EXTENSION: &str = "spill";
/// Before each record: its length and the beginning of its hash.
const HEAD_BYTES: usize = 4 + HASH_BYTES;
const HASH_BYTES: usize = 8;

/// The directory.
#[derive(Debug)]
pub(super) struct Spill {
    dir: PathBuf,
    bytes_max: u64,
    /// The file that is being written.
    open: Mutex<Option<Open>>,
}

#[derive(Debug)]
struct Open {
    /// Locked.
    file: File,
    bytes: u64,
}

/// A file's records, on their way. The lock keeps others from sending them too.
#[derive(Debug)]
pub(super) struct Taken {
    path: PathBuf,
    _lock: File,
    pub(super) records: Vec<Record>,
    /// Records, or rests of one, that cannot be read.
    pub(super) damaged: usize,
}

impl Spill {
    /// # Errors
    /// When the directory cannot be made or written to.
    pub(super) fn open(dir: &Path, bytes_max: u64) -> anyhow::Result<Self> {
        let context = || {
            format!(
                "cannot use the directory {}: correct its rights or choose another with \
                 LLMOBSERVE_PROXY_SPILL_DIR",
                dir.display()
            )
        };
        fs::create_dir_all(dir).with_context(context)?;
        let spill = Self {
            dir: dir.to_owned(),
            bytes_max,
            open: Mutex::default(),
        };
        metrics::spill_bytes(spill.bytes().with_context(context)?);
        Ok(spill)
    }

    /// Writes them behind one another. False when there is no room: then none is written.
    pub(super) fn append(&self, values: &[Vec<u8>]) -> io::Result<bool> {
        let mut text = Vec::new();
        for value in values {
            text.extend_from_slice(&u32::try_from(value.len()).unwrap_or(u32::MAX).to_le_bytes());
            text.extend_from_slice(&hash(value));
            text.extend_from_slice(value);
        }
        let mut current = self.lock();
        let bytes = self.bytes()? + text.len() as u64;
        if bytes > self.bytes_max {
            return Ok(false);
        }
        let mut open = match current.take() {
            Some(open) => open,
            None => self.create()?,
        };
        // After an error the file is not written to again: its end may be torn.
        open.file.write_all(&text)?;
        open.bytes += text.len() as u64;
        if open.bytes < FILE_BYTES {
            *current = Some(open);
        }
        metrics::spill_bytes(bytes);
        Ok(true)
    }

    /// The oldest file that nobody writes or sends, with its records. One that this process
    /// writes is closed first, when there is no other.
    pub(super) fn take_oldest(&self) -> io::Result<Option<Taken>> {
        *self.lock() = None;
        let mut paths = self.files()?;
        paths.sort();
        for path in paths {
            let Some(file) = locked(&path)? else {
                continue;
            };
            let (records, damaged) = read(&fs::read(&path)?);
            return Ok(Some(Taken {
                path,
                _lock: file,
                records,
                damaged,
            }));
        }
        Ok(None)
    }

    /// It was sent. One that was not is just dropped, and found again.
    pub(super) fn remove(&self, taken: &Taken) -> io::Result<()> {
        fs::remove_file(&taken.path)?;
        metrics::spill_bytes(self.bytes()?);
        Ok(())
    }

    fn create(&self) -> io::Result<Open> {
        // Names in the order of time.
        let path = self.dir.join(format!("{}.{EXTENSION}", Uuid::now_v7()));
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .open(&path)?;
        file.try_lock()
            .map_err(|_| io::Error::from(io::ErrorKind::WouldBlock))?;
        Ok(Open { file, bytes: 0 })
    }

    fn files(&self) -> io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let path = entry?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == EXTENSION)
            {
                files.push(path);
            }
        }
        Ok(files)
    }

    fn bytes(&self) -> io::Result<u64> {
        let mut bytes = 0;
        for path in self.files()? {
            // Another process may have sent and removed it.
            bytes += fs::metadata(&path).map_or(0, |file| file.len());
        }
        Ok(bytes)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The file, unless another process has it or has removed it.
fn locked(path: &Path) -> io::Result<Option<File>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match file.try_lock() {
        // It may have been removed before it was ours.
        Ok(()) => Ok(path.exists().then_some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn hash(value: &[u8]) -> [u8; HASH_BYTES] {
    let mut short = [0; HASH_BYTES];
    short.copy_from_slice(&blake3::hash(value).as_bytes()[..HASH_BYTES]);
    short
}

/// The records, and how many could not be read. A torn end counts as one.
fn read(mut text: &[u8]) -> (Vec<Record>, usize) {
    let mut records = Vec::new();
    let mut damaged = 0;
    while !text.is_empty() {
        let Some((value, rest)) = first(text) else {
            return (records, damaged + 1);
        };
        match Record::from_value(value.1)
            .ok()
            .filter(|_| hash(value.1) == value.0)
        {
            Some(record) => records.push(record),
            None => damaged += 1,
        }
        text = rest;
    }
    (records, damaged)
}

type Framed<'a> = ([u8; HASH_BYTES], &'a [u8]);

fn first(text: &[u8]) -> Option<(Framed<'_>, &[u8])> {
    let (head, rest) = text.split_at_checked(HEAD_BYTES)?;
    let length = u32::from_le_bytes(head[..4].try_into().ok()?) as usize;
    if length > RECORD_BYTES_MAX {
        return None;
    }
    let (value, rest) = rest.split_at_checked(length)?;
    Some(((head[4..].try_into().ok()?, value), rest))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use schemas::pricing::{ClientCostPolicy, PriceBook};
    use schemas::validate::{self, validate};
    use schemas::{RawEvent, Record};

    use super::*;

    fn values(count: usize) -> Vec<Vec<u8>> {
        let book = PriceBook::bundled().unwrap();
        let context = validate::Context {
            tenant_id: "acme",
            received_us: 1_790_000_000_000_000,
            retention_us: i64::MAX,
            ingest_key_id: "",
        };
        let value = |n: usize| {
            let text = format!(r#"{{"id":"e{n}","provider":"openai"}}"#);
            let raw = RawEvent::parse(&text).unwrap();
            let event = validate(&raw, &context, String::new).unwrap();
            event.price(&book, ClientCostPolicy::Ignore).value()
        };
        (0..count).map(value).collect()
    }

    fn ids(taken: &Taken) -> Vec<&str> {
        let events = taken.records.iter().map(Record::event);
        events.map(|event| event.id.as_str()).collect()
    }

    #[test]
    fn what_was_kept_is_found_once_in_its_order() {
        let dir = tempfile::tempdir().unwrap();
        let spill = Spill::open(dir.path(), 1 << 20).unwrap();
        let values = values(3);
        assert!(spill.append(&values[..2]).unwrap());
        assert!(spill.append(&values[2..]).unwrap());
        let taken = spill.take_oldest().unwrap().unwrap();
        assert_eq!((ids(&taken), taken.damaged), (vec!["e0", "e1", "e2"], 0));
        // Nobody else gets it meanwhile, neither here nor in another process.
        let other = Spill::open(dir.path(), 1 << 20).unwrap();
        assert!(spill.take_oldest().unwrap().is_none());
        assert!(other.take_oldest().unwrap().is_none());
        drop(taken);
        let again = other.take_oldest().unwrap().unwrap();
        assert_eq!(again.records.len(), 3);
        other.remove(&again).unwrap();
        assert!(spill.take_oldest().unwrap().is_none());
    }

    #[test]
    fn a_file_that_another_process_writes_is_not_taken() {
        let dir = tempfile::tempdir().unwrap();
        let writer = Spill::open(dir.path(), 1 << 20).unwrap();
        let reader = Spill::open(dir.path(), 1 << 20).unwrap();
        assert!(writer.append(&values(1)).unwrap());
        assert!(reader.take_oldest().unwrap().is_none());
        drop(writer);
        assert!(reader.take_oldest().unwrap().is_some());
    }

    #[test]
    fn damage_costs_what_is_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let spill = Spill::open(dir.path(), 1 << 20).unwrap();
        spill.append(&values(3)).unwrap();
        drop(spill);
        let path = fs::read_dir(dir.path())
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path();
        let mut text = fs::read(&path).unwrap();
        // In the first record's value, and at the torn end of the last.
        text[HEAD_BYTES + 8] ^= 1;
        text.truncate(text.len() - 5);
        fs::write(&path, text).unwrap();
        let spill = Spill::open(dir.path(), 1 << 20).unwrap();
        let taken = spill.take_oldest().unwrap().unwrap();
        assert_eq!((ids(&taken), taken.damaged), (vec!["e1"], 2));
    }

    #[test]
    fn a_full_directory_takes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let spill = Spill::open(dir.path(), 100).unwrap();
        assert!(!spill.append(&values(3)).unwrap());
        assert!(spill.take_oldest().unwrap().is_none());
    }
}
