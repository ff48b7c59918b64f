//! The data directory: one engine at a time, and the engine's configuration.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::role::ReadableTable;
use super::users;

/// A directory this process holds; released when dropped.
#[derive(Debug)]
pub(super) struct DataDir {
    root: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Creates what is missing, takes the lock and writes the configuration.
    ///
    /// # Errors
    /// The directory cannot be written, or another process holds it.
    pub(super) fn prepare(
        root: &Path,
        memory_bytes_max: u64,
        readable: &[ReadableTable],
    ) -> Result<Self> {
        fs::create_dir_all(root).with_context(|| {
            format!(
                "cannot create the ClickHouse data directory {}",
                root.display()
            )
        })?;
        // The engine tells paths apart by their bytes.
        let root = root.canonicalize()?;
        let lock = take_lock(&root)?;
        let data_dir = Self { root, _lock: lock };
        let users = data_dir.root.join("users.xml");
        write(&users, &users::xml(readable))?;
        write(
            &data_dir.configuration(),
            &config_xml(&users, memory_bytes_max)?,
        )?;
        Ok(data_dir)
    }

    /// Where the engine keeps tables.
    pub(super) fn store(&self) -> PathBuf {
        self.root.join("store")
    }

    pub(super) fn configuration(&self) -> PathBuf {
        self.root.join("config.xml")
    }
}

fn take_lock(root: &Path) -> Result<File> {
    let path = root.join("lock");
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .with_context(|| {
            format!(
                "the ClickHouse data directory {} cannot be written",
                root.display()
            )
        })?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder)?;
            bail!(
                "the ClickHouse data directory {} is in use by process {}",
                root.display(),
                holder.trim()
            );
        }
        Err(error) => return Err(error).with_context(|| format!("cannot lock {}", path.display())),
    }
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())?;
    Ok(file)
}

fn write(path: &Path, content: &str) -> Result<()> {
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}

/// Inserts are refused while less than this is free. On a disk that is full to the last byte
/// ClickHouse acknowledges parts whose small files it could not write, and sets them aside at
/// its next start.
const DISK_RESERVE_BYTES: u64 = 256 << 20;

/// Server settings for a small machine. The defaults are for servers: caches
/// of 5 GiB and 128 threads that clean up parts.
fn config_xml(users: &Path, memory_bytes_max: u64) -> Result<String> {
    let users = users
        .to_str()
        .context("the data directory's path is not UTF-8")?;
    let users = users.replace('&', "&amp;").replace('<', "&lt;");
    let cache = memory_bytes_max / 16;
    Ok(format!(
        "<clickhouse>
    <users_config>{users}</users_config>
    <max_server_memory_usage>{memory_bytes_max}</max_server_memory_usage>
    <mark_cache_size>{cache}</mark_cache_size>
    <primary_index_cache_size>{cache}</primary_index_cache_size>
    <query_condition_cache_size>{cache}</query_condition_cache_size>
    <max_thread_pool_size>256</max_thread_pool_size>
    <max_parts_cleaning_thread_pool_size>2</max_parts_cleaning_thread_pool_size>
    <merge_tree>
        <old_parts_lifetime>60</old_parts_lifetime>
        <min_free_disk_bytes_to_perform_insert>{DISK_RESERVE_BYTES}</min_free_disk_bytes_to_perform_insert>
    </merge_tree>
</clickhouse>
"
    ))
}
