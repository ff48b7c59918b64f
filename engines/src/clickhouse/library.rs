//! The one door to `libchdb`: its C interface as safe Rust.
//!
//! Declarations follow `programs/local/chdb.h` of chdb-core 26.7, whose
//! ownership rules every `Drop` here mirrors. The library is loaded at run
//! time, so that builds link nothing, and is never unloaded, because its
//! background threads outlive every handle.
#![allow(unsafe_code)] // A C interface has no other way in; nothing else in the crate is unsafe.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::Path;
use std::ptr::NonNull;
use std::slice;
use std::sync::OnceLock;

use anyhow::{Context, Result, anyhow};
use libloading::Library as SharedObject;

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

/// `chdb_query_analysis_v1`.
#[repr(C)]
#[derive(Default)]
struct RawAnalysis {
    struct_size: u32,
    statement_count: u32,
    flags: u32,
    query_class: u32,
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
    /// as long as the process: see [`leave_at_exit`].
    pub(super) fn start(&'static self, arguments: &[String]) -> Result<Connection> {
        let first = self.connect(arguments)?;
        leave_at_exit()?;
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
            .map(|handle| Connection {
                library: self,
                handle,
            })
            .ok_or_else(|| anyhow!("the ClickHouse engine refused the connection {arguments:?}"))
    }
}

/// What the engine's parser says a text would do; see `chdb_query_class`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    ReadOnly,
    Mutating,
    /// Session statements, and what reaches outside the databases.
    Control,
    /// Not one statement the parser knows.
    Unknown,
}

/// One session in the engine: a current database, settings, temporary tables.
/// Statements on it run one after another.
#[derive(Debug)]
pub(super) struct Connection {
    library: &'static Library,
    handle: NonNull<Handle>,
}

// SAFETY: the library locks each connection; any thread may use it.
unsafe impl Send for Connection {}

/// A named query parameter (`{name:Type}`), its value in escaped text form.
pub(super) type Parameter = (String, String);

impl Connection {
    fn raw(&self) -> Handle {
        // SAFETY: valid until `chdb_close_conn` in `drop`.
        unsafe { *self.handle.as_ptr() }
    }

    /// # Safety
    /// The caller takes ownership of the handle returned.
    unsafe fn bound(
        &self,
        call: BoundCall,
        sql: &[u8],
        format: &str,
        parameters: &[Parameter],
    ) -> Handle {
        let names: Vec<*const c_char> = parameters.iter().map(|p| p.0.as_ptr().cast()).collect();
        let name_lengths: Vec<usize> = parameters.iter().map(|p| p.0.len()).collect();
        let values: Vec<*const c_char> = parameters.iter().map(|p| p.1.as_ptr().cast()).collect();
        let value_lengths: Vec<usize> = parameters.iter().map(|p| p.1.len()).collect();
        // SAFETY: pointers and lengths of slices that outlive the call, which copies them.
        unsafe {
            call(
                self.raw(),
                sql.as_ptr().cast(),
                sql.len(),
                format.as_ptr().cast(),
                format.len(),
                names.as_ptr(),
                name_lengths.as_ptr(),
                values.as_ptr(),
                value_lengths.as_ptr(),
                parameters.len(),
            )
        }
    }

    /// Runs a statement and keeps its whole result.
    pub(super) fn query(
        &self,
        sql: &[u8],
        format: &str,
        parameters: &[Parameter],
    ) -> Result<Answer, String> {
        // SAFETY: the result is owned by `Answer`.
        let handle = unsafe {
            self.bound(
                self.library.symbols.chdb_query_with_params_n,
                sql,
                format,
                parameters,
            )
        };
        Answer::new(self.library, handle)
    }

