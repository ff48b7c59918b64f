//! The engine and its connections.
//!
//! One data directory, one engine, many connections. A connection is a
//! session of the engine, so one that a request may have changed (settings,
//! current database, a failure) is closed and never handed to another
//! request; opening one takes 0.3 ms.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, bail};

use super::data_dir::DataDir;
use super::error::{Code, Error};
use super::failure::Failure;
use super::library::{Connection, Library};
use super::role::{ReadableTable, Role};

/// Connections kept open for the next request, for each database and purpose.
const IDLE_CONNECTIONS_MAX: usize = 8;
/// Databases with idle connections; beyond, connections are closed after use.
const POOLED_DATABASES_MAX: usize = 64;

/// A row count no body can reach: an insert stays one block, so that it
/// lands whole or not at all.
pub(super) const ONE_BLOCK: [(&str, &str); 4] = [
    ("max_insert_block_size", "1000000000"),
    ("min_insert_block_size_rows", "1000000000"),
    ("max_insert_block_size_bytes", "0"),
    ("min_insert_block_size_bytes", "0"),
];

/// What a connection is prepared for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Purpose {
    /// Whose it is.
    pub(super) role: Role,
    /// Current database.
    pub(super) database: String,
    /// Whether it takes inserts with data, each as one block.
    pub(super) inserts: bool,
}

/// The running engine. It lives as long as its process, because stopping it
/// in one that goes on is not safe (the library's background threads outlive
/// what they use); what it acknowledged is on disk at any moment.
#[derive(Debug)]
pub(super) struct Engine {
    library: &'static Library,
    arguments: Vec<String>,
    idle: Mutex<HashMap<Purpose, Vec<Connection>>>,
    /// Held for as long as the engine runs: the last connection closed stops it.
    _anchor: Mutex<Connection>,
    version: String,
    _data_dir: DataDir,
}

/// The library runs one engine a process.
static RUNNING: AtomicBool = AtomicBool::new(false);

/// A claim on the process's engine, given up when starting it fails.
#[derive(Debug)]
struct Claim;

impl Drop for Claim {
    fn drop(&mut self) {
        RUNNING.store(false, Ordering::Release);
    }
}

impl Engine {
    /// Starts the engine on `data_dir`; takes tens of milliseconds and blocks.
    ///
    /// # Errors
    /// No usable library or directory, another engine on the same directory
    /// or in this process, or an engine that does not start.
    pub(super) fn open(
        library: &Path,
        data_dir: &Path,
        memory_bytes_max: u64,
        readable: &[ReadableTable],
    ) -> Result<&'static Self> {
        if RUNNING.swap(true, Ordering::AcqRel) {
            bail!("a ClickHouse engine already runs in this process; there can be one");
        }
        let claim = Claim;
        let data_dir =
            DataDir::prepare(data_dir, memory_bytes_max, readable).context(Failure::DataDir)?;
        let library = Library::load(library).context(Failure::Library)?;
        let arguments = vec![
            format!("--path={}", text(data_dir.store())?),
            format!("--config-file={}", text(data_dir.configuration())?),
        ];
        let anchor = library.start(&arguments).with_context(|| {
            format!(
                "cannot open the ClickHouse data in {}",
                data_dir.store().display()
            )
        })?;
        let version = scalar(&anchor, b"SELECT version()")?;
        std::mem::forget(claim);
        Ok(Box::leak(Box::new(Self {
            library,
            arguments,
            idle: Mutex::default(),
            _anchor: Mutex::new(anchor),
            version,
            _data_dir: data_dir,
        })))
    }

    /// ClickHouse's version, such as `26.7.2.1`.
    pub(super) fn version(&self) -> &str {
        &self.version
    }

    /// Version of the library that holds the engine.
    pub(super) fn library_version(&self) -> String {
        self.library.version()
    }

    /// A connection prepared for `purpose`, an idle one when there is one.
    pub(super) fn connection(&self, purpose: &Purpose) -> Result<Connection, Error> {
        if let Some(connection) = lock(&self.idle).get_mut(purpose).and_then(Vec::pop) {
            return Ok(connection);
        }
        let connection = self
            .library
            .connect(&self.arguments)
            .map_err(|error| format!("{error:#}"))?;
        if purpose.role != Role::Owner {
            let role = format!("SET ROLE {}", purpose.role.name());
            connection.query(role.as_bytes(), "Null", &[])?;
        }
        if purpose.database != super::DEFAULT_DATABASE {
            use_database(&connection, &purpose.database)?;
        }
        if purpose.inserts {
            set(&connection, ONE_BLOCK)?;
        }
        Ok(connection)
    }

    /// Takes back a connection that is as it was given.
    pub(super) fn give_back(&self, purpose: Purpose, connection: Connection) {
        let mut idle = lock(&self.idle);
        if idle.len() >= POOLED_DATABASES_MAX && !idle.contains_key(&purpose) {
            idle.clear();
        }
        let connections = idle.entry(purpose).or_default();
        if connections.len() < IDLE_CONNECTIONS_MAX {
            connections.push(connection);
        }
    }

    /// Stops the running statements whose text carries `tag`.
    pub(super) fn kill(&self, tag: &str) {
        // Spelled in two parts, so that this statement does not match itself.
        let (head, tail) = tag.split_at(tag.len() / 2);
        let statement =
            format!("KILL QUERY WHERE position(query, concat('{head}', '{tail}')) > 0 ASYNC");
        let purpose = Purpose {
            role: Role::Owner,
            database: super::DEFAULT_DATABASE.into(),
            inserts: false,
        };
        let outcome = self.connection(&purpose).and_then(|connection| {
            connection.query(statement.as_bytes(), "Null", &[])?;
            self.give_back(purpose, connection);
            Ok(())
        });
        if let Err(error) = outcome {
            tracing::warn!(error = error.text(), "could not stop an abandoned query");
        }
    }
}

/// Makes `database` the connection's current one.
pub(super) fn use_database(connection: &Connection, database: &str) -> Result<(), Error> {
    connection.query(format!("USE {}", quoted(database)).as_bytes(), "Null", &[])?;
    Ok(())
}

/// Applies settings to a connection.
pub(super) fn set<N: AsRef<str>, V: AsRef<str>>(
    connection: &Connection,
    settings: impl IntoIterator<Item = (N, V)>,
) -> Result<(), Error> {
    let mut assignments = Vec::new();
    for (name, value) in settings {
        let name = name.as_ref();
        if name.is_empty()
            || !name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        {
            return Err(Error::new(
                Code::BadArguments,
                format!("{name:?} cannot be the name of a setting"),
            ));
        }
        assignments.push(format!("{name} = {}", literal(value.as_ref())));
    }
    if !assignments.is_empty() {
        connection.query(
            format!("SET {}", assignments.join(", ")).as_bytes(),
            "Null",
            &[],
        )?;
    }
    Ok(())
}

/// A poisoned lock guards plain collections that stay whole.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A string literal of ClickHouse.
pub(super) fn literal(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// A quoted identifier of ClickHouse.
pub(super) fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`"))
}

/// The one value a query answers.
pub(super) fn scalar(connection: &Connection, sql: &[u8]) -> Result<String> {
    let answer = connection
        .query(sql, "TabSeparatedRaw", &[])
        .map_err(anyhow::Error::msg)?;
    Ok(String::from_utf8_lossy(answer.as_ref())
        .trim_end()
        .to_owned())
}

fn text(path: PathBuf) -> Result<String> {
    path.into_os_string()
        .into_string()
        .map_err(|path| anyhow::anyhow!("{} is not UTF-8", path.display()))
}
