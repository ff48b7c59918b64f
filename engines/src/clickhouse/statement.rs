//! Running one statement on the engine, off the async threads.

use std::sync::TryLockError;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::compression;
use super::engine::{self, Engine, ONE_BLOCK, Purpose};
use super::error::{Code, Error};
use super::format::{self, Joining};
use super::library::{Class, Connection, Statistics};
use super::request::{Request, SessionRequest};
use super::role::Role;
use super::session::{Restore, Sessions};
use super::sql;

/// A part of an answer on its way to the client.
#[derive(Debug)]
pub(super) enum Piece {
    Data(Bytes),
    /// The statement has run to its end.
    End(Statistics),
}

/// Where the pieces go; closed when the client has gone.
pub(super) type Pieces = mpsc::Sender<Result<Piece, Error>>;

/// The statement of a request.
#[derive(Debug)]
pub(super) struct Statement {
    request: Request,
    /// What the engine runs; for an insert the part before its format.
    sql: Bytes,
    /// An insert's format and data.
    insert: Option<(String, Bytes)>,
    output_format: String,
    /// A comment that makes the statement findable among those that run.
    tag: String,
}

impl Statement {
    /// `tag` is a comment unique to this request.
    pub(super) fn new(mut request: Request, tag: String) -> Self {
        let (sql, insert) = take_apart(&mut request);
        let named = if insert.is_none() {
            sql::output_format(&sql)
        } else {
            None
        };
        let output_format = named
            .or_else(|| request.default_format.clone())
            .unwrap_or_else(|| format::DEFAULT.to_owned());
        Self {
            request,
            sql,
            insert,
            output_format,
            tag,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        sql::Lexer::new(&self.sql).next().is_none()
    }

    /// What the engine gets: the statement, and an insert's format and data.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(super) fn parts(&self) -> (&Bytes, Option<&(String, Bytes)>) {
        (&self.sql, self.insert.as_ref())
    }

    pub(super) fn output_format(&self) -> &str {
        &self.output_format
    }

    /// Runs to the end, or until the client has gone.
    pub(super) fn run(&self, engine: &Engine, sessions: &Sessions, pieces: &Pieces) {
        let outcome = match &self.request.session {
            None => self.run_alone(engine, pieces),
            Some(wanted) => self.run_in_session(engine, sessions, wanted, pieces),
        };
        // Only now, when the connection or session is free for the client's
        // next request. Nobody listens any more when this fails.
        let _ = pieces.blocking_send(outcome.map(Piece::End));
    }

    fn run_alone(&self, engine: &Engine, pieces: &Pieces) -> Result<Statistics, Error> {
        let database = self
            .request
            .database
            .as_deref()
            .unwrap_or(super::DEFAULT_DATABASE);
        let purpose = Purpose {
            role: self.request.role,
            database: database.to_owned(),
            inserts: self.insert.is_some(),
        };
        let mut connection = engine.connection(&purpose)?;
        engine::set(
            &connection,
            self.request
                .settings
                .iter()
                .map(|(name, value)| (name, value)),
        )?;
        let (class, statistics) = self.run_on(&mut connection, pieces)?;
        if self.request.settings.is_empty() && class != Class::Control {
            engine.give_back(purpose, connection);
        }
        Ok(statistics)
    }

