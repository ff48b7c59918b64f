//! Failures as a ClickHouse server reports them: a code, a text, a status.

use axum::http::StatusCode;

/// A failure of one request; its text is what the client reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Error {
    code: u32,
    text: String,
}

/// ClickHouse's error codes that this face itself raises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    BadArguments = 36,
    SyntaxError = 62,
    Readonly = 164,
    TooManySimultaneousQueries = 202,
    MemoryLimitExceeded = 241,
    SupportIsDisabled = 344,
    SessionNotFound = 372,
    SessionIsLocked = 373,
    CannotDecompress = 271,
    ChecksumDoesNotMatch = 40,
    QueryWasCancelled = 394,
    QueryIsTooLarge = 424,
    AccessDenied = 497,
    AuthenticationFailed = 516,
}

impl Code {
    fn name(self) -> &'static str {
        match self {
            Self::BadArguments => "BAD_ARGUMENTS",
            Self::SyntaxError => "SYNTAX_ERROR",
            Self::Readonly => "READONLY",
            Self::TooManySimultaneousQueries => "TOO_MANY_SIMULTANEOUS_QUERIES",
            Self::MemoryLimitExceeded => "MEMORY_LIMIT_EXCEEDED",
            Self::SupportIsDisabled => "SUPPORT_IS_DISABLED",
            Self::SessionNotFound => "SESSION_NOT_FOUND",
            Self::SessionIsLocked => "SESSION_IS_LOCKED",
            Self::CannotDecompress => "CANNOT_DECOMPRESS",
            Self::ChecksumDoesNotMatch => "CHECKSUM_DOESNT_MATCH",
            Self::QueryWasCancelled => "QUERY_WAS_CANCELLED",
            Self::QueryIsTooLarge => "QUERY_IS_TOO_LARGE",
            Self::AccessDenied => "ACCESS_DENIED",
            Self::AuthenticationFailed => "AUTHENTICATION_FAILED",
        }
    }
}

/// A failure the engine did not number.
const UNKNOWN_EXCEPTION: u32 = 1002;

impl Error {
    pub(super) fn new(code: Code, text: impl AsRef<str>) -> Self {
        Self {
            code: code as u32,
            text: format!(
                "Code: {}. DB::Exception: {}. ({})",
                code as u32,
                text.as_ref(),
                code.name()
            ),
        }
    }

    pub(super) fn code(&self) -> u32 {
        self.code
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The HTTP status a server answers with, after `exceptionCodeToHTTPStatus.cpp`.
    pub(super) fn status(&self) -> StatusCode {
        match self.code {
            194 => StatusCode::UNAUTHORIZED,
            192 | 193 | 497 | 511 | 516 => StatusCode::FORBIDDEN,
            // Cannot parse, bad arguments, bad syntax, wrong types, wrong data.
            6 | 25 | 26 | 27 | 36 | 38 | 41 | 43 | 53 | 62 | 69 | 72 | 117 | 130 | 166 | 167
            | 168 | 321 | 344 | 376 | 427 | 441 | 456 | 457 | 675 | 676 => StatusCode::BAD_REQUEST,
            // Unknown identifier, function, type, storage, table, format, database, setting.
            46 | 47 | 50 | 56 | 60 | 63 | 73 | 78 | 81 | 115 | 147 | 152 | 336 | 372 => {
                StatusCode::NOT_FOUND
            }
            159 => StatusCode::REQUEST_TIMEOUT,
            424 => StatusCode::PAYLOAD_TOO_LARGE,
            48 => StatusCode::NOT_IMPLEMENTED,
            202 | 209 | 439 => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// The engine's own text, which begins with its code.
impl From<String> for Error {
    fn from(text: String) -> Self {
        let code = text.find("Code: ").and_then(|at| {
            let digits = &text[at + "Code: ".len()..];
            let end = digits.find(|c: char| !c.is_ascii_digit())?;
            digits[..end].parse().ok()
        });
        let text = match code {
            Some(_) => text,
            None => format!("Code: {UNKNOWN_EXCEPTION}. DB::Exception: {text} (UNKNOWN_EXCEPTION)"),
        };
        Self {
            code: code.unwrap_or(UNKNOWN_EXCEPTION),
            text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engine_texts_keep_their_code() {
        let error = Error::from(
            "Code: 60. DB::Exception: Table x does not exist. (UNKNOWN_TABLE)".to_owned(),
        );
        assert_eq!((error.code(), error.status()), (60, StatusCode::NOT_FOUND));
        let error = Error::from("broken".to_owned());
        assert_eq!(
            error.text(),
            "Code: 1002. DB::Exception: broken (UNKNOWN_EXCEPTION)"
        );
    }

    #[test]
    fn own_errors_look_like_the_servers() {
        let error = Error::new(Code::Readonly, "no");
        assert_eq!(error.text(), "Code: 164. DB::Exception: no. (READONLY)");
    }
}
