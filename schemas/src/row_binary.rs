//! ClickHouse's `RowBinary`, as far as our columns need it.
//! <https://clickhouse.com/docs/interfaces/formats/RowBinary>

/// Appends values to one block of rows.
pub trait RowBinary {
    /// Unsigned LEB128, for lengths.
    fn put_varint(&mut self, n: u64);
    /// `String`.
    fn put_str(&mut self, text: &str);
    /// The prefix of a `Nullable`: whether a value follows.
    fn put_some(&mut self, some: bool) -> bool;

    /// `Nullable(String)`; the empty string is NULL.
    fn put_str_or_null(&mut self, text: &str) {
        if self.put_some(!text.is_empty()) {
            self.put_str(text);
        }
    }
}

impl RowBinary for Vec<u8> {
    fn put_varint(&mut self, mut n: u64) {
        while n >= 0x80 {
            self.push(n.to_le_bytes()[0] | 0x80);
            n >>= 7;
        }
        self.push(n.to_le_bytes()[0]);
    }

    fn put_str(&mut self, text: &str) {
        self.put_varint(text.len() as u64);
        self.extend_from_slice(text.as_bytes());
    }

    fn put_some(&mut self, some: bool) -> bool {
        self.push(u8::from(!some));
        some
    }
}
