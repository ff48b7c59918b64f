//! Who calls, and whose data they may touch: the seam of isolation.
//!
//! A [`Tenant`] can only come from here, so that a query or a write that skipped
//! authentication does not compile.

mod authenticator;
mod bootstrap;
mod browser;
mod caller;
mod jwt;
mod key;
mod keyring;
mod manage;
mod metrics;
mod scope;
mod secret;
mod tenant;

use axum::http::HeaderName;

pub use authenticator::Authenticator;
pub(crate) use browser::local_only;
pub use caller::{Binding, Caller, tenant_header};
pub use key::{ApiKey, KeyRecord, ParseKeyError};
pub use keyring::Keyring;
pub use manage::{KeyInfo, KeyManager, NewKey};
pub use scope::{Scope, Scopes};
pub use tenant::{Access, AllTenants, Tenant};

/// The tenant of events that name none and come from a caller that may name any.
pub const DEFAULT_TENANT: &str = "default_tenant";
/// Names the tenant of events that do not name one themselves.
pub const TENANT_HEADER: HeaderName = HeaderName::from_static("x-llmobserve-tenant-id");
