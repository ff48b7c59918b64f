use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use service::Problem;

use crate::params::Params;

/// The form of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// A page as a JSON array.
    Json,
    /// Everything, RFC 4180 with a header row.
    Csv,
    /// Everything, one JSON object a line.
    Ndjson,
}

impl Format {
    /// The form asked for by `?format=`, else by `Accept`.
    ///
    /// # Errors
    /// 400 for another one.
    pub(crate) fn read(params: &mut Params, accept: Self) -> Result<Self, Problem> {
        let choices = [
            ("json", Self::Json),
            ("csv", Self::Csv),
            ("ndjson", Self::Ndjson),
        ];
        Ok(params.choice("format", &choices)?.unwrap_or(accept))
    }

    /// The form that the header likes best; JSON when it names none of ours.
    pub(crate) fn accepted(headers: &HeaderMap) -> Self {
        let ranges = headers
            .get_all(ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok());
        let mut best = (Self::Json, 0.0);
        for range in ranges.flat_map(|value| value.split(',')) {
            let (media_type, parameters) = range.split_once(';').unwrap_or((range, ""));
            let Some(format) = Self::of_media_type(media_type.trim()) else {
                continue;
            };
            let quality = parameters
                .split(';')
                .find_map(|parameter| parameter.trim().strip_prefix("q="))
                .map_or(1.0, |quality| quality.parse().unwrap_or(0.0));
            if quality > best.1 {
                best = (format, quality);
            }
        }
        best.0
    }

    fn of_media_type(media_type: &str) -> Option<Self> {
        match media_type.to_ascii_lowercase().as_str() {
            "application/json" => Some(Self::Json),
            "text/csv" => Some(Self::Csv),
            "application/x-ndjson" | "application/ndjson" => Some(Self::Ndjson),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_best_liked_form_wins() {
        for (accept, format) in [
            ("*/*", Format::Json),
            ("text/csv", Format::Csv),
            ("Application/X-NDJSON; charset=utf-8", Format::Ndjson),
            ("text/csv;q=0.5, application/json", Format::Json),
            ("application/json;q=0.1, text/csv;q=0.5", Format::Csv),
            ("text/csv;q=0", Format::Json),
            ("text/html,application/xhtml+xml,*/*;q=0.8", Format::Json),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, accept.parse().unwrap());
            assert_eq!(Format::accepted(&headers), format, "{accept}");
        }
    }
}
