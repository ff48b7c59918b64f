//! The result of authentication, and what follows from it.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::tenant::{Access, AllTenants, Tenant};
use super::{DEFAULT_TENANT, TENANT_HEADER};
use crate::Problem;

/// What a key allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Sending events.
    Ingest,
    /// Reading statistics and events.
    Read,
    /// Managing keys; with a platform key also reading all tenants at once.
    Admin,
}

impl Scope {
    /// The scope's name in settings and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Read => "read",
            Self::Admin => "admin",
        }
    }
}

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u8);

impl Scopes {
    /// Everything.
    pub const ALL: Self = Self(0b111);

    /// Exactly these.
    pub fn of(scopes: &[Scope]) -> Self {
        Self(scopes.iter().fold(0, |set, scope| set | 1 << *scope as u8))
    }

    /// Whether the set holds it.
    pub fn contains(self, scope: Scope) -> bool {
        self.0 & 1 << scope as u8 != 0
    }
}

/// Whose data a caller may touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Binding {
    /// One tenant's only.
    Bound(Tenant),
    /// Any tenant's that it names.
    Platform,
}

/// An authenticated caller. Handlers take it as an extractor behind
/// [`super::Authenticator::protect`].
#[derive(Debug, Clone)]
pub struct Caller {
    key_id: Arc<str>,
    binding: Binding,
    scopes: Scopes,
}

impl Caller {
    pub(super) fn new(key_id: Arc<str>, binding: Binding, scopes: Scopes) -> Self {
        Self {
            key_id,
            binding,
            scopes,
        }
    }

    /// The key's id; empty when authentication is off.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Whose data it may touch.
    pub fn binding(&self) -> &Binding {
        &self.binding
    }

    /// # Errors
    /// 403 when the caller's key lacks the scope.
    pub fn require(&self, scope: Scope) -> Result<(), Problem> {
        if self.scopes.contains(scope) {
            return Ok(());
        }
        let detail = format!("this needs a key with the scope `{}`", scope.name());
        Err(Problem::forbidden("insufficient_scope", detail))
    }

    /// What a read sees; `named` are all values of the query's `tenant_id`, in order.
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

    fn may_name(&self, name: &str) -> Result<(), Problem> {
        match &self.binding {
            Binding::Bound(own) if own.as_str() != name => {
                let detail = "this key belongs to another tenant";
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
pub fn tenant_header(headers: &axum::http::HeaderMap) -> Result<Option<&str>, Problem> {
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
