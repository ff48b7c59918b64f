//! The tables, as forward-only migrations. `service::migrate` runs them; the SQL
//! lies in `schemas/clickhouse/`, with a README for analysts beside it.
//!
//! Placeholders, filled by the runner so that one file serves a laptop and a cluster:
//! `{{database}}`, `{{on_cluster}}`, `{{MergeTree}}`, `{{AggregatingMergeTree}}`,
//! `{{replicated_settings}}`, `{{retention_days}}`, `{{rollup_retention_days}}`; in
//! [`RETENTION`] also whole clauses, which know of tenants with days of their own:
//! `{{events_ttl}}`, `{{rollups_ttl}}`, `{{ledger_ttl}}`.

pub mod access;

/// One step of the schema. Never edited once released: its checksum is recorded.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Ascending from 1.
    pub version: u32,
    /// For the log and the table `schema_migrations`.
    pub name: &'static str,
    /// One or more statements, each ended by `;` at a line's end.
    pub sql: &'static str,
}

macro_rules! migrations {
    ($($version:literal $name:literal $file:literal,)*) => {
        &[$(Migration {
            version: $version,
            name: $name,
            sql: include_str!(concat!("../clickhouse/", $file)),
        },)*]
    };
}

/// Every migration, in order.
pub const MIGRATIONS: &[Migration] = migrations! {
    1 "trace_events" "0001_trace_events.sql",
    2 "usage_15m" "0002_usage_15m.sql",
    3 "usage_1m" "0003_usage_1m.sql",
    4 "runs" "0004_runs.sql",
    5 "ingest_ledger" "0005_ingest_ledger.sql",
    6 "maintenance" "0006_maintenance.sql",
    7 "latency_codec" "0007_latency_codec.sql",
    8 "tenant_latencies" "0008_tenant_latencies.sql",
};

/// Statements that bring a changed retention setting into force.
pub const RETENTION: &[&str] = &[
    "ALTER TABLE {{database}}.trace_events {{on_cluster}} MODIFY TTL {{events_ttl}}",
    "ALTER TABLE {{database}}.usage_15m {{on_cluster}} MODIFY TTL {{rollups_ttl}}",
    "ALTER TABLE {{database}}.runs {{on_cluster}} MODIFY TTL {{rollups_ttl}}",
    "ALTER TABLE {{database}}.ingest_ledger {{on_cluster}} MODIFY TTL {{ledger_ttl}}",
];
