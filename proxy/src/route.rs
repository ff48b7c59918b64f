//! Where a call goes: from a request's line and headers to a provider's address, or a refusal.

use axum::http::request::Parts;
use axum::http::uri::{Authority, PathAndQuery};
use axum::http::{HeaderMap, HeaderName, Uri};
use service::Problem;

use crate::config::{Base, HostPort, Named, Place, Scheme, UpstreamArgs};
use crate::providers::{self, Endpoint, Provider};

/// The path of the header form.
const HEADER_FORM: &str = "/proxy";
/// Where the header form names its target.
const TARGET: HeaderName = HeaderName::from_static("x-llmobserve-target-url");

/// Where a call goes, and what it is.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    /// `None` at a host that is allowed but not in the table.
    pub(crate) provider: Option<&'static Provider>,
    pub(crate) scheme: Scheme,
    pub(crate) uri: Uri,
    pub(crate) endpoint: Endpoint,
    /// The path as the provider's documentation writes it, without the query.
    pub(crate) path: String,
}

impl Route {
    /// The provider's name in events: its own, else the host's.
    pub(crate) fn provider_name(&self) -> &str {
        match self.provider {
            Some(provider) => provider.name(),
            None => self.uri.host().unwrap_or_default(),
        }
    }
}

/// What the operator said about upstreams.
#[derive(Debug, Clone)]
pub(crate) struct Routes {
    bases: Vec<Named<Base>>,
    hosts: Vec<Named<HostPort>>,
    /// Every place that a setting names: it may be private.
    listed: Vec<HostPort>,
}

impl Routes {
    pub(crate) fn new(args: &UpstreamArgs) -> Self {
        let bases = args.proxy_upstreams.0.iter();
        let named = bases.map(|base| HostPort::from(base.value.place()));
        let hosts = args.provider_hosts.0.iter().map(|host| host.value.clone());
        let listed = named.chain(hosts).chain(args.proxy_allowed_hosts.0.clone());
        Self {
            listed: listed.collect(),
            bases: args.proxy_upstreams.0.clone(),
            hosts: args.provider_hosts.0.clone(),
        }
    }

    /// Whether a setting names the place.
    pub(crate) fn lists(&self, place: &Place) -> bool {
        self.listed.iter().any(|listed| listed.is(place))
    }

    /// # Errors
    /// 400 for what names no target, 403 for a host that is not allowed, 404 for a path that
    /// begins with no provider.
    pub(crate) fn route(&self, parts: &Parts) -> Result<Route, Problem> {
        if parts.uri.path() == HEADER_FORM {
            self.by_header(parts)
        } else {
            self.by_path(parts)
        }
    }

    /// `/{provider}[/{parameter}]/…`
    fn by_path(&self, parts: &Parts) -> Result<Route, Problem> {
        let (name, rest) = first_segment(parts.uri.path());
        let provider = providers::by_name(name).ok_or_else(|| unknown(name))?;
        let (parameter, rest) = if provider.takes_parameter() {
            let (parameter, rest) = first_segment(rest);
            (Some(parameter), rest)
        } else {
            (None, rest)
        };
        let base = self.base(provider, parameter)?;
        let path = if rest.is_empty() { "/" } else { rest };
        Ok(Route {
            provider: Some(provider),
            scheme: base.scheme,
            endpoint: provider.endpoint(&parts.method, path),
            path: path.to_owned(),
            uri: join(&base, path, parts.uri.query())?,
        })
    }

    /// The operator's base URL for it, else its own.
    fn base(&self, provider: &'static Provider, parameter: Option<&str>) -> Result<Base, Problem> {
        let named = self
            .bases
            .iter()
            .find(|named| std::ptr::eq(named.provider, provider));
        if let Some(named) = named {
            return Ok(named.value.clone());
        }
        let wrong = |error: String| Problem::bad_request("invalid_path", error);
        let url = provider.base_url(parameter);
        let url = url.map_err(|error| wrong(error.to_string()))?;
        let base: Base = url.parse().map_err(wrong)?;
        // A parameter is part of a host's name: whatever it holds, the host stays theirs.
        match providers::by_host(&base.place().host) {
            Some(owner) if std::ptr::eq(owner, provider) => Ok(base),
            _ => Err(wrong(format!(
                "`{}` is no such address",
                parameter.unwrap_or_default()
            ))),
        }
    }

