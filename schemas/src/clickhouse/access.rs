//! Which rows the query API's own user sees: the wall behind the condition on `tenant_id` in
//! every query, for the day when a query forgets it. One source for a server's row policies
//! (`service::migrate`) and for the embedded engine's users file (`engines`).
//!
//! The filters bind to the setting `log_comment`, which the query API sends with every query
//! and which the server's query log then shows, too. A query without it sees nothing. Whoever
//! writes SQL could set it, so this user's SQL is ours alone.

/// A table that the reader may read; what is not here is denied to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readable {
    /// The table's name.
    pub table: &'static str,
    /// The rows: an expression over its columns.
    pub filter: &'static str,
}

const TENANT_ROWS: &str = include_str!("../../clickhouse/access/tenant_rows.sql");
/// Of tables that are about no tenant.
const OPERATION_ROWS: &str = include_str!("../../clickhouse/access/operation_rows.sql");

/// Every table that the reader may read.
pub const READABLE: [Readable; 6] = [
    tenants("trace_events"),
    tenants("usage_15m"),
    tenants("usage_1m"),
    tenants("runs"),
    tenants("ingest_ledger"),
    Readable {
        table: "maintenance_holds",
        filter: OPERATION_ROWS,
    },
];

const fn tenants(table: &'static str) -> Readable {
    Readable {
        table,
        filter: TENANT_ROWS,
    }
}

/// The reader on a server: statements with placeholders, see [`super`]; `{{reader}}`,
/// `{{password_hash}}` and `{{salt}}` beside those.
pub const READER_SQL: &str = include_str!("../../clickhouse/access/reader.sql");
/// Statements for each of [`READABLE`]; `{{table}}` and `{{filter}}` beside those.
pub const TABLE_SQL: &str = include_str!("../../clickhouse/access/table.sql");

/// `log_comment` of a query about everyone's rows.
pub const ALL_TENANTS: &str = "all-tenants";

/// `log_comment` of a query about one tenant's rows.
pub fn of_tenant(tenant_id: &str) -> String {
    format!("tenant={tenant_id}")
}

/// `log_comment` of a query that audits one tenant's rows: it sees the marks of batches, too.
pub fn audit_of_tenant(tenant_id: &str) -> String {
    format!("audit={tenant_id}")
}
