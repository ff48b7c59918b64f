//! From the published SQL files to statements for this installation.

use super::ttl::{Rows, clauses};
use crate::config::{ClickHouseArgs, RetentionArgs};

/// What an insert's token is remembered for on replicated tables: it must outlast Kafka's
/// retention, because any record that Kafka still holds may be written again. 30 days.
const REPLICATED_SETTINGS: &str = "replicated_deduplication_window = 100000, \
                                   replicated_deduplication_window_seconds = 2592000,";

/// The placeholders' values.
#[derive(Debug)]
pub(super) struct Template {
    values: Vec<(&'static str, String)>,
}

impl Template {
    pub(super) fn new(args: &ClickHouseArgs, retention: &RetentionArgs) -> Self {
        let cluster = args.clickhouse_cluster.as_deref();
        let engine = |name: &str| match cluster {
            Some(_) => format!("Replicated{name}"),
            None => name.to_owned(),
        };
        let values = vec![
            ("{{database}}", args.clickhouse_database.clone()),
            (
                "{{on_cluster}}",
                cluster
                    .map(|c| format!("ON CLUSTER '{c}'"))
                    .unwrap_or_default(),
            ),
            ("{{MergeTree}}", engine("MergeTree")),
            ("{{AggregatingMergeTree}}", engine("AggregatingMergeTree")),
            ("{{ReplacingMergeTree}}", engine("ReplacingMergeTree")),
            (
                "{{replicated_settings}}",
                cluster.map_or("", |_| REPLICATED_SETTINGS).to_owned(),
            ),
            ("{{retention_days}}", retention.retention_days.to_string()),
            (
                "{{rollup_retention_days}}",
                retention.rollup_retention_days.to_string(),
            ),
            ("{{events_ttl}}", events_ttl(retention)),
            (
                "{{rollups_ttl}}",
                rollups_ttl("bucket", retention, Rows::Named),
            ),
            ("{{ledger_ttl}}", rollups_ttl("hour", retention, Rows::All)),
        ];
        Self { values }
    }

    /// The text with every placeholder replaced.
    pub(super) fn fill(&self, text: &str) -> String {
        self.values
            .iter()
            .fold(text.to_owned(), |text, (name, value)| {
                text.replace(name, value)
            })
    }
}

fn events_ttl(retention: &RetentionArgs) -> String {
    let tenants = retention.tenant_retention.iter();
    let tenants = tenants.map(|(tenant_id, days)| (tenant_id, days.events));
    clauses(
        "toDateTime(timestamp)",
        retention.retention_days,
        tenants,
        Rows::All,
    )
}

fn rollups_ttl(at: &str, retention: &RetentionArgs, rows: Rows) -> String {
    let tenants = retention.tenant_retention.iter();
    let tenants = tenants.map(|(tenant_id, days)| (tenant_id, days.rollups));
    clauses(at, retention.rollup_retention_days, tenants, rows)
}

/// The statements of a file: each ends with `;` at a line's end. What holds only comments
/// is none.
pub(super) fn statements(sql: &str) -> impl Iterator<Item = &str> {
    sql.split_inclusive(";\n")
        .map(|statement| statement.trim().trim_end_matches(';'))
        .filter(|statement| {
            statement
                .lines()
                .any(|line| !line.trim().is_empty() && !line.trim().starts_with("--"))
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use schemas::clickhouse::{MIGRATIONS, RETENTION};

    use super::*;

    #[test]
    fn statements_end_at_a_semicolon_and_a_line() {
        let sql = "-- first; not its end\nCREATE 1;\n\n-- only words\n;\nCREATE\n2;";
        let found: Vec<&str> = statements(sql).collect();
        assert_eq!(found, ["-- first; not its end\nCREATE 1", "CREATE\n2"]);
    }

    #[test]
    fn no_placeholder_is_left_with_or_without_a_cluster() {
        let mut args = ClickHouseArgs::at("http://x");
        for cluster in [None, Some("main".to_owned())] {
            args.clickhouse_cluster = cluster;
            let template = Template::new(&args, &RetentionArgs::new(7, 9));
            let files = MIGRATIONS.iter().map(|migration| migration.sql);
            for sql in files.chain(RETENTION.iter().copied()) {
                let filled = template.fill(sql);
                assert!(!filled.contains("{{"), "{filled}");
                assert_eq!(
                    filled.contains("ON CLUSTER 'main'"),
                    args.clickhouse_cluster.is_some()
                );
            }
        }
    }
}
