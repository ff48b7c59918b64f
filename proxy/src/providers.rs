//! Which providers there are: names, hosts, base URLs, and what each path of theirs is.

mod endpoint;
mod hosts;
mod paths;
mod table;

pub(crate) use endpoint::{Billing, Endpoint, Flavor};
pub(crate) use hosts::by_host;

use axum::http::Method;

/// A provider of the table.
#[derive(Debug)]
pub(crate) struct Provider {
    /// As in events, and as the first segment of a path.
    name: &'static str,
    /// genai-prices' id, which has the extractors.
    prices: &'static str,
    base: Base,
    /// What its paths are.
    dialect: Dialect,
}

/// Where a provider answers.
#[derive(Debug, Clone, Copy)]
enum Base {
    /// One address for all.
    Fixed(&'static str),
    /// `{resource}.openai.azure.com`.
    Azure,
    /// A region's.
    Vertex,
    /// A region's.
    Bedrock,
}

/// Whose paths a provider has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    OpenAi,
    Anthropic,
    Google,
    Vertex,
    Bedrock,
    Cohere,
    HuggingFace,
}

/// A base URL's parameter that cannot be one.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct BadParameter(pub(crate) String);

/// By the name in a path, `openai`.
pub(crate) fn by_name(name: &str) -> Option<&'static Provider> {
    table::NAMED.iter().find(|provider| provider.name == name)
}

/// What a path of a host is that is not in the table. Many serve OpenAI's, so their token
/// counts are read; nobody publishes their prices.
pub(crate) fn endpoint_elsewhere(method: &Method, path: &str) -> Endpoint {
    paths::openai(method, path).elsewhere()
}

impl Provider {
    /// As in events.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// genai-prices' id.
    pub(crate) fn prices(&self) -> &'static str {
        self.prices
    }

    /// Whether a second path segment belongs to the address (`azure/{resource}`).
    pub(crate) fn takes_parameter(&self) -> bool {
        !matches!(self.base, Base::Fixed(_))
    }

    /// `https://api.openai.com`, without a slash at the end.
    ///
    /// # Errors
    /// When the parameter is missing, or is not the name of a resource or a region: it becomes
    /// part of a host name.
    pub(crate) fn base_url(&self, parameter: Option<&str>) -> Result<String, BadParameter> {
        let name = || {
            parameter
                .filter(|name| is_label(name))
                .ok_or_else(|| self.bad(parameter))
        };
        Ok(match self.base {
            Base::Fixed(url) => url.to_owned(),
            Base::Azure => format!("https://{}.openai.azure.com", name()?),
            Base::Vertex => match name()? {
                "global" => "https://aiplatform.googleapis.com".to_owned(),
                area @ ("us" | "eu") => format!("https://aiplatform.{area}.rep.googleapis.com"),
                region => format!("https://{region}-aiplatform.googleapis.com"),
            },
            Base::Bedrock => {
                let region = name()?;
                let china = if region.starts_with("cn-") { ".cn" } else { "" };
                format!("https://bedrock-runtime.{region}.amazonaws.com{china}")
            }
        })
    }

    fn bad(&self, parameter: Option<&str>) -> BadParameter {
        let what = match self.base {
            Base::Azure => "the name of an Azure resource",
            _ => "a region",
        };
        let given = parameter.unwrap_or_default();
        BadParameter(format!(
            "the path must go on with {what} (/{}/<name>/…) of letters, digits and hyphens, \
             not {given:?}",
            self.name
        ))
    }

    /// What this path is. It begins with `/` and is as the provider gets it, without a query.
    pub(crate) fn endpoint(&self, method: &Method, path: &str) -> Endpoint {
        match self.dialect {
            Dialect::OpenAi => paths::openai(method, path),
            Dialect::Anthropic => paths::anthropic(method, path),
            Dialect::Google | Dialect::Vertex => paths::google(method, path),
            Dialect::Bedrock => paths::bedrock(method, path),
            Dialect::Cohere => paths::cohere(method, path),
            Dialect::HuggingFace => paths::hugging_face(method, path),
        }
        .reports_by_itself(!self.needs_include_usage())
    }

    /// Whether a stream of this provider's chat carries its usage only when asked to.
    fn needs_include_usage(&self) -> bool {
        table::INCLUDE_USAGE.contains(&self.name)
    }
}

/// One label of a host name: no dots, so that it cannot lead elsewhere.
fn is_label(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&name.len())
        && name.bytes().all(inner)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

#[cfg(test)]
mod tests;