    /// `/proxy` with the whole URL in a header.
    fn by_header(&self, parts: &Parts) -> Result<Route, Problem> {
        let target = target(&parts.headers)?;
        let authority = target.authority().ok_or_else(no_target)?;
        let scheme = match target.scheme_str() {
            Some("https") => Scheme::Https,
            Some("http") => Scheme::Http,
            _ => return Err(no_target()),
        };
        if authority.as_str().contains('@') {
            let detail = "X-LLMObserve-Target-URL must not hold credentials";
            return Err(Problem::bad_request("invalid_target", detail));
        }
        let place = Place::new(scheme, authority);
        let (provider, prefix, scheme) = self.owner(&place, scheme, target.path())?;
        let path = target.path();
        let path = path.strip_prefix(prefix).unwrap_or(path);
        let path = if path.is_empty() { "/" } else { path };
        let endpoint = match provider {
            Some(provider) => provider.endpoint(&parts.method, path),
            None => providers::endpoint_elsewhere(&parts.method, path),
        };
        Ok(Route {
            provider,
            scheme,
            endpoint,
            path: path.to_owned(),
            uri: target.clone(),
        })
    }

    /// Who answers at a place: the provider, what stands before its paths there, and how to
    /// speak to it.
    fn owner(
        &self,
        place: &Place,
        scheme: Scheme,
        path: &str,
    ) -> Result<(Option<&'static Provider>, &str, Scheme), Problem> {
        if let Some(named) = self.hosts.iter().find(|named| named.value.is(place)) {
            return Ok((Some(named.provider), "", scheme));
        }
        let bases = self
            .bases
            .iter()
            .filter(|named| named.value.place() == *place && under(path, &named.value.path));
        // Several may share a host: the longest path is the closest.
        if let Some(named) = bases.max_by_key(|named| named.value.path.len()) {
            let scheme = match named.value.scheme {
                Scheme::H2c if scheme == Scheme::Http => Scheme::H2c,
                _ => scheme,
            };
            return Ok((Some(named.provider), &named.value.path, scheme));
        }
        if self.lists(place) {
            return Ok((providers::by_host(&place.host), "", scheme));
        }
        match providers::by_host(&place.host) {
            // Credentials of a provider do not travel in the clear, or to another service there.
            Some(provider)
                if scheme == Scheme::Https && place.port == 443 && is_named(provider) =>
            {
                Ok((Some(provider), "", scheme))
            }
            _ => Err(not_allowed(&place.host)),
        }
    }
}

/// Whether calls to the provider are allowed as it is; those to others when they are listed.
fn is_named(provider: &'static Provider) -> bool {
    providers::by_name(provider.name()).is_some()
}

/// `/a/b/c` → `a`, `/b/c`.
fn first_segment(path: &str) -> (&str, &str) {
    let path = path.strip_prefix('/').unwrap_or(path);
    match path.find('/') {
        Some(end) => path.split_at(end),
        None => (path, ""),
    }
}

fn under(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The path and the query go on as they came, byte for byte.
fn join(base: &Base, path: &str, query: Option<&str>) -> Result<Uri, Problem> {
    let mut text = String::with_capacity(base.path.len() + path.len() + 64);
    text.push_str(&base.path);
    text.push_str(path);
    if let Some(query) = query {
        text.push('?');
        text.push_str(query);
    }
    let path: PathAndQuery = text
        .parse()
        .map_err(|_| Problem::bad_request("invalid_path", "the path cannot be passed on"))?;
    let built = Uri::builder()
        .scheme(base.scheme.name())
        .authority::<Authority>(base.authority.clone())
        .path_and_query(path)
        .build();
    built.map_err(|_| Problem::bad_request("invalid_path", "the path cannot be passed on"))
}

fn target(headers: &HeaderMap) -> Result<Uri, Problem> {
    let mut values = headers.get_all(TARGET).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value
            .to_str()
            .ok()
            .and_then(|text| text.parse().ok())
            .ok_or_else(no_target),
        _ => Err(no_target()),
    }
}

fn no_target() -> Problem {
    let detail = "send X-LLMObserve-Target-URL once, with the whole http or https URL";
    Problem::bad_request("invalid_target", detail)
}

fn unknown(name: &str) -> Problem {
    let name: String = name.chars().take(64).collect();
    let detail = format!(
        "`{name}` is no provider: a path begins with one, as in /openai/v1/chat/completions; \
         other hosts are reached by /proxy with X-LLMObserve-Target-URL"
    );
    Problem::not_found(detail)
}

fn not_allowed(host: &str) -> Problem {
    let detail = format!(
        "calls to `{host}` are not allowed: the operator adds hosts with \
         LLMOBSERVE_PROXY_ALLOWED_HOSTS, and providers are reached by https on port 443"
    );
    Problem::forbidden("host_not_allowed", detail)
}
