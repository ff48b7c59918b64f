//! A process's wall clock, set off by whole seconds while it runs.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

/// The library that is preloaded into processes, compiled at run time.
#[derive(Clone, Debug)]
pub(crate) struct Shim(PathBuf);

impl Shim {
    pub(crate) fn compile(dir: &Path) -> anyhow::Result<Self> {
        let (source, library) = (dir.join("clock.c"), dir.join("clock.so"));
        std::fs::write(&source, include_str!("clock.c"))?;
        let output = Command::new("cc")
            .args(["-shared", "-fPIC", "-O2", "-o"])
            .args([&library, &source])
            .arg("-ldl")
            .output()
            .context("cannot run cc")?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "cc: {complaint}");
        Ok(Self(library))
    }
}

/// One process's clock.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    shim: Shim,
    file: PathBuf,
}

impl Clock {
    /// `file` is made; the clock is right at first.
    pub(crate) fn new(shim: &Shim, file: PathBuf) -> anyhow::Result<Self> {
        let clock = Self {
            shim: shim.clone(),
            file,
        };
        clock.set(0)?;
        Ok(clock)
    }

    /// Off by so many seconds from now on.
    pub(crate) fn set(&self, seconds: i64) -> anyhow::Result<()> {
        use std::os::unix::fs::FileExt as _;
        // In place: the process has this very file mapped.
        let file = std::fs::File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&self.file)?;
        file.write_all_at(&seconds.to_ne_bytes(), 0)?;
        Ok(())
    }

    /// What the process's environment needs.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        vec![
            ("LD_PRELOAD".to_owned(), text(&self.shim.0)),
            ("LLMOBSERVE_FAULTS_CLOCK".to_owned(), text(&self.file)),
        ]
    }
}
