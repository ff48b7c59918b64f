use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why the broker could not be started. Each message says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(
        "{what}. Apache Kafka needs Java 17 or newer and Maven: install both (Debian: \
         `apt-get install openjdk-17-jre-headless maven`) and run `make`, or run everything in \
         containers with `docker compose up`, or name a running cluster with LLMOBSERVE_KAFKA_BROKERS"
    )]
    MissingDependency { what: String },

    #[error("port {port} is taken: free it or choose another with LLMOBSERVE_KAFKA_PORT")]
    PortTaken { port: u16 },

    #[error("cannot use {path}: {source}. Choose another directory with LLMOBSERVE_DATA_DIR")]
    DataDir { path: PathBuf, source: io::Error },

    #[error(
        "{path} is used by another instance: stop it or choose another directory with \
         LLMOBSERVE_DATA_DIR"
    )]
    DataDirInUse { path: PathBuf },

    #[error("{what} ended early ({status}); its last lines were:\n{log}")]
    Exited {
        what: &'static str,
        status: String,
        log: String,
    },

    #[error("Kafka does not answer after {after:?}; its last lines were:\n{log}")]
    NotReady { after: Duration, log: String },

    #[error("cannot run {what}")]
    Io {
        what: &'static str,
        #[source]
        source: io::Error,
    },
}

impl StartError {
    pub(super) fn data_dir(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::DataDir { path, source }
    }

    pub(super) fn io(what: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { what, source }
    }
}
