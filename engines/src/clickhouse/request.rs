//! What a client asks for, from the many places ClickHouse's HTTP interface
//! lets it say so: the URL, the body, a form, headers.

use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use bytes::{Bytes, BytesMut};
use futures::stream;

use super::compression;
use super::error::{Code, Error};
use super::library::Parameter;
use super::role::Role;

/// One request, understood.
#[derive(Debug, Default)]
pub(super) struct Request {
    /// Of who asks.
    pub(super) role: Role,
    /// From the URL or a form.
    pub(super) query: Vec<u8>,
    /// The body, decompressed; follows `query`.
    pub(super) body: Bytes,
    pub(super) database: Option<String>,
    pub(super) default_format: Option<String>,
    pub(super) query_id: Option<String>,
    pub(super) session: Option<SessionRequest>,
    /// Settings of the engine, in the order given.
    pub(super) settings: Vec<(String, String)>,
    pub(super) parameters: Vec<Parameter>,
    /// Whether the answer is framed as ClickHouse blocks.
    pub(super) compress: bool,
    /// Whether the body is framed so.
    decompress: bool,
    /// How the body as a whole is compressed, in lower case.
    content_encoding: String,
    /// GET and HEAD must not write.
    pub(super) read_only: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SessionRequest {
    pub(super) id: String,
    /// Seconds without a request after which the session is forgotten.
    pub(super) timeout_seconds: Option<u64>,
    /// Fail when the session does not exist yet.
    pub(super) check: bool,
    /// Forget the session after this request.
    pub(super) close: bool,
}

/// Names a server takes from the URL that are no settings of the engine.
const IGNORED: [&str; 15] = [
    "user",
    "password",
    "quota_key",
    "stacktrace",
    "role",
    "buffer_size",
    "close_session",
    "client_protocol_version",
    "session_timeout",
    "session_check",
    "enable_http_compression",
    "http_zlib_compression_level",
    "send_progress_in_http_headers",
    "http_headers_progress_interval_ms",
    "http_native_compression_disable_checksumming_on_decompress",
];

impl Request {
    /// Reads the query part of the URL.
    pub(super) fn from_url(url_query: &str, headers: &HeaderMap) -> Self {
        let header = |name: &str| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        let mut request = Self {
            database: header("x-clickhouse-database"),
            default_format: header("x-clickhouse-format"),
            content_encoding: header(CONTENT_ENCODING.as_str())
                .unwrap_or_default()
                .to_ascii_lowercase(),
            ..Self::default()
        };
        let pairs: Vec<(String, String)> = form_urlencoded::parse(url_query.as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        let find = |name: &str| {
            pairs
                .iter()
                .find(|pair| pair.0 == name)
                .map(|pair| pair.1.as_str())
        };
        let session = find("session_id").map(|id| SessionRequest {
            id: id.to_owned(),
            timeout_seconds: find("session_timeout").and_then(|seconds| seconds.parse().ok()),
            check: find("session_check") == Some("1"),
            close: find("close_session") == Some("1"),
        });
        request.session = session;
        for (name, value) in pairs {
            request.take(&name, value);
        }
        request
    }

    fn take(&mut self, name: &str, value: String) {
        match name {
            "query" => self.query = value.into_bytes(),
            "database" => self.database = Some(value).filter(|name| !name.is_empty()),
            "default_format" => self.default_format = Some(value).filter(|name| !name.is_empty()),
            "query_id" => self.query_id = Some(value).filter(|id| !id.is_empty()),
            "compress" => self.compress = value == "1",
            "decompress" => self.decompress = value == "1",
            // Results are streamed when that is safe, and errors told either way.
            "wait_end_of_query" | "session_id" => {}
            name if IGNORED.contains(&name) => {}
            name => match name.strip_prefix("param_") {
                Some(name) => self.parameters.push((name.to_owned(), value)),
                None => self.settings.push((name.to_owned(), value)),
            },
        }
    }

    /// Undoes what the body is packed in. Takes its time: not for async threads.
    pub(super) fn unpack(&self, body: Bytes, bytes_max: usize) -> Result<Bytes, Error> {
        let body = compression::decode(&self.content_encoding, body, bytes_max)?;
        if self.decompress {
            compression::read_blocks(&body, bytes_max)
        } else {
            Ok(body)
        }
    }

    /// Takes the unpacked body in, a form taken apart.
    pub(super) async fn with_body(
        mut self,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<Self, Error> {
        let content_type = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        match multer::parse_boundary(content_type) {
            Ok(boundary) => self.take_form(body, boundary).await?,
            Err(_) => self.body = body,
        }
        Ok(self)
    }

    async fn take_form(&mut self, body: Bytes, boundary: String) -> Result<(), Error> {
        let broken =
            |error: multer::Error| Error::new(Code::BadArguments, format!("Broken form: {error}"));
        let mut form = multer::Multipart::new(
            stream::iter([Ok::<_, std::convert::Infallible>(body)]),
            boundary,
        );
        while let Some(field) = form.next_field().await.map_err(broken)? {
            let name = field.name().unwrap_or_default().to_owned();
            let value = field.bytes().await.map_err(broken)?;
            match name.strip_prefix("param_") {
                Some(name) => self.parameters.push((
                    name.to_owned(),
                    String::from_utf8_lossy(&value).into_owned(),
                )),
                None if name == "query" => self.query.extend_from_slice(&value),
                None => {
                    let text =
                        format!("The form field {name} is not supported: external tables are not");
                    return Err(Error::new(Code::SupportIsDisabled, text));
                }
            }
        }
        Ok(())
    }

    /// The whole text: query, then body.
    pub(super) fn text(&self) -> Bytes {
        if self.query.is_empty() {
            return self.body.clone();
        }
        let mut text = BytesMut::with_capacity(self.query.len() + 1 + self.body.len());
        text.extend_from_slice(&self.query);
        if !self.body.is_empty() {
            text.extend_from_slice(b"\n");
            text.extend_from_slice(&self.body);
        }
        text.freeze()
    }
}
