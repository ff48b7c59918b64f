//! `name=URL` and `host:port`, as settings write them.

use std::net::Ipv6Addr;
use std::str::FromStr;

use axum::http::Uri;
use axum::http::uri::Authority;

use crate::providers::{self, Provider};

/// Values separated by commas; often none.
#[derive(Debug, Clone, Default)]
pub struct List<T>(pub(crate) Vec<T>);

impl<T: FromStr<Err = String>> List<T> {
    /// Reads all of them.
    ///
    /// # Errors
    /// Of the first that cannot be read.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts = text.split(',').map(str::trim);
        let values = parts.filter(|part| !part.is_empty()).map(str::parse);
        values.collect::<Result<_, _>>().map(Self)
    }
}

/// Something said of one provider.
#[derive(Debug, Clone)]
pub struct Named<T> {
    pub(crate) provider: &'static Provider,
    pub(crate) value: T,
}

impl<T: FromStr<Err = String>> FromStr for Named<T> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text
            .trim()
            .split_once('=')
            .ok_or_else(|| format!("`{text}` is not name=value"))?;
        let name = name.trim();
        let provider = providers::by_name(name)
            .ok_or_else(|| format!("`{name}` is not a provider that the proxy knows"))?;
        let value = value.trim().parse()?;
        Ok(Self { provider, value })
    }
}

/// How a connection to an upstream begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
    /// HTTP/2 without TLS, by prior knowledge.
    H2c,
}

impl Scheme {
    /// As URIs have it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Http | Self::H2c => "http",
            Self::Https => "https",
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Http | Self::H2c => 80,
            Self::Https => 443,
        }
    }
}

/// A base URL: scheme, host, and what stands before every path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    pub(crate) scheme: Scheme,
    pub(crate) authority: Authority,
    /// Without a slash at its end; often empty.
    pub(crate) path: String,
}

impl Base {
    /// Where it is.
    pub(crate) fn place(&self) -> Place {
        Place::new(self.scheme, &self.authority)
    }
}

impl FromStr for Base {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| format!("`{text}` is not a base URL: {why}");
        let (scheme, rest) = text
            .split_once("://")
            .ok_or_else(|| wrong("it begins with http://, https:// or h2c://"))?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            "h2c" => Scheme::H2c,
            _ => return Err(wrong("it begins with http://, https:// or h2c://")),
        };
        let uri: Uri = format!("{}://{rest}", scheme.name())
            .parse()
            .map_err(|error| wrong(&format!("{error}")))?;
        let authority = uri.authority().ok_or_else(|| wrong("it has no host"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("credentials do not belong into it"));
        }
        if uri.query().is_some() || rest.contains('#') {
            return Err(wrong("a query does not belong into it"));
        }
        Ok(Self {
            scheme,
            authority: authority.clone(),
            path: uri.path().trim_end_matches('/').to_owned(),
        })
    }
}

/// A host and a port, as they are compared: in lower case, without a dot at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Place {
    pub(crate) fn new(scheme: Scheme, authority: &Authority) -> Self {
        Self {
            host: plain(authority.host()),
            port: authority.port_u16().unwrap_or(scheme.default_port()),
        }
    }
}

/// A host name as it is compared; IPv6 addresses without brackets.
pub(crate) fn plain(host: &str) -> String {
    let host = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(host);
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

/// `host` (any port) or `host:port`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPort {
    host: String,
    port: Option<u16>,
}

impl HostPort {
    /// Whether it means this place.
    pub(crate) fn is(&self, place: &Place) -> bool {
        self.host == place.host && self.port.is_none_or(|port| port == place.port)
    }
}

impl From<Place> for HostPort {
    fn from(place: Place) -> Self {
        Self {
            host: place.host,
            port: Some(place.port),
        }
    }
}

impl FromStr for HostPort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(address) = text.parse::<Ipv6Addr>() {
            return Ok(Self {
                host: address.to_string(),
                port: None,
            });
        }
        let authority: Authority = text
            .parse()
            .map_err(|_| format!("`{text}` is not host or host:port"))?;
        let port = match text.strip_prefix(authority.host()) {
            Some("") => Ok(None),
            Some(rest) => rest.trim_start_matches(':').parse().map(Some),
            None => return Err(format!("`{text}` is not host or host:port")),
        };
        let port = port.map_err(|_| format!("`{text}` has no valid port"))?;
        if authority.host().is_empty() {
            return Err(format!("`{text}` is not host or host:port"));
        }
        Ok(Self {
            host: plain(authority.host()),
            port,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_base_url_keeps_its_path_and_nothing_else() {
        let base: Base = "https://Gateway.internal:8443/aws/".parse().unwrap();
        assert_eq!((base.scheme, base.path.as_str()), (Scheme::Https, "/aws"));
        let place = base.place();
        assert_eq!(
            (place.host.as_str(), place.port),
            ("gateway.internal", 8443)
        );
        let plain: Base = "h2c://127.0.0.1:9".parse().unwrap();
        assert_eq!((plain.scheme, plain.path.as_str()), (Scheme::H2c, ""));
        for wrong in [
            "gateway",
            "ftp://a",
            "http://",
            "http://u:p@a",
            "http://a/?q=1",
            "https://a b",
        ] {
            assert!(wrong.parse::<Base>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_host_is_listed_with_one_port_or_with_all() {
        let place = |text: &str| {
            let authority: Authority = text.parse().unwrap();
            Place::new(Scheme::Https, &authority)
        };
        let port = |text: &str| text.parse::<HostPort>().unwrap();
        let any = port("API.example.com");
        assert!(any.is(&place("api.example.com")) && any.is(&place("api.example.com.:99")));
        let one = port("api.example.com:8443");
        assert!(one.is(&place("api.example.com:8443")) && !one.is(&place("api.example.com")));
        assert!(port("::1").is(&place("[::1]:5")));
        assert!(port("[::1]:5").is(&place("[::1]:5")));
        assert!(!port("example.com").is(&place("api.example.com")));
        for wrong in ["", "https://a", "a/b", "u@a", "a:x", "a:99999"] {
            assert!(wrong.parse::<HostPort>().is_err(), "{wrong}");
        }
    }
}
