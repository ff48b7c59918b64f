use clap::Args;
use secrecy::SecretString;

use super::ClickHouseArgs;
use super::clickhouse::identifier;
use super::secret::{self, SecretFile};

/// ClickHouse's user for questions. It sees a row only for a query that names the row's
/// tenant: the wall behind the query API's own conditions. `migrate` makes it on a server,
/// which needs the right to manage users; the embedded engine always has it.
#[derive(Args, Clone, Debug, Default)]
pub struct ReaderArgs {
    /// The user's name. Absent: questions are asked as LLMOBSERVE_CLICKHOUSE_USER.
    #[arg(long, env = "LLMOBSERVE_CLICKHOUSE_READER_USER", value_parser = identifier)]
    pub clickhouse_reader_user: Option<String>,

    /// The user's password.
    #[arg(
        long,
        env = "LLMOBSERVE_CLICKHOUSE_READER_PASSWORD",
        hide_env_values = true,
        value_parser = secret::parse,
        conflicts_with = "clickhouse_reader_password_file"
    )]
    pub clickhouse_reader_password: Option<SecretString>,

    /// File that holds the password.
    #[arg(
        long,
        env = "LLMOBSERVE_CLICKHOUSE_READER_PASSWORD_FILE",
        value_parser = SecretFile::read
    )]
    pub clickhouse_reader_password_file: Option<SecretFile>,
}

impl ReaderArgs {
    /// The user's password.
    pub fn password(&self) -> Option<&SecretString> {
        let file = self.clickhouse_reader_password_file.as_ref();
        let given = self.clickhouse_reader_password.as_ref();
        given.or(file.map(SecretFile::secret))
    }

    /// `clickhouse` as this user; as it is where there is none.
    #[must_use]
    pub fn of(&self, clickhouse: &ClickHouseArgs) -> ClickHouseArgs {
        let Some(user) = &self.clickhouse_reader_user else {
            return clickhouse.clone();
        };
        ClickHouseArgs {
            clickhouse_user: Some(user.clone()),
            clickhouse_password: self.password().cloned(),
            clickhouse_password_file: None,
            ..clickhouse.clone()
        }
    }
}
