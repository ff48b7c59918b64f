//! Types that stand for a permission.

use std::fmt;
use std::sync::Arc;

use crate::Problem;

/// Longest tenant id, in characters; the same as an event's `tenant_id`.
const LENGTH_MAX: usize = schemas::validate::TEXT_CHARS_MAX;

/// A tenant that the caller may act for. Only authentication makes one.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tenant(Arc<str>);

impl Tenant {
    /// A name that an authorised caller gave, or the one its key is bound to.
    ///
    /// # Errors
    /// 400 when it is empty, too long or holds control characters. An empty one is
    /// reserved: it marks batches in the rollups.
    pub(super) fn named(name: &str) -> Result<Self, Problem> {
        let fits = name.len() <= LENGTH_MAX || name.chars().count() <= LENGTH_MAX;
        if name.is_empty() || !fits || name.chars().any(char::is_control) {
            let detail = "a tenant_id has 1 to 256 characters and no control characters";
            return Err(Problem::bad_request("invalid_tenant", detail));
        }
        Ok(Self(name.into()))
    }

    /// The tenant's id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tenant({:?})", self.as_str())
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The permission to see every tenant at once. Only authentication makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AllTenants(pub(super) ());

/// What a read may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// One tenant's data.
    Tenant(Tenant),
    /// Everyone's.
    All(AllTenants),
}
