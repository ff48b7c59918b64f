//! Where the engine's library is.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

/// Names the library for everything that runs the engine.
pub const LIBRARY_VARIABLE: &str = "LLMOBSERVE_CLICKHOUSE_LIBRARY";

#[cfg(target_os = "macos")]
const PLATFORM: &str = "darwin";
#[cfg(not(target_os = "macos"))]
const PLATFORM: &str = "linux";
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: &str = "arm64";
#[cfg(not(target_arch = "aarch64"))]
const ARCHITECTURE: &str = "x64";

/// `given`, else the environment's, else the one that `make deps` installs
/// in `target/engines/clickhouse`, above the directory of this executable.
///
/// # Errors
/// There is none, and what to do about it.
pub(super) fn library(given: Option<&Path>) -> Result<PathBuf> {
    let named = given
        .map(Path::to_owned)
        .or_else(|| env::var_os(LIBRARY_VARIABLE).map(PathBuf::from));
    if let Some(path) = named {
        if !path.is_file() {
            bail!("the ClickHouse library {} does not exist", path.display());
        }
        return Ok(path);
    }
    let package = ["gnu", ""].map(|libc| {
        format!("lib-{PLATFORM}-{ARCHITECTURE}-{libc}")
            .trim_end_matches('-')
            .to_owned()
    });
    let executable = env::current_exe()?;
    let found = executable.ancestors().skip(1).find_map(|directory| {
        let packages = directory.join("engines/clickhouse/node_modules/@chdb");
        package
            .iter()
            .map(|name| packages.join(name).join("libchdb.so"))
            .find(|path| path.is_file())
    });
    match found {
        Some(path) => Ok(path),
        None => bail!(
            "the ClickHouse library is not installed: run `make deps`, or set {LIBRARY_VARIABLE} to a libchdb.so"
        ),
    }
}
