//! Results, and what they say about themselves.

use std::slice;

use super::{Handle, Library, text};

/// What a statement read, wrote and returned.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(in crate::clickhouse) struct Statistics {
    pub(in crate::clickhouse) elapsed_seconds: f64,
    pub(in crate::clickhouse) rows_read: u64,
    pub(in crate::clickhouse) bytes_read: u64,
    pub(in crate::clickhouse) rows_written: u64,
    pub(in crate::clickhouse) bytes_written: u64,
    pub(in crate::clickhouse) result_rows: u64,
    pub(in crate::clickhouse) result_bytes: u64,
}

impl Statistics {
    /// Adds a further chunk of the same result.
    pub(in crate::clickhouse) fn add(&mut self, chunk: Self) {
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
pub(in crate::clickhouse) struct Answer {
    library: &'static Library,
    handle: Handle,
}

// SAFETY: a result is immutable memory that any thread may read and free.
unsafe impl Send for Answer {}

impl Answer {
    /// Takes over a result of the library.
    pub(super) fn new(library: &'static Library, handle: Handle) -> Result<Self, String> {
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

    pub(super) fn handle(&self) -> Handle {
        self.handle
    }

    pub(in crate::clickhouse) fn statistics(&self) -> Statistics {
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
