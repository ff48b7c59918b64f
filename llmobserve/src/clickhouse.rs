//! The role `clickhouse`: the embedded engine behind ClickHouse's HTTP interface.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use engines::clickhouse::{ReadableTable, Reader};
use schemas::clickhouse::access::{READABLE, Readable};
use secrecy::SecretString;
use service::config::{ReaderArgs, SecretFile};
use tokio_util::sync::CancellationToken;

/// Settings of the role `clickhouse`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Config {
    /// Address and port to listen on. Another than a loopback address needs a password.
    #[arg(
        long,
        env = "LLMOBSERVE_CLICKHOUSE_BIND",
        default_value = "127.0.0.1:8123"
    )]
    bind: SocketAddr,

    /// Directory of the tables. One engine at a time.
    #[arg(
        long,
        env = "LLMOBSERVE_CLICKHOUSE_DATA_DIR",
        default_value = ".llmobserve/clickhouse"
    )]
    data_dir: PathBuf,

    /// The engine itself, `libchdb.so`; what `make deps` has installed when absent.
    #[arg(long, env = engines::clickhouse::LIBRARY_VARIABLE)]
    library: Option<PathBuf>,

    /// The owner's name: the user who may do everything.
    #[arg(long, env = "LLMOBSERVE_CLICKHOUSE_USER", default_value = "default")]
    user: String,

    /// File that holds the user's password. Without one, only programs on this machine
    /// are served.
    #[arg(
        long,
        env = "LLMOBSERVE_CLICKHOUSE_PASSWORD_FILE",
        value_parser = SecretFile::read
    )]
    password_file: Option<SecretFile>,

    /// The password itself.
    #[arg(
        long,
        env = "LLMOBSERVE_CLICKHOUSE_PASSWORD",
        hide_env_values = true,
        conflicts_with = "password_file"
    )]
    password: Option<SecretString>,

    #[command(flatten)]
    reader: ReaderArgs,

    /// Database of the tables that the reader may read.
    #[arg(
        long,
        env = "LLMOBSERVE_CLICKHOUSE_DATABASE",
        default_value = "llmobserve"
    )]
    database: String,

    /// Memory that queries, inserts, merges and caches may take, in bytes.
    #[arg(
        long,
        env = "LLMOBSERVE_CLICKHOUSE_MEMORY_BYTES_MAX",
        default_value_t = 2 << 30
    )]
    memory_bytes_max: u64,
}

/// Serves until `shutdown`.
pub(crate) async fn run(config: Config, shutdown: CancellationToken) -> anyhow::Result<()> {
    let reader = reader(&config);
    let file = config.password_file.map(|file| file.secret().clone());
    let engine = engines::clickhouse::Config {
        bind: config.bind,
        data_dir: config.data_dir,
        library: config.library,
        user: config.user,
        password: config.password.or(file),
        reader,
        memory_bytes_max: config.memory_bytes_max,
        ..engines::clickhouse::Config::default()
    };
    engines::clickhouse::run(engine, shutdown).await
}

/// The user for questions, with the rows that the published filters let pass.
fn reader(config: &Config) -> Option<Reader> {
    let readable = |readable: Readable| ReadableTable {
        database: config.database.clone(),
        table: readable.table.to_owned(),
        filter: readable.filter.to_owned(),
    };
    let user = config.reader.clickhouse_reader_user.clone()?;
    Some(Reader {
        user,
        password: config.reader.password().cloned(),
        tables: READABLE.into_iter().map(readable).collect(),
    })
}
