//! Reads `RowBinary` back, by the column types that the migrations declare.

use std::collections::HashMap;

/// One value. Times, enums and decimals are the integers that carry them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    Null,
    Int(i128),
    Text(String),
    Many(Vec<Cell>),
}

/// A row by its columns' names.
#[derive(Debug, Clone)]
pub(super) struct Cells(HashMap<String, Cell>);

impl Cells {
    pub(super) fn int(&self, column: &str) -> i128 {
        match self.0.get(column) {
            Some(Cell::Int(n)) => *n,
            other => panic!("{column} is {other:?}"),
        }
    }

    pub(super) fn maybe_int(&self, column: &str) -> Option<i128> {
        match self.0.get(column) {
            Some(Cell::Int(n)) => Some(*n),
            Some(Cell::Null) => None,
            other => panic!("{column} is {other:?}"),
        }
    }

    /// Empty where it is NULL.
    pub(super) fn text(&self, column: &str) -> String {
        match self.0.get(column) {
            Some(Cell::Text(text)) => text.clone(),
            Some(Cell::Null) => String::new(),
            other => panic!("{column} is {other:?}"),
        }
    }
}

/// The declared types of a table's columns.
#[derive(Debug)]
pub(super) struct Types(HashMap<String, String>);

impl Types {
    /// From the text of its migrations.
    pub(super) fn declared(sql: &str) -> Self {
        let columns = sql.lines().filter_map(|line| {
            let line = line.trim().trim_start_matches("ADD COLUMN IF NOT EXISTS ");
            let (name, declaration) = line.split_once(' ')?;
            let is_column = !name.is_empty()
                && name
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit());
            is_column.then(|| (name.to_owned(), declaration.trim().to_owned()))
        });
        Self(columns.collect())
    }

    pub(super) fn rows(&self, columns: &str, mut bytes: &[u8]) -> Vec<Cells> {
        let columns: Vec<(&str, &str)> = columns
            .split(',')
            .map(|name| {
                let name = name.trim();
                (name, self.0[name].as_str())
            })
            .collect();
        let mut rows = Vec::new();
        while !bytes.is_empty() {
            let cell = |(name, kind): &(&str, &str)| ((*name).to_owned(), read(kind, &mut bytes));
            rows.push(Cells(columns.iter().map(cell).collect()));
        }
        rows
    }
}

/// What is between the outermost parentheses behind the name.
fn inner<'a>(kind: &'a str, name: &str) -> Option<&'a str> {
    let rest = kind.strip_prefix(name)?.strip_prefix('(')?;
    let mut depth = 1;
    for (at, c) in rest.char_indices() {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        if depth == 0 {
            return Some(&rest[..at]);
        }
    }
    None
}

fn read(kind: &str, bytes: &mut &[u8]) -> Cell {
    if let Some(kind) = inner(kind, "LowCardinality") {
        return read(kind, bytes);
    }
    if let Some(function) = inner(kind, "SimpleAggregateFunction") {
        let (_, kind) = function.split_once(", ").unwrap();
        return read(kind, bytes);
    }
    if let Some(kind) = inner(kind, "Nullable") {
        return match number(bytes, 1) {
            0 => read(kind, bytes),
            _ => Cell::Null,
        };
    }
    if let Some(kind) = inner(kind, "Array") {
        let len = varint(bytes);
        return Cell::Many((0..len).map(|_| read(kind, bytes)).collect());
    }
    if let Some(kinds) = inner(kind, "Map") {
        let at = kinds.find(", ").unwrap();
        // A key is never a tuple here, but it may be a LowCardinality.
        let (key, value) = (&kinds[..at], &kinds[at + 2..]);
        let len = varint(bytes);
        let both = |bytes: &mut &[u8]| [read(key, bytes), read(value, bytes)];
        return Cell::Many((0..len).flat_map(|_| both(bytes)).collect());
    }
    if kind.starts_with("String") {
        let len = varint(bytes);
        let (text, rest) = bytes.split_at(len);
        *bytes = rest;
        return Cell::Text(String::from_utf8(text.to_vec()).unwrap());
    }
    Cell::Int(number(bytes, width(kind)))
}

fn width(kind: &str) -> usize {
    let name = kind.split(['(', ' ', ',']).next().unwrap();
    match name {
        "Bool" | "Enum8" | "UInt8" => 1,
        "UInt16" | "Int16" => 2,
        "UInt32" | "DateTime" => 4,
        "UInt64" | "DateTime64" | "Float64" => 8,
        "UInt128" => 16,
        "Decimal" if kind.starts_with("Decimal(18,") => 8,
        "Decimal" if kind.starts_with("Decimal(38,") => 16,
        _ => panic!("a type that the simulation does not know: {kind}"),
    }
}

/// Little endian; what is signed here is never negative, but a 128-bit hash may wrap.
fn number(bytes: &mut &[u8], width: usize) -> i128 {
    let (taken, rest) = bytes.split_at(width);
    *bytes = rest;
    let mut full = [0; 16];
    full[..width].copy_from_slice(taken);
    i128::from_le_bytes(full)
}

fn varint(bytes: &mut &[u8]) -> usize {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = number(bytes, 1) as usize;
        value |= (byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return value;
        }
        shift += 7;
    }
}
