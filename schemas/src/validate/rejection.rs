//! Why an event was not accepted: a value, told to the sender and counted.

use std::borrow::Cow;

/// One code for each rule of the contract. Stable: clients and metrics rely on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// An NDJSON line, or an item of an array, that is no JSON object.
    NotAnObject,
    /// An NDJSON line that is not JSON or not UTF-8.
    UnreadableJson,
    /// The same field twice in one object.
    DuplicateField,
    /// Larger than [`super::EVENT_BYTES_MAX`].
    EventTooLarge,
    /// Another JSON type than the contract names.
    WrongType,
    /// A text that is too long.
    TooLong,
    /// A control character in a text.
    ControlCharacter,
    /// A call without `provider`.
    MissingProvider,
    /// A count that is negative, fractional or too large.
    InvalidNumber,
    /// A part (cached tokens, …) larger than its whole.
    PartsExceedWhole,
    /// `usage` is not an object of numbers of zero or more.
    InvalidUsage,
    /// A cost that is no decimal, negative, or 1,000,000 USD and more.
    InvalidCost,
    /// A time that is neither RFC 3339 nor an epoch.
    InvalidTimestamp,
    /// Older than the retention.
    TimestampTooOld,
    /// More than one hour ahead.
    TimestampInFuture,
    /// Not one of the contract's five.
    InvalidStatus,
    /// Not 100 to 599.
    InvalidHttpStatus,
    /// Larger than [`super::METADATA_BYTES_MAX`].
    MetadataTooLarge,
    /// A trace or span id that OpenTelemetry does not allow.
    InvalidId,
}

impl Code {
    /// Every code: metrics show each of them from the start.
    pub const ALL: [Self; 19] = [
        Self::NotAnObject,
        Self::UnreadableJson,
        Self::DuplicateField,
        Self::EventTooLarge,
        Self::WrongType,
        Self::TooLong,
        Self::ControlCharacter,
        Self::MissingProvider,
        Self::InvalidNumber,
        Self::PartsExceedWhole,
        Self::InvalidUsage,
        Self::InvalidCost,
        Self::InvalidTimestamp,
        Self::TimestampTooOld,
        Self::TimestampInFuture,
        Self::InvalidStatus,
        Self::InvalidHttpStatus,
        Self::MetadataTooLarge,
        Self::InvalidId,
    ];

    /// The code as clients see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotAnObject => "not_an_object",
            Self::UnreadableJson => "unreadable_json",
            Self::DuplicateField => "duplicate_field",
            Self::EventTooLarge => "event_too_large",
            Self::WrongType => "wrong_type",
            Self::TooLong => "too_long",
            Self::ControlCharacter => "control_character",
            Self::MissingProvider => "missing_provider",
            Self::InvalidNumber => "invalid_number",
            Self::PartsExceedWhole => "parts_exceed_whole",
            Self::InvalidUsage => "invalid_usage",
            Self::InvalidCost => "invalid_cost",
            Self::InvalidTimestamp => "invalid_timestamp",
            Self::TimestampTooOld => "timestamp_too_old",
            Self::TimestampInFuture => "timestamp_in_future",
            Self::InvalidStatus => "invalid_status",
            Self::InvalidHttpStatus => "invalid_http_status",
            Self::MetadataTooLarge => "metadata_too_large",
            Self::InvalidId => "invalid_id",
        }
    }
}

/// A rule that an event broke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Which rule.
    pub code: Code,
    /// In words, naming the field and what is allowed; never echoes the value.
    pub message: Cow<'static, str>,
}

impl Rejection {
    /// A rejection with its explanation.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}