    /// Starts a `SELECT` whose result comes in chunks.
    pub(super) fn stream(
        &mut self,
        sql: &[u8],
        format: &str,
        parameters: &[Parameter],
    ) -> Result<Stream<'_>, String> {
        // SAFETY: the stream's state is owned by `Answer`.
        let handle = unsafe {
            self.bound(
                self.library.symbols.chdb_stream_query_with_params_n,
                sql,
                format,
                parameters,
            )
        };
        let state = Answer::new(self.library, handle)?;
        Ok(Stream {
            connection: self,
            state,
            ended: false,
        })
    }

    /// Inserts `data`, one document in `format`, by an `INSERT` statement
    /// without `FORMAT` and data.
    pub(super) fn insert(
        &mut self,
        sql: &[u8],
        format: &str,
        parameters: &[Parameter],
        data: &[u8],
    ) -> Result<Statistics, String> {
        /// The library copies what it is given; pieces keep that copy small.
        const PIECE_BYTES: usize = 1 << 20;
        let symbols = &self.library.symbols;
        let stream = self.open_insert(sql, format, parameters)?;
        for piece in data.chunks(PIECE_BYTES) {
            // SAFETY: a live stream and slice. A failed append is told by `done`.
            if unsafe {
                (symbols.chdb_stream_append)(stream.handle, piece.as_ptr().cast(), piece.len())
            } != 0
            {
                break;
            }
        }
        // SAFETY: a live stream, finished once.
        let done = unsafe { (symbols.chdb_stream_done)(stream.handle) };
        Ok(Answer::new(self.library, done)?.statistics())
    }

    fn open_insert(
        &mut self,
        sql: &[u8],
        format: &str,
        parameters: &[Parameter],
    ) -> Result<Insert, String> {
        let symbols = &self.library.symbols;
        // SAFETY: the handle is never NULL and owned by `Insert`.
        unsafe {
            let handle = self.bound(
                symbols.chdb_stream_insert_with_params_n,
                sql,
                format,
                parameters,
            );
            let stream = Insert {
                library: self.library,
                handle,
            };
            match text((symbols.chdb_stream_insert_error)(handle)) {
                Some(error) => Err(error),
                None => Ok(stream),
            }
        }
    }

    /// The syntax error of a text, found without running any of it: opening
    /// an insert parses one statement and refuses everything but `INSERT`.
    pub(super) fn syntax_error(&mut self, sql: &[u8]) -> Option<String> {
        self.open_insert(sql, "", &[]).err()
    }

    /// What `sql` would do, and how many statements it holds.
    pub(super) fn classify(&self, sql: &[u8]) -> (Class, u32) {
        let mut analysis = RawAnalysis {
            struct_size: size_of::<RawAnalysis>() as u32,
            ..RawAnalysis::default()
        };
        // SAFETY: live slices and an analysis that states its size.
        let state = unsafe {
            (self.library.symbols.chdb_classify_query_n)(
                self.raw(),
                sql.as_ptr().cast(),
                sql.len(),
                std::ptr::null(),
                0,
                &raw mut analysis,
            )
        };
        let class = match (state, analysis.query_class) {
            (0, 0) => Class::ReadOnly,
            (0, 1 | 2) => Class::Mutating,
            (0, 3) => Class::Control,
            _ => Class::Unknown,
        };
        (class, analysis.statement_count)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: closed once; streams borrow the connection, so none is open.
        unsafe { (self.library.symbols.chdb_close_conn)(self.handle.as_ptr()) };
    }
}

/// An open insert; cancels itself unless finished.
struct Insert {
    library: &'static Library,
    handle: Handle,
}

impl Drop for Insert {
    fn drop(&mut self) {
        // SAFETY: destroyed once.
        unsafe { (self.library.symbols.chdb_destroy_insert_stream)(self.handle) };
    }
}

/// A running `SELECT`.
#[derive(Debug)]
pub(super) struct Stream<'c> {
    connection: &'c Connection,
    state: Answer,
    ended: bool,
}

