use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::StartError;
use super::directory::Directory;
use super::jars::Jars;
use super::java::Java;
use super::properties;

/// Makes the commands that run Kafka's programs for one data directory.
pub(super) struct Launcher<'a> {
    java: &'a Java,
    jars: Jars,
    heap_mb: u32,
    directory: &'a Directory,
    log4j2: PathBuf,
}

impl<'a> Launcher<'a> {
    pub(super) fn new(
        java: &'a Java,
        jars: Jars,
        heap_mb: u32,
        directory: &'a Directory,
    ) -> Result<Self, StartError> {
        let log4j2 = properties::log4j2(&directory.server_log());
        let log4j2 = directory.write("log4j2.properties", &log4j2)?;
        Ok(Self {
            java,
            jars,
            heap_mb,
            directory,
            log4j2,
        })
    }

    /// Java with Kafka's flags and class path, running `main_class`. The quick compiler
    /// alone (C1) starts the broker in half the time; `install.sh` makes the archive with
    /// the same collector and compiler.
    pub(super) fn command(&self, main_class: &str) -> Result<Command, StartError> {
        let mut command = self.java.command();
        command.args([
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData",
            "-XX:+ExitOnOutOfMemoryError",
            "-Djava.awt.headless=true",
        ]);
        command.arg(format!("-Xmx{}m", self.heap_mb));
        command.arg(joined("-Djava.io.tmpdir=", &self.directory.tmp()));
        command.arg(joined("-Dlog4j2.configurationFile=", &self.log4j2));
        if let Some(archive) = &self.jars.archive {
            command.arg(joined("-XX:SharedArchiveFile=", archive));
        }
        command.arg("-cp").arg(&self.jars.classpath).arg(main_class);
        self.directory.log_output(&mut command)?;
        Ok(command)
    }
}

fn joined(flag: &str, path: &Path) -> OsString {
    let mut argument = OsString::from(flag);
    argument.push(path);
    argument
}
