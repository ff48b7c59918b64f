//! Lists as files, streamed row by row.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt, stream};
use schemas::money::Amount;
use serde::Serialize;
use service::Problem;

use super::{Format, with_headers};
use crate::range::Range;

/// A row of a list.
pub(crate) trait ListItem: Serialize + Send + 'static {
    /// The list's name, as files and cursors carry it.
    const LIST: &'static str;
    /// The columns, named as the members of the JSON object.
    const COLUMNS: &'static [&'static str];
    /// The values, in that order.
    fn cells(&self) -> Vec<Cell<'_>>;
}

/// A value of a table.
#[derive(Debug)]
pub(crate) enum Cell<'a> {
    /// From senders: may be anything.
    Text(&'a str),
    /// A number or a time of ours.
    Plain(String),
    Empty,
}

impl<'a> Cell<'a> {
    pub(crate) fn text(text: Option<&'a str>) -> Self {
        text.map_or(Self::Empty, Self::Text)
    }

    pub(crate) fn number(number: impl ToString) -> Self {
        Self::Plain(number.to_string())
    }

    pub(crate) fn number_or_empty(number: Option<impl ToString>) -> Self {
        number.map_or(Self::Empty, Self::number)
    }

    pub(crate) fn amount(amount: Amount) -> Self {
        let (Amount::Number(usd) | Amount::Text(usd)) = amount;
        Self::number(usd)
    }
}

/// All items as a file. An error behind the first item breaks the connection off, so that no
/// client takes a part for the whole.
///
/// # Errors
/// The first item's.
pub(crate) async fn export<T: ListItem>(
    format: Format,
    range: &Range,
    items: impl Stream<Item = Result<T, Problem>> + Send + 'static,
) -> Result<Response, Problem> {
    let mut items = Box::pin(items);
    let first = items.next().await.transpose()?;
    let items = stream::iter(first.map(Ok)).chain(items);
    let (media_type, extension, head) = match format {
        Format::Csv => (
            "text/csv; charset=utf-8; header=present",
            "csv",
            head::<T>(),
        ),
        Format::Json | Format::Ndjson => ("application/x-ndjson", "ndjson", String::new()),
    };
    let lines = items.map(move |item| line(format, item));
    let body = Body::from_stream(stream::iter([Ok(head)]).chain(lines));
    let name = format!(
        "attachment; filename=\"llmobserve-{}.{extension}\"",
        T::LIST
    );
    let headers = [
        (CONTENT_TYPE, media_type.to_owned()),
        (CONTENT_DISPOSITION, name),
    ];
    Ok(with_headers((headers, body).into_response(), range))
}

fn head<T: ListItem>() -> String {
    record(T::COLUMNS.iter().map(|column| Cow::Borrowed(*column)))
}

fn line<T: ListItem>(format: Format, item: Result<T, Problem>) -> Result<String, &'static str> {
    let item = item.map_err(|_| "the export broke off")?;
    match format {
        Format::Csv => Ok(record(item.cells().into_iter().map(csv))),
        Format::Json | Format::Ndjson => serde_json::to_string(&item)
            .map(|line| line + "\n")
            .map_err(|_| "an item cannot be written as JSON"),
    }
}

fn record<'a>(values: impl Iterator<Item = Cow<'a, str>>) -> String {
    let values: Vec<Cow<'a, str>> = values.collect();
    values.join(",") + "\r\n"
}

/// A value as RFC 4180 writes it. Text that a spreadsheet would run as a formula gets an
/// apostrophe in front (OWASP, "CSV injection").
fn csv(cell: Cell<'_>) -> Cow<'_, str> {
    const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
    const SPECIAL: [char; 4] = ['"', ',', '\r', '\n'];
    let text = match cell {
        Cell::Empty => return Cow::Borrowed(""),
        Cell::Plain(text) => return Cow::Owned(text),
        Cell::Text(text) if text.starts_with(FORMULA) => Cow::Owned(format!("'{text}")),
        Cell::Text(text) => Cow::Borrowed(text),
    };
    if text.contains(SPECIAL) {
        return Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_text_and_our_numbers_are_not_formulas() {
        assert_eq!(csv(Cell::Text("=1+2")), "'=1+2");
        assert_eq!(csv(Cell::Text("@x,\"y\"")), "\"'@x,\"\"y\"\"\"");
        assert_eq!(csv(Cell::Text("a\nb")), "\"a\nb\"");
        assert_eq!(csv(Cell::Text("plain")), "plain");
        assert_eq!(csv(Cell::number(-1)), "-1");
        assert_eq!(csv(Cell::text(None)), "");
    }
}
