//! The query API's user on a ClickHouse server, and the rows that it sees. The embedded engine
//! has the same in its users file.

use anyhow::Context;
use schemas::clickhouse::access::{READABLE, READER_SQL, TABLE_SQL};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use super::render::{Template, statements};
use super::{Error, execute};
use crate::config::{ClickHouseArgs, ReaderArgs, RetentionArgs};

const SALT_BYTES: usize = 16;

/// Makes the user, or brings it up to date. Safe to repeat; nothing to do where none is set.
///
/// # Errors
/// When its password is missing, or ClickHouse refuses: `args`' user must be allowed to manage
/// users, profiles and row policies.
pub async fn grant_reader(args: &ClickHouseArgs, reader: &ReaderArgs) -> anyhow::Result<()> {
    let Some(sql) = reader_statements(args, reader)? else {
        return Ok(());
    };
    let client = args.server_client();
    for statement in sql {
        // The statement itself is not told: it holds the password's hash.
        execute(&client, &statement)
            .await
            .map_err(|error| match error {
                Error::ClickHouse(_) | Error::TimedOut => anyhow::Error::new(error).context(
                    "ClickHouse does not let us make its user LLMOBSERVE_CLICKHOUSE_READER_USER: \
                 grant LLMOBSERVE_CLICKHOUSE_USER the access management, or make the user by \
                 hand (schemas/clickhouse/README.md)",
                ),
                other => other.into(),
            })?;
    }
    tracing::info!(
        user = reader.clickhouse_reader_user,
        "ClickHouse's user for questions is up to date"
    );
    Ok(())
}

fn reader_statements(
    args: &ClickHouseArgs,
    reader: &ReaderArgs,
) -> anyhow::Result<Option<Vec<String>>> {
    let Some(user) = &reader.clickhouse_reader_user else {
        return Ok(None);
    };
    let password = reader.password().context(
        "LLMOBSERVE_CLICKHOUSE_READER_USER needs LLMOBSERVE_CLICKHOUSE_READER_PASSWORD(_FILE)",
    )?;
    let mut salt = [0; SALT_BYTES];
    getrandom::fill(&mut salt)
        .map_err(|error| anyhow::anyhow!("the system gives no random numbers: {error}"))?;
    let salt = hex(&salt);
    let hash = hex(&Sha256::digest(format!(
        "{}{salt}",
        password.expose_secret()
    )));
    let template = Template::new(args, &RetentionArgs::new(1, 1));
    let fill = |text: &str| {
        let text = text.replace("{{reader}}", user);
        template.fill(
            &text
                .replace("{{password_hash}}", &hash)
                .replace("{{salt}}", &salt),
        )
    };
    let mut filled: Vec<String> = statements(READER_SQL).map(&fill).collect();
    for readable in READABLE {
        let of_table = |statement: &str| {
            let statement = statement.replace("{{table}}", readable.table);
            fill(&statement.replace("{{filter}}", readable.filter.trim()))
        };
        filled.extend(statements(TABLE_SQL).map(of_table));
    }
    Ok(Some(filled))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn reader() -> ReaderArgs {
        ReaderArgs {
            clickhouse_reader_user: Some("llmobserve_reader".into()),
            clickhouse_reader_password: Some("hunter2".into()),
            ..ReaderArgs::default()
        }
    }

    /// The embedded engine takes its users from a file, so that here its parser alone speaks.
    #[tokio::test]
    async fn a_server_would_understand_every_statement() {
        let engine = engines::testing::clickhouse::clickhouse().await;
        let mut args = ClickHouseArgs::at(&engine.url);
        let client = args.server_client();
        for cluster in [None, Some("all".to_owned())] {
            args.clickhouse_cluster = cluster;
            let statements = reader_statements(&args, &reader()).unwrap().unwrap();
            assert_eq!(statements.len(), 3 + 3 * READABLE.len());
            for statement in statements {
                assert!(
                    !statement.contains("{{") && !statement.contains("hunter2"),
                    "{statement}"
                );
                let asked = client.query("SELECT formatQuery(?)").bind(&statement);
                let formatted: String = asked.fetch_one().await.unwrap();
                assert!(!formatted.is_empty());
            }
        }
    }

    #[test]
    fn no_user_no_statements_and_no_password_no_user() {
        let args = ClickHouseArgs::at("http://localhost");
        assert!(
            reader_statements(&args, &ReaderArgs::default())
                .unwrap()
                .is_none()
        );
        let open = ReaderArgs {
            clickhouse_reader_password: None,
            ..reader()
        };
        assert!(reader_statements(&args, &open).is_err());
    }
}
