//! How a span ended, in the contract's five words.

use super::span::Span;

/// What `error.type` or an exception is called, in parts of lower-case names.
const BY_NAME: [(&str, &str); 10] = [
    ("ratelimit", "rate_limited"),
    ("rate_limit", "rate_limited"),
    ("toomanyrequests", "rate_limited"),
    ("throttl", "rate_limited"),
    ("resourceexhausted", "rate_limited"),
    ("timeout", "timeout"),
    ("timedout", "timeout"),
    ("deadline", "timeout"),
    ("cancel", "cancelled"),
    ("abort", "cancelled"),
];

/// `None` leaves it to the HTTP status, and without one to `ok`.
pub(super) fn status(
    span: &Span<'_>,
    error_type: Option<&str>,
    http_status: Option<u64>,
) -> Option<&'static str> {
    if let Some(error) = error_type {
        let name = error.to_ascii_lowercase();
        let found = BY_NAME.iter().find(|(part, _)| name.contains(part));
        if let Some((_, status)) = found {
            return Some(status);
        }
        // The convention names an HTTP status as the type of an error, too.
        if let Ok(status @ 400..=599) = name.parse::<u16>() {
            return Some(of_http(status));
        }
    }
    let failed = span.failed || error_type.is_some();
    match http_status {
        Some(400..) => None,
        _ => failed.then_some("error"),
    }
}

fn of_http(status: u16) -> &'static str {
    match status {
        429 => "rate_limited",
        408 | 504 => "timeout",
        _ => "error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_apart() {
        let failed = Span {
            failed: true,
            ..Span::default()
        };
        for (error_type, http, expected) in [
            (Some("openai.RateLimitError"), None, Some("rate_limited")),
            (Some("ThrottlingException"), None, Some("rate_limited")),
            (Some("APITimeoutError"), None, Some("timeout")),
            (Some("asyncio.CancelledError"), None, Some("cancelled")),
            (Some("429"), None, Some("rate_limited")),
            (Some("500"), None, Some("error")),
            (Some("ValueError"), None, Some("error")),
            (None, None, Some("error")),
            (None, Some(429), None),
            (Some("ValueError"), Some(503), None),
        ] {
            assert_eq!(
                status(&failed, error_type, http),
                expected,
                "{error_type:?}"
            );
        }
        assert_eq!(status(&Span::default(), None, None), None);
        assert_eq!(
            status(&Span::default(), Some("ValueError"), None),
            Some("error")
        );
    }
}
