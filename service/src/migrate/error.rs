use std::time::Duration;

/// Longest time for one statement.
pub(super) const STATEMENT_TIMEOUT: Duration = Duration::from_secs(120);

/// Why the database is not at our schema.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// ClickHouse did not answer or refused.
    #[error("ClickHouse: {0}")]
    ClickHouse(#[from] clickhouse::error::Error),
    /// A statement took longer than two minutes.
    #[error("ClickHouse did not finish a statement within two minutes")]
    TimedOut,
    /// A newer version of this program was here.
    #[error(
        "the database is at schema version {found}, this program knows versions up to {known}. \
         Run the newer program, or restore a backup of before the upgrade; nothing was changed"
    )]
    Newer {
        /// The database's version.
        found: u32,
        /// Our latest.
        known: u32,
    },
    /// A migration that was applied is not the one we have.
    #[error(
        "migration {version} ({name}) was applied with other contents than this program's. \
         Migrations are never edited: run the program that made this database, or use another \
         database; nothing was changed"
    )]
    Changed {
        /// Its version.
        version: u32,
        /// Its name.
        name: &'static str,
    },
}

impl Error {
    /// Whether waiting may help.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::ClickHouse(error) => crate::clickhouse::is_retryable(error),
            Self::TimedOut => true,
            Self::Newer { .. } | Self::Changed { .. } => false,
        }
    }
}
