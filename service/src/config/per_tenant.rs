//! What some tenants have of their own, as `tenant=value,…`.

use std::collections::BTreeMap;
use std::fmt;

use schemas::validate::TEXT_CHARS_MAX;

/// Something that a tenant may have of its own.
pub trait Own: Copy {
    /// How it is written, for whoever wrote it otherwise.
    const SHAPE: &str;
    /// Tenants that may have one.
    const TENANTS_MAX: usize;

    /// Reads it.
    fn parse(text: &str) -> Option<Self>;
}

/// Tenants with something of their own. A name may hold anything but a comma.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PerTenant<V>(BTreeMap<String, V>);

impl<V> Default for PerTenant<V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<V: Own> PerTenant<V> {
    /// Reads `acme=…,beta=…`.
    ///
    /// # Errors
    /// When a part is something else, a tenant is named twice, or there are too many.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut tenants = BTreeMap::new();
        let parts = text.split(',').map(str::trim);
        for part in parts.filter(|part| !part.is_empty()) {
            let (tenant_id, own) =
                tenant(part).ok_or_else(|| format!("`{part}` is not tenant={}", V::SHAPE))?;
            if tenants.insert(tenant_id.to_owned(), own).is_some() {
                return Err(format!("`{tenant_id}` is named twice"));
            }
        }
        if tenants.len() > V::TENANTS_MAX {
            return Err(format!("more than {} tenants", V::TENANTS_MAX));
        }
        Ok(Self(tenants))
    }

    /// One tenant's own.
    pub fn get(&self, tenant_id: &str) -> Option<V> {
        self.0.get(tenant_id).copied()
    }

    /// Tenants by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, V)> {
        self.0
            .iter()
            .map(|(tenant_id, own)| (tenant_id.as_str(), *own))
    }

    /// Whether none has one.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn tenant<V: Own>(part: &str) -> Option<(&str, V)> {
    let (tenant_id, own) = part.rsplit_once('=')?;
    let is_name = (1..=TEXT_CHARS_MAX).contains(&tenant_id.chars().count())
        && !tenant_id.chars().any(char::is_control);
    Some((tenant_id, V::parse(own)?)).filter(|_| is_name)
}

impl<V: fmt::Display> fmt::Display for PerTenant<V> {
    /// As `parse` reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (tenant_id, own)) in self.0.iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            write!(f, "{comma}{tenant_id}={own}")?;
        }
        Ok(())
    }
}
