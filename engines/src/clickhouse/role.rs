//! What the users may see. The engine knows one user, `default`, and roles; a connection has
//! one of them for its life, by who asks.

use secrecy::SecretString;

/// A second user, for services that answer questions: it reads what it is given, row by row,
/// and does nothing else. The rows may depend on settings that the service sends along, so
/// whoever writes this user's SQL can choose them: it is a wall against mistakes.
#[derive(Debug, Clone)]
pub struct Reader {
    /// The user's name.
    pub user: String,
    /// Its password; needed where the owner has one.
    pub password: Option<SecretString>,
    /// What it may read. All else is denied.
    pub tables: Vec<ReadableTable>,
}

/// A table that a [`Reader`] may read.
#[derive(Debug, Clone)]
pub struct ReadableTable {
    /// The table's database.
    pub database: String,
    /// The table.
    pub table: String,
    /// The rows it sees: an expression over the table's columns.
    pub filter: String,
}

/// The role of a connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// Everything inside the engine.
    Owner,
    /// What a [`Reader`] may.
    #[default]
    Reader,
}

impl Role {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Reader => "reader",
        }
    }
}
