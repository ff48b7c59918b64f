//! A field's JSON text as the type that the contract names.

use std::borrow::Cow;

use super::rejection::{Code, Rejection};
use super::{LATENCY_MS_MAX, TOKENS_MAX};
use crate::raw::{Field, RawEvent};

pub(super) struct Reader<'a>(pub(super) &'a RawEvent<'a>);

impl<'a> Reader<'a> {
    /// A string without control characters; an empty one is absent.
    pub(super) fn text(
        &self,
        field: Field,
        chars_max: usize,
    ) -> Result<Option<Cow<'a, str>>, Rejection> {
        let Some(json) = self.0.get(field) else {
            return Ok(None);
        };
        if let Some(inner) = printable(json)
            && (1..=chars_max).contains(&inner.len())
        {
            return Ok(Some(Cow::Borrowed(inner)));
        }
        let text = string(json).ok_or_else(|| wrong_type(field, "a string"))?;
        if text.is_empty() {
            return Ok(None);
        }
        if text.len() > chars_max && text.chars().count() > chars_max {
            let message = format!("`{}` is longer than {chars_max} characters", field.name());
            return Err(Rejection::new(Code::TooLong, message));
        }
        if has_control(&text) {
            let message = format!("`{}` holds a control character", field.name());
            return Err(Rejection::new(Code::ControlCharacter, message));
        }
        Ok(Some(text))
    }

    /// The same, to keep; an absent one is empty.
    pub(super) fn owned(&self, field: Field, chars_max: usize) -> Result<String, Rejection> {
        let text = self.text(field, chars_max)?;
        Ok(text.map(Cow::into_owned).unwrap_or_default())
    }

    /// A whole number from 0 to [`TOKENS_MAX`]; `12.0` and `1e3` are whole.
    pub(super) fn count(&self, field: Field) -> Result<Option<u64>, Rejection> {
        let Some(json) = self.0.get(field) else {
            return Ok(None);
        };
        if let Ok(count) = json.parse::<u64>()
            && count <= TOKENS_MAX
        {
            return Ok(Some(count));
        }
        let number = number(json).ok_or_else(|| wrong_type(field, "an integer"))?;
        #[allow(clippy::cast_precision_loss)] // far below 2^53
        let in_range = number >= 0.0 && number <= TOKENS_MAX as f64;
        if number.fract() != 0.0 || !in_range {
            let message = format!(
                "`{}` must be a whole number from 0 to {TOKENS_MAX}",
                field.name()
            );
            return Err(Rejection::new(Code::InvalidNumber, message));
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // checked above
        Ok(Some(number as u64))
    }

    /// Milliseconds as whole microseconds.
    pub(super) fn millis(&self, field: Field) -> Result<Option<u64>, Rejection> {
        let Some(json) = self.0.get(field) else {
            return Ok(None);
        };
        let ms = number(json).ok_or_else(|| wrong_type(field, "a number"))?;
        if !(0.0..=LATENCY_MS_MAX).contains(&ms) {
            let message = format!("`{}` must be from 0 to {LATENCY_MS_MAX}", field.name());
            return Err(Rejection::new(Code::InvalidNumber, message));
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // checked above
        Ok(Some((ms * 1000.0).round() as u64))
    }

    pub(super) fn boolean(&self, field: Field) -> Result<Option<bool>, Rejection> {
        match self.0.get(field) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(wrong_type(field, "true or false")),
        }
    }

    pub(super) fn http_status(&self) -> Result<Option<u32>, Rejection> {
        let field = Field::HttpStatus;
        let Some(json) = self.0.get(field) else {
            return Ok(None);
        };
        if number(json).is_none() {
            return Err(wrong_type(field, "an integer"));
        }
        match json.parse() {
            Ok(status @ 100..=599) => Ok(Some(status)),
            _ => Err(Rejection::new(
                Code::InvalidHttpStatus,
                "`http_status` must be an integer from 100 to 599",
            )),
        }
    }

    /// A number's or a decimal string's text, every digit of it.
    pub(super) fn decimal(&self, field: Field) -> Result<Option<Cow<'a, str>>, Rejection> {
        let Some(json) = self.0.get(field) else {
            return Ok(None);
        };
        if json.starts_with(['{', '[', 't', 'f']) {
            return Err(wrong_type(field, "a number or a decimal string"));
        }
        Ok(Some(string(json).unwrap_or(Cow::Borrowed(json))))
    }

    /// A field's JSON text, untouched.
    pub(super) fn json(&self, field: Field) -> Option<&'a str> {
        self.0.get(field)
    }
}

/// The value of a JSON string that is printable ASCII without escapes, as most are.
fn printable(json: &str) -> Option<&str> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    // Without a branch, so that many bytes are compared at once.
    let odd = inner.bytes().fold(false, |odd, byte| {
        odd | (byte == b'\\') | !(b' '..=b'~').contains(&byte)
    });
    (!odd).then_some(inner)
}

/// A JSON string's value; `None` for another type or a lone surrogate.
fn string(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        return serde_json::from_str(json).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(inner))
}

/// A JSON number's value; JSON has neither NaN nor infinity, but `1e999` is one.
pub(super) fn number(json: &str) -> Option<f64> {
    json.starts_with(|c: char| c == '-' || c.is_ascii_digit())
        .then(|| json.parse().ok())?
}

pub(super) fn has_control(text: &str) -> bool {
    if text.is_ascii() {
        return text.bytes().any(|b| b.is_ascii_control());
    }
    text.chars().any(char::is_control)
}

pub(super) fn wrong_type(field: Field, expected: &str) -> Rejection {
    Rejection::new(
        Code::WrongType,
        format!("`{}` must be {expected}", field.name()),
    )
}
