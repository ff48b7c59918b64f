//! The one door to `libchdb`: its C interface as safe Rust.
//!
//! Declarations follow `programs/local/chdb.h` of chdb-core 26.7, whose
//! ownership rules every `Drop` here mirrors. The library is loaded at run
//! time, so that builds link nothing, and is never unloaded, because its
//! background threads outlive every handle.
#![allow(unsafe_code)] // A C interface has no other way in; nothing else in the crate is unsafe.

mod answer;
mod connection;
mod exit;

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::Path;
use std::ptr::NonNull;
use std::sync::OnceLock;

use anyhow::{Context, Result, anyhow};
use libloading::Library as SharedObject;

pub(super) use answer::{Answer, Statistics};
use connection::RawAnalysis;
pub(super) use connection::{Class, Connection, Parameter};

/// `chdb_connection`, `chdb_result *` and `chdb_insert_stream` are opaque to callers.
type Handle = *mut c_void;

/// A statement with its parameters: connection, SQL and format with their
/// lengths, parameter names and values with theirs, and how many.
type BoundCall = unsafe extern "C" fn(
    Handle,
    *const c_char,
    usize,
    *const c_char,
    usize,
    *const *const c_char,
    *const usize,
    *const *const c_char,
    *const usize,
    usize,
) -> Handle;

macro_rules! symbols {
    ($($name:ident: $kind:ty;)*) => {
        /// The entry points in use, resolved once.
        #[derive(Debug)]
        struct Symbols { $($name: $kind,)* }

        impl Symbols {
            fn resolve(object: &SharedObject) -> Result<Self> {
                Ok(Self { $($name: {
                    // SAFETY: the type is the declaration of this symbol in chdb.h.
                    *unsafe { object.get(concat!(stringify!($name), "\0").as_bytes()) }
                        .with_context(|| format!("the library lacks {}", stringify!($name)))?
                },)* })
            }
        }
    };
}

symbols! {
    chdb_query_with_params_n: BoundCall;
    chdb_stream_query_with_params_n: BoundCall;
    chdb_stream_insert_with_params_n: BoundCall;
    chdb_version: unsafe extern "C" fn() -> *const c_char;
    chdb_set_signal_handlers_enabled: unsafe extern "C" fn(c_int);
    chdb_connect: unsafe extern "C" fn(c_int, *mut *mut c_char) -> *mut Handle;
    chdb_close_conn: unsafe extern "C" fn(*mut Handle);
    chdb_stream_fetch_result: unsafe extern "C" fn(Handle, Handle) -> Handle;
    chdb_stream_cancel_query: unsafe extern "C" fn(Handle, Handle);
    chdb_stream_insert_error: unsafe extern "C" fn(Handle) -> *const c_char;
    chdb_stream_append: unsafe extern "C" fn(Handle, *const c_void, usize) -> c_int;
    chdb_stream_done: unsafe extern "C" fn(Handle) -> Handle;
    chdb_destroy_insert_stream: unsafe extern "C" fn(Handle);
    chdb_destroy_query_result: unsafe extern "C" fn(Handle);
    chdb_result_buffer: unsafe extern "C" fn(Handle) -> *mut c_char;
    chdb_result_length: unsafe extern "C" fn(Handle) -> usize;
    chdb_result_elapsed: unsafe extern "C" fn(Handle) -> f64;
    chdb_result_rows_read: unsafe extern "C" fn(Handle) -> u64;
    chdb_result_bytes_read: unsafe extern "C" fn(Handle) -> u64;
    chdb_result_storage_rows_read: unsafe extern "C" fn(Handle) -> u64;
    chdb_result_storage_bytes_read: unsafe extern "C" fn(Handle) -> u64;
    chdb_result_rows_written: unsafe extern "C" fn(Handle) -> u64;
    chdb_result_bytes_written: unsafe extern "C" fn(Handle) -> u64;
    chdb_result_error: unsafe extern "C" fn(Handle) -> *const c_char;
    chdb_classify_query_n: unsafe extern "C" fn(Handle, *const c_char, usize, *const c_char, usize, *mut RawAnalysis) -> c_int;
}

/// The loaded library; one a process.
#[derive(Debug)]
pub(super) struct Library {
    symbols: Symbols,
}

static LIBRARY: OnceLock<Library> = OnceLock::new();

impl Library {
    /// Loads `path`, or returns what this process has loaded before: a second
    /// copy would fight the first over process-wide state.
    pub(super) fn load(path: &Path) -> Result<&'static Self> {
        if let Some(loaded) = LIBRARY.get() {
            return Ok(loaded);
        }
        // SAFETY: libchdb's initialisers may run on any thread.
        let object = unsafe { SharedObject::new(path) }
            .with_context(|| format!("cannot load the ClickHouse library {}", path.display()))?;
        let symbols = Symbols::resolve(&object)?;
        std::mem::forget(object);
        // SAFETY: called before the first connection, as its contract wants.
        // Signals belong to the process that hosts the engine.
        unsafe { (symbols.chdb_set_signal_handlers_enabled)(0) };
        Ok(LIBRARY.get_or_init(|| Self { symbols }))
    }

    /// Version of the library, such as `26.7.3`.
    pub(super) fn version(&self) -> String {
        // SAFETY: a static string of the library.
        unsafe { text((self.symbols.chdb_version)()) }.unwrap_or_default()
    }

    /// Opens the connection that starts the engine. The engine then runs for
    /// as long as the process: see [`exit`].
    pub(super) fn start(&'static self, arguments: &[String]) -> Result<Connection> {
        let first = self.connect(arguments)?;
        exit::leave_at_exit()?;
        Ok(first)
    }

    /// Opens a further connection. Every failure is a bare NULL in the
    /// library, so the error names the arguments only.
    pub(super) fn connect(&'static self, arguments: &[String]) -> Result<Connection> {
        let arguments = std::iter::once("clickhouse")
            .chain(arguments.iter().map(String::as_str))
            .map(CString::new)
            .collect::<Result<Vec<_>, _>>()?;
        let mut pointers: Vec<*mut c_char> =
            arguments.iter().map(|a| a.as_ptr().cast_mut()).collect();
        let count = c_int::try_from(pointers.len())?;
        // SAFETY: `count` valid strings that outlive the call, which copies them.
        let handle = unsafe { (self.symbols.chdb_connect)(count, pointers.as_mut_ptr()) };
        NonNull::new(handle)
            .map(|handle| Connection::new(self, handle))
            .ok_or_else(|| anyhow!("the ClickHouse engine refused the connection {arguments:?}"))
    }
}

/// Copies a C string; `None` for NULL and the empty string.
///
/// # Safety
/// `pointer` is NULL or a valid NUL-terminated string.
unsafe fn text(pointer: *const c_char) -> Option<String> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: by the caller's promise.
    let text = unsafe { CStr::from_ptr(pointer) }
        .to_string_lossy()
        .into_owned();
    (!text.is_empty()).then_some(text)
}
