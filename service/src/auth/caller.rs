//! The result of authentication, and what follows from it.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;

use super::scope::{Scope, Scopes};
use super::tenant::{Access, AllTenants, Tenant};
use super::{DEFAULT_TENANT, TENANT_HEADER};
use crate::Problem;

/// Whose data a caller may touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Binding {
    /// One tenant's only.
    Bound(Tenant),
    /// Any tenant's that it names.
    Platform,
}

/// By what a caller has shown who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Credential {
    /// None: authentication is off.
    None,
    /// An API key.
    Key,
    /// A JWT: a person, or a service of the tenant's own.
    Token,
}

/// An authenticated caller. Handlers take it as an extractor behind
/// [`super::Authenticator::protect`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    credential: Credential,
    id: Arc<str>,
    binding: Binding,
    scopes: Scopes,
    /// What the header `X-LLMObserve-Tenant-ID` says.
    header: Option<Arc<str>>,
}

impl Caller {
    /// Anyone, when authentication is off.
    pub(super) fn anyone() -> Self {
        Self::new(Credential::None, "".into(), Binding::Platform, Scopes::ALL)
    }

    /// The holder of a key.
    pub(super) fn key(id: Arc<str>, binding: Binding, scopes: Scopes) -> Self {
        Self::new(Credential::Key, id, binding, scopes)
    }

    /// The subject of a JWT, always of one tenant.
    pub(super) fn token(subject: &str, tenant: Tenant, scopes: Scopes) -> Self {
        let id = format!("jwt:{subject}").into();
        Self::new(Credential::Token, id, Binding::Bound(tenant), scopes)
    }

    fn new(credential: Credential, id: Arc<str>, binding: Binding, scopes: Scopes) -> Self {
        Self {
            credential,
            id,
            binding,
            scopes,
            header: None,
        }
    }

    /// The same caller, who has named a tenant in a header.
    ///
    /// # Errors
    /// 403 when it may not name this tenant; 400 for a header that is repeated or no text.
    pub(super) fn with_header(mut self, headers: &HeaderMap) -> Result<Self, Problem> {
        if let Some(name) = tenant_header(headers)?.filter(|name| !name.is_empty()) {
            self.may_name(name)?;
            self.header = Some(name.into());
        }
        Ok(self)
    }

    /// The same caller, whose query names no tenant but its own, whatever the route reads of it.
    ///
    /// # Errors
    /// 403 when it may not name a tenant that the query names.
    pub(super) fn with_query(self, query: Option<&str>) -> Result<Self, Problem> {
        if let (Binding::Bound(_), Some(query)) = (&self.binding, query) {
            let pairs = form_urlencoded::parse(query.as_bytes());
            for (_, named) in pairs.filter(|(name, value)| name == "tenant_id" && !value.is_empty())
            {
                self.may_name(&named)?;
            }
        }
        Ok(self)
    }

    /// Who it is: the key's id, `jwt:<sub>`, or empty when authentication is off. Kept with
    /// every event that it writes.
    pub fn key_id(&self) -> &str {
        &self.id
    }

    /// Whose data it may touch.
    pub fn binding(&self) -> &Binding {
        &self.binding
    }

    /// # Errors
    /// 403 when the caller lacks the scope.
    pub fn require(&self, scope: Scope) -> Result<(), Problem> {
        if self.scopes.contains(scope) {
            return Ok(());
        }
        let detail = format!("this needs the scope `{}`", scope.name());
        Err(Problem::forbidden("insufficient_scope", detail))
    }

    /// What a read sees; `named` are all values of the query's `tenant_id`, in order. Without
    /// one, the header `X-LLMObserve-Tenant-ID` names the tenant.
    ///
    /// # Errors
    /// 403 without the scope `read`, or when a bound caller names another tenant; 400 for an
    /// empty or repeated `tenant_id`, and `tenant_required` when there must be one.
    pub fn read_access(&self, named: &[String]) -> Result<Access, Problem> {
        self.require(Scope::Read)?;
        for name in named.iter().filter(|name| !name.is_empty()) {
            self.may_name(name)?;
        }
        match (named, &self.binding) {
            ([], Binding::Bound(tenant)) => Ok(Access::Tenant(tenant.clone())),
            ([], Binding::Platform) if self.header.is_some() => {
                let name = self.header.as_deref().unwrap_or_default();
                Tenant::named(name).map(Access::Tenant)
            }
            ([], Binding::Platform) if self.scopes.contains(Scope::Admin) => {
                Ok(Access::All(AllTenants(())))
            }
            ([], Binding::Platform) => {
                let detail = "a platform key names the tenant with `tenant_id`, \
                              or has the scope `admin`";
                Err(Problem::bad_request("tenant_required", detail))
            }
            ([name], _) => Tenant::named(name).map(Access::Tenant),
            _ => Err(Problem::bad_request(
                "invalid_tenant",
                "`tenant_id` is given more than once",
            )),
        }
    }

