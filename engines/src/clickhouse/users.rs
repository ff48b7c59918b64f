//! The engine's users file: its one user, the roles, and which rows each role sees.

use std::fmt::Write;

use super::role::{ReadableTable, Role};

/// Table and database engines that keep their data inside the engine.
const INSIDE_ENGINES: [&str; 22] = [
    "AggregatingMergeTree",
    "Alias",
    "Atomic",
    "Buffer",
    "CoalescingMergeTree",
    "CollapsingMergeTree",
    "GenerateRandom",
    "GraphiteMergeTree",
    "Join",
    "Log",
    "MaterializedView",
    "Memory",
    "Merge",
    "MergeTree",
    "Null",
    "ReplacingMergeTree",
    "Set",
    "StripeLog",
    "SummingMergeTree",
    "TinyLog",
    "VersionedCollapsingMergeTree",
    "View",
];

/// The owner may do everything inside the engine and reach nothing outside it: no file, URL or
/// foreign database by a table function, a table engine or a dictionary.
const OWNER_GRANTS: [&str; 5] = [
    "GRANT ALL ON *.*",
    "REVOKE SOURCES ON *.*",
    "REVOKE CREATE DICTIONARY ON *.*",
    "REVOKE TABLE ENGINE ON *",
    "REVOKE SYSTEM SHUTDOWN ON *.*",
];

/// What one more thread of a question must find free: 1 GiB by default, half of the memory that the
/// engine is given here, so that every question ran in one thread.
const THREAD_MEMORY_BYTES: u64 = 64 << 20;

/// The file's content. Row filters belong to users here, not to roles, and the library
/// connects as one user only: so each filter lets the owner's role pass.
pub(super) fn xml(readable: &[ReadableTable]) -> String {
    let owner = Role::Owner.name();
    let reader = Role::Reader.name();
    let inside = INSIDE_ENGINES.map(|engine| format!("GRANT TABLE ENGINE ON {engine}"));
    let owner_grants = grants(
        OWNER_GRANTS
            .iter()
            .copied()
            .chain(inside.iter().map(String::as_str)),
    );
    let selects: Vec<String> = readable
        .iter()
        .map(|rows| format!("GRANT SELECT ON {}.{}", rows.database, rows.table))
        .collect();
    let reader_grants = grants(selects.iter().map(String::as_str));
    let filters = filters(readable);
    format!(
        "<clickhouse>
    <profiles><default>
        <session_timezone>UTC</session_timezone>
        <max_threads_min_free_memory_per_thread>{THREAD_MEMORY_BYTES}</max_threads_min_free_memory_per_thread>
    </default></profiles>
    <quotas><default/></quotas>
    <roles>
        <{owner}>{owner_grants}</{owner}>
        <{reader}>{reader_grants}</{reader}>
    </roles>
    <users><default>
        <password></password>
        <networks><ip>::/0</ip></networks>
        <profile>default</profile>
        <quota>default</quota>
        <grants><query>GRANT {owner}</query><query>GRANT {reader}</query></grants>
        <databases>{filters}</databases>
    </default></users>
</clickhouse>
"
    )
}

fn grants<'a>(statements: impl Iterator<Item = &'a str>) -> String {
    let queries: String = statements
        .map(|statement| format!("<query>{statement}</query>"))
        .collect();
    if queries.is_empty() {
        return String::new();
    }
    format!("<grants>{queries}</grants>")
}

fn filters(readable: &[ReadableTable]) -> String {
    let owner = Role::Owner.name();
    let mut xml = String::new();
    for ReadableTable {
        database,
        table,
        filter,
    } in readable
    {
        let filter = filter.replace('&', "&amp;").replace('<', "&lt;");
        // Writing to a string cannot fail.
        let _ = write!(
            xml,
            "<{database}><{table}><filter>has(currentRoles(), '{owner}') OR ({filter})</filter>\
             </{table}></{database}>"
        );
    }
    xml
}
