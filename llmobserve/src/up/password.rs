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

/// The file of the password, made at the first start; `None` when none is needed or the
/// operator has set one.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn prepare(auth: AuthMode, directory: &Directory) -> anyhow::Result<Option<PathBuf>> {
    let set = ["", "_FILE"].iter().any(|suffix| {
        std::env::var_os(format!("LLMOBSERVE_CLICKHOUSE_PASSWORD{suffix}")).is_some()
    });
    if set || auth == AuthMode::Off {
        return Ok(None);
    }
    let path = directory.of("clickhouse-password");
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
    Ok(Some(path))
}

fn generate() -> anyhow::Result<String> {
    let mut bytes = [0; RANDOM_BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|error| anyhow::anyhow!("the system gives no random numbers: {error}"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
