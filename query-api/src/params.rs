//! The query string, read strictly: what is malformed, repeated or unknown is a 400 that
//! names the parameter, never a filter silently left out.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use service::Problem;

/// Most parameters in a query string.
const PARAMS_MAX: usize = 500;
/// Longest value, in bytes.
const VALUE_BYTES_MAX: usize = 4096;

/// The parameters that nobody has taken yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// Decodes `application/x-www-form-urlencoded`.
    pub(crate) fn parse(query: &str) -> Result<Self, Problem> {
        let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
        let pairs: Vec<(String, String)> = pairs.take(PARAMS_MAX + 1).collect();
        if pairs.len() > PARAMS_MAX {
            return Err(malformed(format!("at most {PARAMS_MAX} parameters")));
        }
        for (name, value) in &pairs {
            if value.len() > VALUE_BYTES_MAX || value.chars().any(char::is_control) {
                return Err(malformed(format!(
                    "{} must have at most {VALUE_BYTES_MAX} bytes and no control characters",
                    shown(name)
                )));
            }
        }
        Ok(Self(pairs))
    }

    /// Takes every value of a parameter, also empty ones.
    pub(crate) fn values(&mut self, name: &str) -> Vec<String> {
        let mut values = Vec::new();
        self.0.retain_mut(|(other, value)| {
            let taken = other == name;
            if taken {
                values.push(std::mem::take(value));
            }
            !taken
        });
        values
    }

    /// Takes every value of a parameter that may be repeated. None may be empty.
    pub(crate) fn many(&mut self, name: &str) -> Result<Vec<String>, Problem> {
        let values = self.values(name);
        if values.iter().any(String::is_empty) {
            return Err(malformed(format!(
                "{name} must not be empty; leave it out instead"
            )));
        }
        Ok(values)
    }

    /// Takes the value of a parameter that may be given once.
    pub(crate) fn one(&mut self, name: &str) -> Result<Option<String>, Problem> {
        let mut values = self.many(name)?;
        if values.len() > 1 {
            return Err(malformed(format!("{name} may be given once")));
        }
        Ok(values.pop())
    }

    /// Takes a whole number.
    pub(crate) fn number<T>(
        &mut self,
        name: &str,
        allowed: RangeInclusive<T>,
    ) -> Result<Option<T>, Problem>
    where
        T: FromStr + PartialOrd + Display,
    {
        let Some(text) = self.one(name)? else {
            return Ok(None);
        };
        match text.parse() {
            Ok(number) if allowed.contains(&number) => Ok(Some(number)),
            _ => Err(malformed(format!(
                "{name} must be a whole number from {} to {}",
                allowed.start(),
                allowed.end()
            ))),
        }
    }

    /// Takes one of some names.
    pub(crate) fn choice<T: Copy>(
        &mut self,
        name: &str,
        choices: &[(&'static str, T)],
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.one(name)? else {
            return Ok(None);
        };
        match choices.iter().find(|(choice, _)| *choice == text) {
            Some((_, value)) => Ok(Some(*value)),
            None => {
                let choices: Vec<&str> = choices.iter().map(|(choice, _)| *choice).collect();
                Err(malformed(format!(
                    "{name} must be one of {}",
                    choices.join(", ")
                )))
            }
        }
    }

    /// Ends the reading: what is left is known to no one.
    pub(crate) fn finish(&self) -> Result<(), Problem> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(Problem::bad_request(
                "unknown_parameter",
                format!("this route has no parameter {}", shown(name)),
            )),
        }
    }
}

/// 400 `invalid_parameter`.
pub(crate) fn malformed(detail: String) -> Problem {
    Problem::bad_request("invalid_parameter", detail)
}

/// A name as it may stand in a message.
fn shown(name: &str) -> String {
    const SHOWN_CHARS_MAX: usize = 50;
    name.chars()
        .take(SHOWN_CHARS_MAX)
        .filter(|c| !c.is_control())
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_nobody_takes_is_unknown() {
        let mut params = Params::parse("a=1&b=x&b=y%2F%22&tenant=acme").unwrap();
        assert_eq!(params.number("a", 1..=5_u32).unwrap(), Some(1));
        assert_eq!(params.many("b").unwrap(), ["x", "y/\""]);
        assert_eq!(params.one("c").unwrap(), None);
        assert_eq!(params.finish().unwrap_err().code(), "unknown_parameter");
    }

    #[test]
    fn what_is_malformed_is_refused() {
        let params = || Params::parse("a=1&a=2&b=&c=7&d=x").unwrap();
        assert!(params().one("a").is_err());
        assert!(params().many("b").is_err());
        assert!(params().number("c", 1..=5_u32).is_err());
        assert!(params().choice("d", &[("y", 1)]).is_err());
        assert!(Params::parse("a=%00").is_err());
        assert!(Params::parse(&"a=1&".repeat(501)).is_err());
    }
}
