//! Connections and what runs on them.

use std::ffi::c_char;
use std::ptr::NonNull;

use super::{Answer, BoundCall, Handle, Library, Statistics, text};

/// `chdb_query_analysis_v1`.
#[repr(C)]
#[derive(Default)]
pub(super) struct RawAnalysis {
    struct_size: u32,
    statement_count: u32,
    flags: u32,
    query_class: u32,
}

/// What the engine's parser says a text would do; see `chdb_query_class`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::clickhouse) enum Class {
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
pub(in crate::clickhouse) struct Connection {
    library: &'static Library,
    handle: NonNull<Handle>,
}

// SAFETY: the library locks each connection; any thread may use it.
unsafe impl Send for Connection {}

/// A named query parameter (`{name:Type}`), its value in escaped text form.
pub(in crate::clickhouse) type Parameter = (String, String);

impl Connection {
    /// Takes over what `chdb_connect` returned.
    pub(super) fn new(library: &'static Library, handle: NonNull<Handle>) -> Self {
        Self { library, handle }
    }

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
    pub(in crate::clickhouse) fn query(
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
    pub(in crate::clickhouse) fn stream(
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
    pub(in crate::clickhouse) fn insert(
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
    pub(in crate::clickhouse) fn syntax_error(&mut self, sql: &[u8]) -> Option<String> {
        self.open_insert(sql, "", &[]).err()
    }

    /// What `sql` would do, and how many statements it holds.
    pub(in crate::clickhouse) fn classify(&self, sql: &[u8]) -> (Class, u32) {
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
pub(in crate::clickhouse) struct Stream<'c> {
    connection: &'c Connection,
    state: Answer,
    ended: bool,
}

impl Stream<'_> {
    /// The next chunk, each a complete document in the output format; `None` at the end.
    pub(in crate::clickhouse) fn next(&mut self) -> Result<Option<Answer>, String> {
        let library = self.connection.library;
        // SAFETY: a live connection and stream, used by this thread alone.
        let handle = unsafe {
            (library.symbols.chdb_stream_fetch_result)(self.connection.raw(), self.state.handle())
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
            unsafe {
                (symbols.chdb_stream_cancel_query)(self.connection.raw(), self.state.handle())
            };
        }
    }
}
