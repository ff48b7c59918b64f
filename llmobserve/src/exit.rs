//! Exit codes: each kind of failure has its own, so that scripts can tell them apart.

use std::fmt;
use std::io::ErrorKind;
use std::process::ExitCode;

use engines::clickhouse::Failure;
use engines::kafka::StartError;

/// For `--help`.
pub(crate) const HELP: &str = "\
Exit codes:
  0    ended as asked
  1    an error on our side
  2    wrong usage or setting
  3    a port is taken
  4    the data directory cannot be used, or another instance uses it
  5    something to run is missing: Java, Apache Kafka's jars, the ClickHouse library
  6    Kafka or ClickHouse, named by a setting, cannot be reached
  130  a second signal cut the drain short";

/// Why the process ends. As context of an error it decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Internal = 1,
    Usage = 2,
    PortTaken = 3,
    DataDir = 4,
    Missing = 5,
    Unreachable = 6,
}

impl Exit {
    /// The kind of an error: what it was marked with, else what its causes tell.
    pub(crate) fn of(error: &anyhow::Error) -> Self {
        if let Some(exit) = error.downcast_ref::<Self>() {
            return *exit;
        }
        match error.downcast_ref::<Failure>() {
            Some(Failure::Library) => return Self::Missing,
            Some(Failure::DataDir) => return Self::DataDir,
            None => {}
        }
        error
            .chain()
            .find_map(|cause| {
                let kafka = cause.downcast_ref::<StartError>().map(Self::of_kafka);
                let io = cause.downcast_ref::<std::io::Error>();
                let taken = io.is_some_and(|io| io.kind() == ErrorKind::AddrInUse);
                kafka.or(taken.then_some(Self::PortTaken))
            })
            .unwrap_or(Self::Internal)
    }

    fn of_kafka(error: &StartError) -> Self {
        match error {
            StartError::MissingDependency { .. } => Self::Missing,
            StartError::PortTaken { .. } => Self::PortTaken,
            StartError::DataDir { .. } | StartError::DataDirInUse { .. } => Self::DataDir,
            StartError::Exited { .. } | StartError::NotReady { .. } | StartError::Io { .. } => {
                Self::Internal
            }
        }
    }

    /// The kind that a child of ours ended with.
    pub(crate) fn of_code(code: Option<i32>) -> Self {
        let known = [
            Self::Usage,
            Self::PortTaken,
            Self::DataDir,
            Self::Missing,
            Self::Unreachable,
        ];
        let mut known = known.into_iter();
        known
            .find(|exit| code == Some(*exit as i32))
            .unwrap_or(Self::Internal)
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Internal => "internal error",
            Self::Usage => "wrong setting",
            Self::PortTaken => "port taken",
            Self::DataDir => "data directory",
            Self::Missing => "missing dependency",
            Self::Unreachable => "dependency unreachable",
        })
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Says on standard error why the process ends, and gives its exit code.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    eprintln!("llmobserve: {}", sentence(error));
    Exit::of(error).into()
}

/// The causes from the outermost on, without those that the one before has quoted already.
fn sentence(error: &anyhow::Error) -> String {
    let mut sentence = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if sentence.is_empty() {
            sentence = cause;
        } else if !sentence.contains(&cause) {
            sentence = format!("{sentence}: {cause}");
        }
    }
    sentence
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn the_kind_is_found_under_context_and_in_causes() {
        let marked = anyhow::anyhow!("no answer").context(Exit::Unreachable);
        assert_eq!(
            Exit::of(&marked.context("while starting")),
            Exit::Unreachable
        );
        let taken: Result<(), _> = Err(std::io::Error::from(ErrorKind::AddrInUse));
        let taken = taken.context("cannot listen").err();
        assert_eq!(taken.map(|error| Exit::of(&error)), Some(Exit::PortTaken));
        let kafka = StartError::PortTaken { port: 9092 };
        assert_eq!(Exit::of(&kafka.into()), Exit::PortTaken);
        assert_eq!(Exit::of(&anyhow::anyhow!("?")), Exit::Internal);
    }

    #[test]
    fn a_childs_code_is_its_kind() {
        assert_eq!(Exit::of_code(Some(4)), Exit::DataDir);
        assert_eq!(Exit::of_code(Some(101)), Exit::Internal);
        assert_eq!(Exit::of_code(None), Exit::Internal);
    }
}
