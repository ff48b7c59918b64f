use std::fmt;

/// What to look at when the engine cannot be started; context of the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The library is missing.
    Library,
    /// The data directory cannot be written or is in use.
    DataDir,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Library => "the ClickHouse library cannot be loaded",
            Self::DataDir => "the ClickHouse data directory cannot be used",
        })
    }
}
