//! Sorted ids in a file that has no name: when the process ends, so does the file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

const ID_BYTES: usize = size_of::<u128>();
/// Ids of a page: 4 KiB, read at once and indexed by its first id.
const PAGE_IDS: usize = 256;
const PAGE_BYTES: usize = PAGE_IDS * ID_BYTES;

/// Makes the names of this process's files distinct while they have one.
static FILES: AtomicU64 = AtomicU64::new(0);

/// Where files go.
#[derive(Debug)]
pub(super) struct SpillDir(PathBuf);

impl SpillDir {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    fn create(&self) -> io::Result<File> {
        fs::create_dir_all(&self.0)?;
        loop {
            let number = FILES.fetch_add(1, Ordering::Relaxed);
            let path = self.0.join(format!("dedup-{}-{number}", process::id()));
            // Never opens what is there already: the directory may be everyone's.
            match OpenOptions::new()
                .read(true)
                .write(true)
                .create_new(true)
                .open(&path)
            {
                Ok(file) => {
                    fs::remove_file(&path)?;
                    return Ok(file);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Writes a file of ids that come in order.
#[derive(Debug)]
pub(super) struct SpillWriter {
    file: File,
    page: Vec<u8>,
    firsts: Vec<u128>,
    len: usize,
}

impl SpillWriter {
    pub(super) fn create(dir: &SpillDir) -> io::Result<Self> {
        let page = Vec::with_capacity(PAGE_BYTES);
        Ok(Self {
            file: dir.create()?,
            page,
            firsts: Vec::new(),
            len: 0,
        })
    }

    pub(super) fn push(&mut self, id: u128) -> io::Result<()> {
        if self.page.is_empty() {
            self.firsts.push(id);
        }
        self.page.extend_from_slice(&id.to_le_bytes());
        self.len += 1;
        if self.page.len() == PAGE_BYTES {
            self.flush()
        } else {
            Ok(())
        }
    }

    pub(super) fn finish(mut self) -> io::Result<Spilled> {
        self.flush()?;
        self.firsts.shrink_to_fit();
        Ok(Spilled {
            file: self.file,
            firsts: self.firsts,
            len: self.len,
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.write_all(&self.page)?;
        self.page.clear();
        Ok(())
    }
}

/// A file of sorted ids, and the first id of each of its pages.
#[derive(Debug)]
pub(super) struct Spilled {
    file: File,
    firsts: Vec<u128>,
    len: usize,
}

impl Spilled {
    pub(super) fn contains(&self, id: u128) -> io::Result<bool> {
        let Some(page) = self
            .firsts
            .partition_point(|first| *first <= id)
            .checked_sub(1)
        else {
            return Ok(false);
        };
        let mut buffer = [0; PAGE_BYTES];
        let ids = self.page(page, &mut buffer)?;
        Ok(ids
            .binary_search_by_key(&id, |bytes| u128::from_le_bytes(*bytes))
            .is_ok())
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.firsts.capacity() * ID_BYTES
    }

    pub(super) fn into_reader(self) -> PageReader {
        PageReader {
            ids: self,
            page: 0,
            buffer: Box::new([0; PAGE_BYTES]),
            rest: 0..0,
        }
    }

    /// The ids of a page; the last may be shorter.
    fn page<'a>(
        &self,
        page: usize,
        buffer: &'a mut [u8; PAGE_BYTES],
    ) -> io::Result<&'a [[u8; ID_BYTES]]> {
        let ids = (self.len - page * PAGE_IDS).min(PAGE_IDS);
        let bytes = &mut buffer[..ids * ID_BYTES];
        self.file.read_exact_at(bytes, (page * PAGE_BYTES) as u64)?;
        Ok(bytes.as_chunks().0)
    }
}

/// Reads a file of ids in order.
#[derive(Debug)]
pub(super) struct PageReader {
    ids: Spilled,
    /// The page to read next.
    page: usize,
    buffer: Box<[u8; PAGE_BYTES]>,
    /// What is left of the page in the buffer, by place.
    rest: std::ops::Range<usize>,
}

impl Iterator for PageReader {
    type Item = io::Result<u128>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            if self.page == self.ids.firsts.len() {
                return None;
            }
            match self.ids.page(self.page, &mut self.buffer) {
                Ok(ids) => self.rest = 0..ids.len(),
                Err(error) => return Some(Err(error)),
            }
            self.page += 1;
        }
        let place = self.rest.next()?;
        let bytes = self.buffer.as_chunks().0.get(place)?;
        Some(Ok(u128::from_le_bytes(*bytes)))
    }
}
