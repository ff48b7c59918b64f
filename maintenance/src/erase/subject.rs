use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// Who is to be erased.
#[derive(Debug, Clone)]
pub struct Subject {
    pub(super) tenant_id: String,
    pub(super) customer_id: Option<String>,
    digest: String,
}

impl Subject {
    /// `customer_id`: one customer of the tenant; `None` = the tenant with everything.
    /// `None` when a name is empty: that means nobody.
    pub fn new(tenant_id: &str, customer_id: Option<&str>) -> Option<Self> {
        if tenant_id.is_empty() || customer_id.is_some_and(str::is_empty) {
            return None;
        }
        Some(Self {
            tenant_id: tenant_id.to_owned(),
            customer_id: customer_id.map(ToOwned::to_owned),
            digest: customer_id
                .map_or_else(String::new, |customer_id| digest(tenant_id, customer_id)),
        })
    }

    /// The hash in `erasures`, which the aggregator compares; `None` = the whole tenant.
    pub(super) fn hash(&self) -> Option<u128> {
        let customer_id = self.customer_id.as_ref()?;
        Some(schemas::partition::id_hash(&self.tenant_id, customer_id))
    }

    /// What statements name the customer by, as `hex(SHA256(tenant, 0, customer))`: not every
    /// ClickHouse has BLAKE3. Empty = the whole tenant.
    pub(super) fn digest(&self) -> &str {
        &self.digest
    }
}

fn digest(tenant_id: &str, customer_id: &str) -> String {
    let bytes = Sha256::digest(format!("{tenant_id}\0{customer_id}"));
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02X}"); // a string takes everything
        text
    })
}
