//! Paging: `limit`, and a cursor that freezes the range and remembers the last row shown.

use axum::http::Uri;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use service::Problem;
use utoipa::IntoParams;

use crate::params::Params;
use crate::range::Range;

/// Most rows of one page.
pub(crate) const LIMIT_MAX: usize = 1000;

/// A page of a list. The next one is in the header `Link` (`rel="next"`).
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)] // documentation; `Page` reads them
pub(crate) struct PageParams {
    /// Most rows: 50 for runs, 1000 for statistics when absent.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// Where the page before ended, as its `Link` says. It keeps that page's range.
    cursor: Option<String>,
    /// `json` (default), `csv` or `ndjson`: exports, which have no limit of their own. The
    /// header `Accept` (`text/csv`, `application/x-ndjson`) says the same.
    format: Option<String>,
}

/// The page asked for; `K` tells the rows of the list apart, in its order.
#[derive(Debug)]
pub(crate) struct Page<K> {
    pub(crate) limit: Option<usize>,
    pub(crate) cursor: Option<Cursor<K>>,
}

/// Where a page ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cursor<K> {
    pub(crate) range: Range,
    pub(crate) after: K,
}

/// What a cursor's text holds.
#[derive(Serialize, Deserialize)]
struct Wire<K> {
    list: String,
    from: i64,
    to: i64,
    after: K,
}

impl<K: Serialize + DeserializeOwned> Page<K> {
    /// `list` names the list, so that the cursor of another one is refused.
    ///
    /// # Errors
    /// 400 for a limit out of bounds or a cursor that is not of this list.
    pub(crate) fn read(params: &mut Params, list: &str) -> Result<Self, Problem> {
        let limit = params.number("limit", 1..=LIMIT_MAX)?;
        let cursor = match params.one("cursor")? {
            Some(text) => Some(Cursor::parse(&text, list).ok_or_else(|| {
                let detail = "this cursor is not one of this list; begin again without it";
                Problem::bad_request("invalid_cursor", detail)
            })?),
            None => None,
        };
        Ok(Self { limit, cursor })
    }
}

impl<K: Serialize + DeserializeOwned> Cursor<K> {
    fn parse(text: &str, list: &str) -> Option<Self> {
        let wire = URL_SAFE_NO_PAD.decode(text).ok()?;
        let wire: Wire<K> = serde_json::from_slice(&wire).ok()?;
        let range = Range::frozen(wire.from, wire.to).filter(|_| wire.list == list)?;
        Some(Self {
            range,
            after: wire.after,
        })
    }

    fn text(self, list: &str) -> Option<String> {
        let (from, to) = (self.range.from(), self.range.to());
        let wire = Wire {
            list: list.to_owned(),
            from,
            to,
            after: self.after,
        };
        Some(URL_SAFE_NO_PAD.encode(serde_json::to_vec(&wire).ok()?))
    }

    /// The value of `Link`: the same question, from here on.
    pub(crate) fn link(self, list: &str, uri: &Uri) -> Option<String> {
        Some(next_link(uri, &self.text(list)?))
    }
}

/// The value of `Link`: the same question with this cursor.
pub(crate) fn next_link(uri: &Uri, cursor: &str) -> String {
    let query = uri.query().unwrap_or_default();
    let kept = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "cursor");
    let next = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(kept)
        .append_pair("cursor", cursor)
        .finish();
    format!("<{}?{next}>; rel=\"next\"", uri.path())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn cursor() -> Cursor<(String, String)> {
        let after = ("0.5".to_owned(), "a\"/😀".to_owned());
        Cursor {
            range: Range::frozen(60, 120).unwrap(),
            after,
        }
    }

    #[test]
    fn a_cursor_survives_its_way_through_a_link() {
        let uri = "/stats/by-model?provider=a%26b&cursor=old&provider=c"
            .parse()
            .unwrap();
        let link = cursor().link("models", &uri).unwrap();
        let target = link.strip_prefix("</stats/by-model?").unwrap();
        let query = target.strip_suffix(">; rel=\"next\"").unwrap();
        let mut params = Params::parse(query).unwrap();
        assert_eq!(params.many("provider").unwrap(), ["a&b", "c"]);
        let page = Page::<(String, String)>::read(&mut params, "models").unwrap();
        assert_eq!(page.cursor, Some(cursor()));
        params.finish().unwrap();
    }

    #[test]
    fn other_cursors_are_refused() {
        let text = cursor().text("models").unwrap();
        let read = |text: &str, list| {
            let mut params = Params::parse(&format!("cursor={text}")).unwrap();
            Page::<(String, String)>::read(&mut params, list).map_err(|problem| problem.code())
        };
        assert!(read(&text, "models").is_ok());
        for (text, list) in [
            (text.as_str(), "providers"),
            ("x", "models"),
            ("e30", "models"),
        ] {
            assert_eq!(read(text, list).unwrap_err(), "invalid_cursor");
        }
    }
}
