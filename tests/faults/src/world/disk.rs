//! Small file systems, so that a disk can be full.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;
use rustix::fs::{FallocateFlags, fallocate, statvfs};
use rustix::io::Errno;

/// What is allocated in one go, from large to small, until nothing fits any more.
const PIECES: [u64; 4] = [64 << 20, 1 << 20, 64 << 10, 4 << 10];
/// Set in the process that has mounts of its own.
const ISOLATED: &str = "LLMOBSERVE_FAULTS_ISOLATED";
/// Mounts that only this process and its children see, gone with the last of them.
const UNSHARE: [&str; 3] = ["--mount", "--propagation", "private"];

/// Starts this program anew, as the same process, where it may mount. Where the system does
/// not permit that, goes on; stories that need a mount are then skipped.
pub(crate) fn isolate_mounts() -> anyhow::Result<()> {
    let mut probe = Command::new("unshare");
    probe.args(UNSHARE).arg("true").stderr(Stdio::null());
    let permitted = probe.status().is_ok_and(|status| status.success());
    if !permitted || std::env::var_os(ISOLATED).is_some() {
        return Ok(());
    }
    let mut again = Command::new("unshare");
    again.args(UNSHARE).arg("--").arg(std::env::current_exe()?);
    let error = again
        .args(std::env::args_os().skip(1))
        .env(ISOLATED, "1")
        .exec();
    Err(error).context("cannot run unshare")
}

/// A file system in memory, or why there is none.
#[derive(Debug)]
pub(crate) struct Disk {
    dir: PathBuf,
    /// Empty when it is mounted.
    pub(crate) missing: Option<String>,
}

impl Disk {
    pub(crate) fn mount(dir: PathBuf, bytes: u64) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&dir)?;
        let missing = mount(&dir, bytes).err().map(|error| format!("{error:#}"));
        Ok(Self { dir, missing })
    }

    fn ballast(&self) -> PathBuf {
        self.dir.join("ballast")
    }

    /// Leaves about so many bytes free.
    pub(crate) fn fill_but(&self, free: u64) -> anyhow::Result<()> {
        let length = self.free_bytes()?.saturating_sub(free).max(1);
        let file = File::create(self.ballast())?;
        fallocate(&file, FallocateFlags::empty(), 0, length).context("cannot fill the disk")
    }

    /// Leaves no byte free.
    pub(crate) fn fill(&self) -> anyhow::Result<()> {
        let file = File::options()
            .create(true)
            .append(true)
            .open(self.ballast())?;
        let mut length = file.metadata()?.len();
        for piece in PIECES {
            loop {
                match fallocate(&file, FallocateFlags::empty(), length, piece) {
                    Ok(()) => length += piece,
                    Err(Errno::NOSPC) => break,
                    Err(error) => return Err(error).context("cannot fill the disk"),
                }
            }
        }
        Ok(())
    }

    pub(crate) fn free(&self) -> anyhow::Result<()> {
        Ok(std::fs::remove_file(self.ballast())?)
    }

    pub(crate) fn free_bytes(&self) -> anyhow::Result<u64> {
        let stat = statvfs(&self.dir)?;
        Ok(stat.f_bavail * stat.f_frsize)
    }

    /// Nothing may run there any more.
    pub(crate) fn unmount(&self) {
        if self.missing.is_none() {
            drop(Command::new("umount").arg(&self.dir).status());
        }
    }

    /// What is mounted is gone with us: keeps a copy for whoever looks for the reason.
    pub(crate) fn keep(&self, to: &Path) -> anyhow::Result<()> {
        drop(std::fs::remove_file(self.ballast()));
        let mut copy = Command::new("cp");
        let status = copy.arg("-r").arg(&self.dir).arg(to).status()?;
        anyhow::ensure!(status.success(), "cannot copy {}", self.dir.display());
        Ok(())
    }
}

fn mount(dir: &Path, bytes: u64) -> anyhow::Result<()> {
    let isolated = std::env::var_os(ISOLATED).is_some();
    anyhow::ensure!(isolated, "mounting is not permitted here");
    let mut command = Command::new("mount");
    command.args(["-t", "tmpfs", "-o", &format!("size={bytes}"), "tmpfs"]);
    let output = command.arg(dir).output()?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "mount: {complaint}");
    Ok(())
}
