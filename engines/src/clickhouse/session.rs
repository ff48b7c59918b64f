//! Sessions: a connection that a client keeps over several requests, with
//! its settings, current database and temporary tables.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::engine::{self, Engine, ONE_BLOCK, Purpose, lock};
use super::error::{Code, Error};
use super::library::Connection;
use super::request::{Request, SessionRequest};
use super::role::Role;

/// Sessions kept at once; beyond, the one idle longest is forgotten.
const SESSIONS_MAX: usize = 64;
/// As `default_session_timeout` and `max_session_timeout` of a server.
const TIMEOUT_DEFAULT: Duration = Duration::from_secs(60);
const TIMEOUT_MAX: Duration = Duration::from_secs(3600);

/// A session's connection; one request at a time holds its lock.
pub(super) type Shared = Arc<Mutex<Connection>>;

#[derive(Debug)]
struct Session {
    connection: Shared,
    expires: Instant,
}

/// Nobody finds another role's session.
type Key = (Role, String);

/// The live sessions by their id.
#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<HashMap<Key, Session>>);

impl Sessions {
    /// The session a request names, new or known.
    ///
    /// # Errors
    /// `SESSION_NOT_FOUND` when the request insists on a known one.
    pub(super) fn get(
        &self,
        engine: &Engine,
        role: Role,
        wanted: &SessionRequest,
    ) -> Result<Shared, Error> {
        self.forget_expired();
        let timeout = wanted
            .timeout_seconds
            .map_or(TIMEOUT_DEFAULT, Duration::from_secs)
            .min(TIMEOUT_MAX);
        let expires = Instant::now() + timeout;
        let key = (role, wanted.id.clone());
        let mut sessions = lock(&self.0);
        if let Some(session) = sessions.get_mut(&key) {
            session.expires = expires;
            return Ok(Arc::clone(&session.connection));
        }
        if wanted.check {
            return Err(Error::new(Code::SessionNotFound, "Session not found"));
        }
        if sessions.len() >= SESSIONS_MAX {
            let oldest = sessions
                .iter()
                .min_by_key(|entry| entry.1.expires)
                .map(|entry| entry.0.clone());
            oldest.and_then(|key| sessions.remove(&key));
        }
        let purpose = Purpose {
            role,
            database: super::DEFAULT_DATABASE.into(),
            inserts: false,
        };
        let connection = Arc::new(Mutex::new(engine.connection(&purpose)?));
        sessions.insert(
            key,
            Session {
                connection: Arc::clone(&connection),
                expires,
            },
        );
        Ok(connection)
    }

    pub(super) fn close(&self, role: Role, id: &str) {
        let closed = lock(&self.0).remove(&(role, id.to_owned()));
        drop(closed);
    }

    /// Closes the sessions that nobody used for their timeout.
    pub(super) fn forget_expired(&self) {
        let now = Instant::now();
        // Out of the lock before connections close.
        let expired: Vec<Session> = {
            let mut sessions = lock(&self.0);
            // One that is running a statement is in use, however long that takes.
            let keys: Vec<Key> = sessions
                .iter()
                .filter(|(_, session)| {
                    session.expires <= now && Arc::strong_count(&session.connection) == 1
                })
                .map(|(key, _)| key.clone())
                .collect();
            keys.iter().filter_map(|key| sessions.remove(key)).collect()
        };
        drop(expired);
    }
}

/// What a request changes in its session, as it was before.
pub(super) struct Restore {
    database: Option<String>,
    settings: Vec<(String, String)>,
}

impl Restore {
    pub(super) fn note(
        connection: &Connection,
        request: &Request,
        inserts: bool,
    ) -> Result<Self, Error> {
        let internal = |error: anyhow::Error| Error::from(format!("{error:#}"));
        let database = match request.database {
            Some(_) => {
                Some(engine::scalar(connection, b"SELECT currentDatabase()").map_err(internal)?)
            }
            None => None,
        };
        let blocks = if inserts { ONE_BLOCK.as_slice() } else { &[] };
        let names = request
            .settings
            .iter()
            .map(|setting| setting.0.as_str())
            .chain(blocks.iter().map(|block| block.0));
        let mut settings = Vec::new();
        for name in names {
            let query = format!(
                "SELECT value FROM system.settings WHERE name = {}",
                engine::literal(name)
            );
            settings.push((
                name.to_owned(),
                engine::scalar(connection, query.as_bytes()).map_err(internal)?,
            ));
        }
        Ok(Self { database, settings })
    }

    pub(super) fn restore(self, connection: &Connection) -> Result<(), Error> {
        if let Some(database) = self.database {
            engine::use_database(connection, &database)?;
        }
        engine::set(connection, self.settings)
    }
}
