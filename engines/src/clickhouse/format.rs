//! Output formats: which may be sent in pieces, and what they are called in
//! a `Content-Type`.

/// The format of answers that name none.
pub(super) const DEFAULT: &str = "TabSeparated";

/// How the chunks of a streamed result become one document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joining {
    /// Chunks simply follow one another.
    Concatenate,
    /// Each chunk repeats the header of `RowBinaryWithNamesAndTypes`.
    DropRepeatedHeader,
    /// Every chunk is a document of its own; only the whole will do.
    Whole,
}

/// What is known of a format; unknown ones are sent whole.
pub(super) fn joining(format: &str) -> Joining {
    const CONCATENATED: [&str; 14] = [
        "TabSeparated",
        "TSV",
        "TabSeparatedRaw",
        "TSVRaw",
        "Raw",
        "CSV",
        "TSKV",
        "RowBinary",
        "Native",
        "JSONEachRow",
        "JSONLines",
        "NDJSON",
        "JSONCompactEachRow",
        "JSONStringsEachRow",
    ];
    if format.eq_ignore_ascii_case("RowBinaryWithNamesAndTypes") {
        Joining::DropRepeatedHeader
    } else if CONCATENATED
        .iter()
        .any(|known| format.eq_ignore_ascii_case(known))
    {
        Joining::Concatenate
    } else {
        Joining::Whole
    }
}

/// The `Content-Type` a server gives a format.
pub(super) fn content_type(format: &str) -> &'static str {
    let format = format.to_ascii_lowercase();
    match format.as_str() {
        "json"
        | "jsoncompact"
        | "jsonstrings"
        | "jsoncolumns"
        | "jsoncompactstrings"
        | "jsoncolumnswithmetadata" => "application/json; charset=UTF-8",
        "jsonlines" | "ndjson" => "application/x-ndjson; charset=UTF-8",
        name if name.starts_with("json") && name.contains("eachrow") => {
            "application/x-ndjson; charset=UTF-8"
        }
        "csv" => "text/csv; charset=UTF-8; header=absent",
        name if name.starts_with("csv") => "text/csv; charset=UTF-8; header=present",
        "raw" | "tsv" | "tskv" => "text/tab-separated-values; charset=UTF-8",
        name if name.starts_with("tabseparated") || name.starts_with("tsv") => {
            "text/tab-separated-values; charset=UTF-8"
        }
        "xml" => "application/xml; charset=UTF-8",
        "markdown" => "text/markdown; charset=UTF-8",
        "native" | "parquet" | "orc" | "arrow" | "arrowstream" | "avro" | "protobuf" | "npy"
        | "bsoneachrow" => "application/octet-stream",
        name if name.starts_with("rowbinary") => "application/octet-stream",
        _ => "text/plain; charset=UTF-8",
    }
}

/// Length of the header of a `RowBinaryWithNamesAndTypes` document: the
/// number of columns, their names, their types, each text with its length.
pub(super) fn header_length(document: &[u8]) -> Option<usize> {
    let mut at = 0;
    let columns = varint(document, &mut at)?;
    for _ in 0..columns.checked_mul(2)? {
        let length = varint(document, &mut at)?;
        at = at.checked_add(usize::try_from(length).ok()?)?;
    }
    (at <= document.len()).then_some(at)
}

/// An unsigned LEB128 number at `at`, which moves past it.
fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0;
    for shift in (0..63).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_measured() {
        let document = b"\x02\x01a\x02bc\x05UInt8\x06String\xff";
        assert_eq!(header_length(document), Some(document.len() - 1));
        assert_eq!(header_length(&document[..8]), None);
        assert_eq!(header_length(b""), None);
    }
}