    /// In a session, what the URL says holds for this request alone.
    fn run_in_session(
        &self,
        engine: &Engine,
        sessions: &Sessions,
        wanted: &SessionRequest,
        pieces: &Pieces,
    ) -> Result<Statistics, Error> {
        let session = sessions.get(engine, self.request.role, wanted)?;
        let mut connection = match session.try_lock() {
            Ok(connection) => connection,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                let text = format!("Session {} is locked by a concurrent client", wanted.id);
                return Err(Error::new(Code::SessionIsLocked, text));
            }
        };
        let before = Restore::note(&connection, &self.request, self.insert.is_some())?;
        let outcome = self
            .apply(&connection)
            .and_then(|()| self.run_on(&mut connection, pieces));
        let restored = before.restore(&connection);
        drop(connection);
        if wanted.close || restored.is_err() {
            sessions.close(self.request.role, &wanted.id);
        }
        outcome.map(|(_, statistics)| statistics)
    }

    fn apply(&self, connection: &Connection) -> Result<(), Error> {
        if let Some(database) = &self.request.database {
            engine::use_database(connection, database)?;
        }
        if self.insert.is_some() {
            engine::set(connection, ONE_BLOCK)?;
        }
        engine::set(
            connection,
            self.request
                .settings
                .iter()
                .map(|(name, value)| (name, value)),
        )
    }

    fn run_on(
        &self,
        connection: &mut Connection,
        pieces: &Pieces,
    ) -> Result<(Class, Statistics), Error> {
        let class = self.admit(connection)?;
        if pieces.is_closed() {
            // Gone before there was a statement to stop.
            return Err(gone());
        }
        let statistics = match &self.insert {
            Some((format, data)) => {
                connection.insert(&self.tagged(), format, &self.request.parameters, data)?
            }
            None if class == Class::ReadOnly
                && self.is_select()
                && self.joining() != Joining::Whole =>
            {
                self.select(connection, pieces)?
            }
            None => self.query(connection, pieces)?,
        };
        Ok((class, statistics))
    }

    fn joining(&self) -> Joining {
        format::joining(&self.output_format)
    }

    /// The engine streams nothing else.
    fn is_select(&self) -> bool {
        matches!(sql::first_word(&self.sql).as_str(), "SELECT" | "WITH")
    }

    /// Refuses what may not run, by what the engine's parser says it is.
    fn admit(&self, connection: &mut Connection) -> Result<Class, Error> {
        let whole = match &self.insert {
            Some((format, _)) => [&self.sql, format!(" FORMAT {format}").as_bytes()].concat(),
            None => self.sql.to_vec(),
        };
        let (class, statements) = connection.classify(&whole);
        if statements != 1 {
            let text = connection
                .syntax_error(&whole)
                .filter(|error| error.starts_with("Code:"));
            return Err(text.map_or_else(
                || Error::new(Code::SyntaxError, "Send one statement at a time"),
                Error::from,
            ));
        }
        if let Some(what) = sql::reaches_files(&whole) {
            let text = format!(
                "{what} is refused: SQL sent to this server must not reach files of its machine"
            );
            return Err(Error::new(Code::AccessDenied, text));
        }
        if self.request.role == Role::Reader && class != Class::ReadOnly {
            return Err(Error::new(Code::AccessDenied, "This user only reads"));
        }
        let session_only = matches!(sql::first_word(&whole).as_str(), "SET" | "USE");
        if self.request.read_only && class != Class::ReadOnly && !session_only {
            let text = "Cannot execute query in readonly mode. For queries over HTTP, method GET implies readonly. \
                        You should use method POST for modifying queries";
            return Err(Error::new(Code::Readonly, text));
        }
        Ok(class)
    }

    fn tagged(&self) -> Vec<u8> {
        [&self.sql, b"\n".as_slice(), self.tag.as_bytes()].concat()
    }

    fn query(&self, connection: &Connection, pieces: &Pieces) -> Result<Statistics, Error> {
        let answer = connection.query(
            &self.tagged(),
            &self.output_format,
            &self.request.parameters,
        )?;
        let statistics = answer.statistics();
        self.send(Bytes::from_owner(answer), pieces)?;
        Ok(statistics)
    }

    fn select(&self, connection: &mut Connection, pieces: &Pieces) -> Result<Statistics, Error> {
        let drops_headers = self.joining() == Joining::DropRepeatedHeader;
        let mut stream = connection.stream(
            &self.tagged(),
            &self.output_format,
            &self.request.parameters,
        )?;
        let mut total = Statistics::default();
        let mut header = Bytes::new();
        while let Some(chunk) = stream.next()? {
            total.add(chunk.statistics());
            let mut data = Bytes::from_owner(chunk);
            if drops_headers && header.is_empty() {
                header = format::header_length(&data)
                    .map(|length| data.slice(..length))
                    .unwrap_or_default();
            } else if drops_headers && data.starts_with(&header) {
                data = data.slice(header.len()..);
            }
            self.send(data, pieces)?;
        }
        drop(stream);
        if drops_headers && header.is_empty() {
            // An empty stream has no chunk, but its document has a header.
            return self.query(connection, pieces);
        }
        Ok(total)
    }

    /// Fails when the client has gone.
    fn send(&self, data: Bytes, pieces: &Pieces) -> Result<(), Error> {
        let data = if self.request.compress {
            compression::write_blocks(&data)
        } else {
            data
        };
        if data.is_empty() {
            return Ok(());
        }
        pieces
            .blocking_send(Ok(Piece::Data(data)))
            .map_err(|_| gone())
    }
}

fn gone() -> Error {
    Error::new(Code::QueryWasCancelled, "The client has gone")
}

/// Separates an insert's data from the statement, without copying a body
/// that is nothing but data.
fn take_apart(request: &mut Request) -> (Bytes, Option<(String, Bytes)>) {
    if let Some(found) = sql::Insert::find(&request.query) {
        let query = Bytes::from(std::mem::take(&mut request.query));
        let inline = query.slice(found.data_start..);
        let body = std::mem::take(&mut request.body);
        let data = if inline.is_empty() {
            body
        } else {
            Bytes::from([inline, body].concat())
        };
        return (query.slice(found.head), Some((found.format, data)));
    }
    let text = request.text();
    request.body = Bytes::new();
    match sql::Insert::find(&text) {
        Some(found) => (
            text.slice(found.head),
            Some((found.format, text.slice(found.data_start..))),
        ),
        None => (trim_end(text), None),
    }
}

/// Without the semicolons at its end, so that a comment can follow.
fn trim_end(text: Bytes) -> Bytes {
    let end = text
        .iter()
        .rposition(|byte| !byte.is_ascii_whitespace() && *byte != b';')
        .map_or(0, |last| last + 1);
    text.slice(..end)
}
