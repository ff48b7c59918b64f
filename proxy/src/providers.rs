//! Which providers there are: names, hosts, base URLs, and what each path of theirs is.

use axum::http::Method;

/// A provider of the table.
#[derive(Debug)]
pub(crate) struct Provider {
    name: &'static str,
}

/// What a path of a provider answers, as far as metering needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// The contract's span type: `llm`, `embedding`, `api`.
    pub(crate) span_type: &'static str,
}

/// A base URL's parameter that cannot be one.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct BadParameter(pub(crate) String);

/// By the name in a path, `openai`.
pub(crate) fn by_name(_name: &str) -> Option<&'static Provider> {
    None
}

/// By the name of its host in lower case, without a port.
pub(crate) fn by_host(_host: &str) -> Option<&'static Provider> {
    None
}

impl Provider {
    /// As in events.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Whether a second path segment belongs to the address (`azure/{resource}`).
    pub(crate) fn takes_parameter(&self) -> bool {
        false
    }

    /// `https://api.openai.com`, without a slash at the end.
    pub(crate) fn base_url(&self, _parameter: Option<&str>) -> Result<String, BadParameter> {
        Err(BadParameter(format!("{} has no address", self.name)))
    }

    /// What this path is. It begins with `/` and is as the provider gets it, without a query.
    pub(crate) fn endpoint(&self, _method: &Method, _path: &str) -> Endpoint {
        Endpoint { span_type: "api" }
    }
}
