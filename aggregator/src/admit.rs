//! Whether a record's event is stored: the first of its id is, unless it was erased.

use std::collections::HashMap;
use std::io;

use schemas::Row;
use schemas::partition::id_hash;

use crate::dedup::Window;
use crate::store::Erasure;

/// What becomes of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Stored,
    /// Its tenant sent the id before.
    Duplicate,
    /// It was stored once, and an operator had it erased.
    Erased,
}

/// What earlier records and operators have decided already.
pub(crate) struct Admission {
    window: Window,
    erased: Erased,
}

impl Admission {
    pub(crate) fn new(window: Window, erased: Erased) -> Self {
        Self { window, erased }
    }

    /// Erased events leave no id behind: nobody could restore it from the table.
    pub(crate) fn admit(&mut self, row: &Row) -> io::Result<Verdict> {
        if self.erased.covers(row) {
            return Ok(Verdict::Erased);
        }
        let is_first = self.window.admit(row.id_hash, row.position.log_time_ms)?;
        Ok(if is_first {
            Verdict::Stored
        } else {
            Verdict::Duplicate
        })
    }

    /// How many ids are remembered.
    pub(crate) fn ids(&self) -> usize {
        self.window.len()
    }
}

/// What must not come back when the log is read again.
#[derive(Debug, Default)]
pub(crate) struct Erased(HashMap<String, Vec<Erasure>>);

impl Erased {
    pub(crate) fn new(erasures: Vec<Erasure>) -> Self {
        let mut by_tenant: HashMap<String, Vec<Erasure>> = HashMap::new();
        for erasure in erasures {
            let of_tenant = by_tenant.entry(erasure.tenant_id.clone()).or_default();
            of_tenant.push(erasure);
        }
        Self(by_tenant)
    }

    fn covers(&self, row: &Row) -> bool {
        let Some(of_tenant) = self.0.get(&row.event.tenant_id) else {
            return false;
        };
        let of_customer = |hash| hash == id_hash(&row.event.tenant_id, &row.event.customer_id);
        of_tenant.iter().any(|erasure| {
            row.position.offset < erasure.offset_end
                && erasure.customer_hash.is_none_or(of_customer)
        })
    }
}