    /// The tenant an event belongs to: the one it names, else the header
    /// `X-LLMObserve-Tenant-ID`, else the caller's own or [`DEFAULT_TENANT`].
    /// Empty names count as none.
    ///
    /// # Errors
    /// 403 without the scope `ingest`, or when a bound caller names another tenant: the whole
    /// request is refused. 400 for a header that is no tenant id.
    pub fn event_tenant(
        &self,
        event: Option<&str>,
        header: Option<&str>,
    ) -> Result<Tenant, Problem> {
        self.require(Scope::Ingest)?;
        let event = event.filter(|name| !name.is_empty());
        let header = header.filter(|name| !name.is_empty());
        for name in event.iter().chain(&header) {
            self.may_name(name)?;
        }
        match (&self.binding, event.or(header)) {
            (Binding::Bound(tenant), _) => Ok(tenant.clone()),
            (Binding::Platform, Some(name)) => Tenant::named(name),
            (Binding::Platform, None) => Tenant::named(DEFAULT_TENANT),
        }
    }

    /// Whose keys it may manage; `named` is the tenant that it asks for. A person with a JWT
    /// manages the keys of the own tenant; a key needs the scope `admin`.
    ///
    /// # Errors
    /// 403 without that right, or when a bound caller names another tenant; 400 for a name
    /// that is no tenant id.
    pub fn keys_access(&self, named: Option<&str>) -> Result<Access, Problem> {
        if self.credential != Credential::Token {
            self.require(Scope::Admin)?;
        }
        let named = named.or(self.header.as_deref());
        if let Some(name) = named.filter(|name| !name.is_empty()) {
            self.may_name(name)?;
        }
        match (&self.binding, named) {
            (_, Some(name)) => Tenant::named(name).map(Access::Tenant),
            (Binding::Bound(tenant), None) => Ok(Access::Tenant(tenant.clone())),
            (Binding::Platform, None) => Ok(Access::All(AllTenants(()))),
        }
    }

    /// # Errors
    /// 403 when it may not give these scopes to a new key: a key gives no more than it has
    /// itself.
    pub fn may_give(&self, scopes: Scopes) -> Result<(), Problem> {
        if self.credential == Credential::Token || self.scopes.includes(scopes) {
            return Ok(());
        }
        let own: Vec<&str> = self.scopes.names().collect();
        let detail = format!(
            "a key gives no scope that it has not itself: this one has {}",
            own.join(", ")
        );
        Err(Problem::forbidden("insufficient_scope", detail))
    }

    fn may_name(&self, name: &str) -> Result<(), Problem> {
        match &self.binding {
            Binding::Bound(own) if own.as_str() != name => {
                let detail = "this credential belongs to another tenant";
                Err(Problem::forbidden("other_tenant", detail))
            }
            _ => Ok(()),
        }
    }
}

/// The value of `X-LLMObserve-Tenant-ID`.
///
/// # Errors
/// 400 when it is repeated or not UTF-8.
pub fn tenant_header(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(TENANT_HEADER).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let text = std::str::from_utf8(value.as_bytes())
        .ok()
        .filter(|_| values.next().is_none());
    text.map(Some).ok_or_else(|| {
        let detail = "X-LLMObserve-Tenant-ID must be given once, in UTF-8";
        Problem::bad_request("invalid_tenant", detail)
    })
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            // A route that nobody put behind `protect`: refuse rather than let in.
            tracing::error!("a handler asks for the caller of an unprotected route");
            Problem::internal()
        })
    }
}

#[cfg(test)]
mod tests;
