//! What a verified token says of its holder.

use serde_json::{Map, Value};

use super::super::caller::Caller;
use super::super::scope::{Scope, Scopes};
use super::super::tenant::Tenant;
use crate::config::{JwtArgs, RoleScopes};

/// A token's payload.
pub(super) type Claims = Map<String, Value>;

/// Longest `sub`, in bytes: OpenID Connect's limit, and the bound of what we keep with events.
const SUBJECT_BYTES_MAX: usize = 255;

/// Which claims mean what.
#[derive(Debug)]
pub(super) struct Reading {
    tenant_claim: String,
    role_claim: Option<String>,
    roles: Vec<RoleScopes>,
    /// Empty = any.
    authorized_parties: Vec<String>,
}

impl Reading {
    pub(super) fn new(args: &JwtArgs) -> Self {
        let parties = args.jwt_authorized_parties.iter();
        Self {
            tenant_claim: args.jwt_tenant_claim.clone(),
            role_claim: args.jwt_role_claim.clone(),
            roles: args.jwt_roles.clone(),
            authorized_parties: parties.filter(|party| !party.is_empty()).cloned().collect(),
        }
    }

    /// # Errors
    /// Why the token names nobody whom we would serve.
    pub(super) fn caller(&self, claims: &Claims) -> Result<Caller, &'static str> {
        self.check_party(claims)?;
        let subject = claims.get("sub").and_then(Value::as_str);
        let subject = subject
            .filter(|sub| (1..=SUBJECT_BYTES_MAX).contains(&sub.len()))
            .filter(|sub| !sub.chars().any(char::is_control))
            .ok_or("the token has no subject (`sub`) of at most 255 characters")?;
        let tenant = at(claims, &self.tenant_claim).and_then(Value::as_str);
        let tenant = tenant
            .and_then(|name| Tenant::named(name).ok())
            .ok_or("the token lacks the claim that names the tenant")?;
        Ok(Caller::token(subject, tenant, self.scopes(claims)))
    }

    fn check_party(&self, claims: &Claims) -> Result<(), &'static str> {
        let party = claims.get("azp").and_then(Value::as_str);
        let is_known = |party: &str| self.authorized_parties.iter().any(|known| known == party);
        if self.authorized_parties.is_empty() || party.is_some_and(is_known) {
            return Ok(());
        }
        Err("the token was made for another party (`azp`)")
    }

    /// Reading, and what the roles add.
    fn scopes(&self, claims: &Claims) -> Scopes {
        let held = self.role_claim.as_deref().and_then(|path| at(claims, path));
        let holds = |role: &str| match held {
            Some(Value::String(one)) => one == role,
            Some(Value::Array(several)) => several.iter().any(|one| one.as_str() == Some(role)),
            _ => false,
        };
        let granted = self.roles.iter().filter(|mapped| holds(&mapped.role));
        granted.fold(Scopes::of(&[Scope::Read]), |scopes, mapped| {
            scopes.and(mapped.scopes)
        })
    }
}

/// The claim of this name; else the one that its dots lead to. Names may hold dots
/// themselves (`https://acme.example/tenant`).
fn at<'a>(claims: &'a Claims, path: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(path) {
        return Some(value);
    }
    let (first, rest) = path.split_once('.')?;
    at(claims.get(first)?.as_object()?, rest)
}
