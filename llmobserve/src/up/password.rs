//! The embedded ClickHouse asks for a password as soon as the collector asks for keys:
//! otherwise its port would be the way around them.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use anyhow::Context;
use service::config::AuthMode;

use super::directory::Directory;
use crate::exit::Exit;

const RANDOM_BYTES: usize = 32;

/// The files of the passwords that the embedded ClickHouse asks for and nobody has set.
#[derive(Debug, Default)]
pub(super) struct Passwords {
    /// Of the user who may do everything.
    pub(super) owner: Option<PathBuf>,
    /// Of the user who asks questions.
    pub(super) reader: Option<PathBuf>,
}

/// Makes the files at the first start.
///
/// # Errors
/// When a file cannot be written.
pub(super) fn prepare(auth: AuthMode, directory: &Directory) -> anyhow::Result<Passwords> {
    let set = |setting: &str| {
        let is_set = |suffix| std::env::var_os(format!("{setting}{suffix}")).is_some();
        is_set("") || is_set("_FILE")
    };
    let owner_set = set("LLMOBSERVE_CLICKHOUSE_PASSWORD");
    let needed = owner_set || auth == AuthMode::Required;
    let file = |is_set: bool, name| match needed && !is_set {
        true => keep(directory.of(name)).map(Some),
        false => Ok(None),
    };
    Ok(Passwords {
        owner: file(owner_set, "clickhouse-password")?,
        reader: file(
            set("LLMOBSERVE_CLICKHOUSE_READER_PASSWORD"),
            "clickhouse-reader-password",
        )?,
    })
}

fn keep(path: PathBuf) -> anyhow::Result<PathBuf> {
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path);
    let written = match file {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
        Ok(mut file) => file.write_all(generate()?.as_bytes()),
    };
    written
        .with_context(|| format!("cannot keep ClickHouse's password in {}", path.display()))
        .context(Exit::DataDir)?;
    Ok(path)
}

fn generate() -> anyhow::Result<String> {
    let mut bytes = [0; RANDOM_BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|error| anyhow::anyhow!("the system gives no random numbers: {error}"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