impl Stream<'_> {
    /// The next chunk, each a complete document in the output format; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Answer>, String> {
        let library = self.connection.library;
        // SAFETY: a live connection and stream, used by this thread alone.
        let handle = unsafe {
            (library.symbols.chdb_stream_fetch_result)(self.connection.raw(), self.state.handle)
        };
        let chunk = Answer::new(library, handle).inspect_err(|_| self.ended = true)?;
        self.ended = chunk.as_ref().is_empty();
        Ok((!self.ended).then_some(chunk))
    }
}

impl Drop for Stream<'_> {
    fn drop(&mut self) {
        if !self.ended {
            let symbols = &self.connection.library.symbols;
            // SAFETY: a live stream that has not ended.
            unsafe { (symbols.chdb_stream_cancel_query)(self.connection.raw(), self.state.handle) };
        }
    }
}

/// What a statement read, wrote and returned.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Statistics {
    pub(super) elapsed_seconds: f64,
    pub(super) rows_read: u64,
    pub(super) bytes_read: u64,
    pub(super) rows_written: u64,
    pub(super) bytes_written: u64,
    pub(super) result_rows: u64,
    pub(super) result_bytes: u64,
}

impl Statistics {
    /// Adds a further chunk of the same result.
    pub(super) fn add(&mut self, chunk: Self) {
        self.elapsed_seconds += chunk.elapsed_seconds;
        self.rows_read += chunk.rows_read;
        self.bytes_read += chunk.bytes_read;
        self.rows_written += chunk.rows_written;
        self.bytes_written += chunk.bytes_written;
        self.result_rows += chunk.result_rows;
        self.result_bytes += chunk.result_bytes;
    }
}

/// A result, or a chunk of one: its bytes stay in the library's memory.
#[derive(Debug)]
pub(super) struct Answer {
    library: &'static Library,
    handle: Handle,
}

// SAFETY: a result is immutable memory that any thread may read and free.
unsafe impl Send for Answer {}

impl Answer {
    fn new(library: &'static Library, handle: Handle) -> Result<Self, String> {
        if handle.is_null() {
            return Err("the engine gave no result".into());
        }
        let answer = Self { library, handle };
        // SAFETY: a live result; its message is copied.
        match unsafe { text((library.symbols.chdb_result_error)(handle)) } {
            Some(error) => Err(error),
            None => Ok(answer),
        }
    }

    pub(super) fn statistics(&self) -> Statistics {
        let (symbols, handle) = (&self.library.symbols, self.handle);
        // SAFETY: accessors of a live result.
        unsafe {
            Statistics {
                elapsed_seconds: (symbols.chdb_result_elapsed)(handle),
                rows_read: (symbols.chdb_result_storage_rows_read)(handle),
                bytes_read: (symbols.chdb_result_storage_bytes_read)(handle),
                rows_written: (symbols.chdb_result_rows_written)(handle),
                bytes_written: (symbols.chdb_result_bytes_written)(handle),
                result_rows: (symbols.chdb_result_rows_read)(handle),
                result_bytes: (symbols.chdb_result_bytes_read)(handle),
            }
        }
    }
}

impl AsRef<[u8]> for Answer {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: buffer and length belong together and live as long as the result.
        unsafe {
            let buffer = (self.library.symbols.chdb_result_buffer)(self.handle);
            if buffer.is_null() {
                return &[];
            }
            slice::from_raw_parts(
                buffer.cast(),
                (self.library.symbols.chdb_result_length)(self.handle),
            )
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        // SAFETY: destroyed once.
        unsafe { (self.library.symbols.chdb_destroy_query_result)(self.handle) };
    }
}

/// Makes the process leave without the library's exit handlers, keeping its
/// exit status. They would tear the engine down under its own background
/// threads, which crashes now and then; what is acknowledged is on disk.
/// Called once the engine runs, so that this comes before them.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn leave_at_exit() -> Result<()> {
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
fn leave_at_exit() -> Result<()> {
    Ok(())
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
