//! Finds Kafka's jars, which `engines/kafka/install.sh` has put beside the build.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::StartError;

/// Kafka's class path, and the archive that lets Java load it quickly.
#[derive(Clone, Debug)]
pub(super) struct Jars {
    pub(super) classpath: OsString,
    /// Present only when `install.sh` could make one; a stale one is ignored by Java.
    pub(super) archive: Option<PathBuf>,
}

impl Jars {
    /// `given`, else `LLMOBSERVE_KAFKA_LIBS`, else `engines/kafka/libs` in a directory above
    /// this executable (`target/` for a build by Cargo).
    pub(super) fn find(given: Option<&Path>) -> Result<Self, StartError> {
        let missing = |what| StartError::MissingDependency { what };
        let set = std::env::var_os("LLMOBSERVE_KAFKA_LIBS").filter(|value| !value.is_empty());
        let libs = match given.map(Path::to_path_buf).or(set.map(PathBuf::from)) {
            Some(libs) => libs,
            None => beside_executable()
                .ok_or_else(|| missing("Apache Kafka is not installed".to_owned()))?,
        };
        // The archive holds only for the very paths that it was made with.
        let libs = libs.canonicalize().unwrap_or(libs);
        let jars = list(&libs);
        if !jars.iter().any(|jar| is_kafka(jar)) {
            return Err(missing(format!("no Apache Kafka in {}", libs.display())));
        }
        let archive = libs.with_file_name("kafka.jsa");
        let mut classpath = OsString::new();
        for jar in jars {
            classpath.push(jar);
            classpath.push(":");
        }
        Ok(Self {
            classpath,
            archive: archive.is_file().then_some(archive),
        })
    }
}

fn beside_executable() -> Option<PathBuf> {
    let executable = std::env::current_exe().ok()?.canonicalize().ok()?;
    let mut candidates = executable
        .ancestors()
        .map(|dir| dir.join("engines/kafka/libs"));
    candidates.find(|libs| list(libs).iter().any(|jar| is_kafka(jar)))
}

/// The jars of a directory, sorted as `install.sh` sorts them; none when it cannot be read.
fn list(libs: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(libs).into_iter().flatten().flatten();
    let mut jars: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "jar"))
        .collect();
    jars.sort();
    jars
}

fn is_kafka(jar: &Path) -> bool {
    let name = jar.file_name().unwrap_or_default();
    name.to_string_lossy().starts_with("kafka_2.13-")
}
