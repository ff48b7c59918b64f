//! Finds Java, and makes the command that runs a Java program as our child.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::StartError;

/// Kafka 4 runs on Java 17 and newer.
const VERSION_MIN: u32 = 17;

/// A `java` program.
#[derive(Clone, Debug)]
pub(super) struct Java(PathBuf);

impl Java {
    /// `given`, else `LLMOBSERVE_JAVA`, else `JAVA_HOME/bin/java`, else `java` on the `PATH`.
    pub(super) fn named(given: Option<&Path>) -> Self {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let java = given
            .map(Path::to_path_buf)
            .or_else(|| set("LLMOBSERVE_JAVA").map(PathBuf::from))
            .or_else(|| set("JAVA_HOME").map(|home| PathBuf::from(home).join("bin/java")))
            .unwrap_or_else(|| PathBuf::from("java"));
        Self(java)
    }

    /// That it is there and new enough. Java takes 50 ms to say so, so one asks before the
    /// first start and after one that failed.
    pub(super) fn check(&self) -> Result<(), StartError> {
        let java = self.0.display();
        let output = Command::new(&self.0)
            .arg("-version")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| missing(format!("cannot run `{java}`: {error}")))?;
        let banner = String::from_utf8_lossy(&output.stderr);
        match major_version(&banner) {
            Some(version) if version >= VERSION_MIN => Ok(()),
            Some(version) => Err(missing(format!("`{java}` is Java {version}"))),
            None => Err(missing(format!(
                "`{java} -version` does not name a version"
            ))),
        }
    }

    /// A command that runs Java in our process group, deaf to Ctrl-C.
    ///
    /// A terminal sends Ctrl-C to the whole group; we drain in order and then stop the
    /// broker ourselves, so it must not end by itself first. Java leaves an ignored
    /// SIGINT ignored. Where `setpriv` exists (Linux), the kernel kills the broker when
    /// the thread that spawned it is gone.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", r#"trap "" INT; exec "$@""#, "sh"]);
        if on_path("setpriv") {
            command.args(["setpriv", "--pdeathsig", "KILL", "--"]);
        }
        command.arg(&self.0).stdin(Stdio::null());
        command
    }
}

fn missing(what: String) -> StartError {
    StartError::MissingDependency { what }
}

/// The major version in what `java -version` prints: `… version "17.0.15" …` or `"1.8.0_402"`.
fn major_version(banner: &str) -> Option<u32> {
    let quoted = banner.split('"').nth(1)?;
    let mut parts = quoted.split(|c: char| !c.is_ascii_digit());
    match parts.next()?.parse().ok()? {
        1 => parts.next()?.parse().ok(),
        major => Some(major),
    }
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::major_version;

    #[test]
    fn reads_old_and_new_version_numbers() {
        let version = |quoted| major_version(&format!("openjdk version \"{quoted}\" 2025-04-15"));
        assert_eq!(version("17.0.15"), Some(17));
        assert_eq!(version("21"), Some(21));
        assert_eq!(version("25-ea"), Some(25));
        assert_eq!(version("1.8.0_402"), Some(8));
        assert_eq!(major_version("not java"), None);
    }
}
