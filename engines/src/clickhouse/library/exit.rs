//! How a process with a running engine ends.

use std::ffi::{c_int, c_void};

use anyhow::Result;

/// Makes the process leave without the library's exit handlers, keeping its
/// exit status. They would tear the engine down under its own background
/// threads, which crashes now and then; what is acknowledged is on disk.
/// Called once the engine runs, so that this comes before them.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(super) fn leave_at_exit() -> Result<()> {
    unsafe extern "C" {
        safe fn on_exit(
            callback: extern "C" fn(c_int, *mut c_void),
            argument: *mut c_void,
        ) -> c_int;
        safe fn _exit(status: c_int) -> !;
    }
    extern "C" fn leave(status: c_int, _: *mut c_void) {
        _exit(status)
    }
    anyhow::ensure!(
        on_exit(leave, std::ptr::null_mut()) == 0,
        "no room for an exit handler"
    );
    Ok(())
}

/// Other systems have no exit handler that is told the status.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(super) fn leave_at_exit() -> Result<()> {
    Ok(())
}
