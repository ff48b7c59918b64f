use clap::Args;
use clickhouse::Client;
use secrecy::{ExposeSecret, SecretString};

use super::secret::{self, SecretFile};

/// The connection to ClickHouse.
#[derive(Args, Clone, Debug)]
pub struct ClickHouseArgs {
    /// ClickHouse's HTTP interface, `http://` or `https://`.
    #[arg(
        long,
        env = "LLMOBSERVE_CLICKHOUSE_URL",
        default_value = "http://127.0.0.1:8123"
    )]
    pub clickhouse_url: String,

    /// User name; ClickHouse's `default` when absent.
    #[arg(long, env = "LLMOBSERVE_CLICKHOUSE_USER")]
    pub clickhouse_user: Option<String>,

    /// The user's password.
    #[arg(
        long,
        env = "LLMOBSERVE_CLICKHOUSE_PASSWORD",
        hide_env_values = true,
        value_parser = secret::parse,
        conflicts_with = "clickhouse_password_file"
    )]
    pub clickhouse_password: Option<SecretString>,

    /// File that holds the password.
    #[arg(long, env = "LLMOBSERVE_CLICKHOUSE_PASSWORD_FILE", value_parser = SecretFile::read)]
    pub clickhouse_password_file: Option<SecretFile>,

    /// Database of all our tables.
    #[arg(
        long,
        env = "LLMOBSERVE_CLICKHOUSE_DATABASE",
        default_value = "llmobserve",
        value_parser = identifier
    )]
    pub clickhouse_database: String,

    /// Name of the cluster when there is one: tables are then replicated and made on all of it.
    #[arg(long, env = "LLMOBSERVE_CLICKHOUSE_CLUSTER", value_parser = identifier)]
    pub clickhouse_cluster: Option<String>,
}

impl ClickHouseArgs {
    /// The defaults, at the given address.
    pub fn at(url: impl Into<String>) -> Self {
        Self {
            clickhouse_url: url.into(),
            clickhouse_user: None,
            clickhouse_password: None,
            clickhouse_password_file: None,
            clickhouse_database: "llmobserve".to_owned(),
            clickhouse_cluster: None,
        }
    }

    /// A client whose unqualified tables are those of our database.
    pub fn client(&self) -> Client {
        self.server_client()
            .with_database(&self.clickhouse_database)
    }

    /// The same for those who decide by what they read: on replicated tables an insert is
    /// acknowledged by a majority, and a read sees all that was acknowledged (it would not
    /// while quorum inserts run in parallel).
    pub fn exact_client(&self) -> Client {
        let client = self.client();
        if self.clickhouse_cluster.is_none() {
            return client;
        }
        client
            .with_setting("insert_quorum", "auto")
            .with_setting("insert_quorum_parallel", "0")
            .with_setting("select_sequential_consistency", "1")
    }

    /// A client that names no database: for statements before ours exists.
    pub fn server_client(&self) -> Client {
        let mut client = Client::default()
            .with_url(&self.clickhouse_url)
            .with_product_info("llmobserve", env!("CARGO_PKG_VERSION"));
        if let Some(user) = &self.clickhouse_user {
            client = client.with_user(user);
        }
        let file = self
            .clickhouse_password_file
            .as_ref()
            .map(SecretFile::secret);
        if let Some(password) = self.clickhouse_password.as_ref().or(file) {
            client = client.with_password(password.expose_secret());
        }
        client
    }
}

/// Names that go into statements as they are, so that they need no quoting.
pub(super) fn identifier(name: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if starts_well && name.len() <= 64 && name.chars().all(plain) {
        return Ok(name.to_owned());
    }
    Err("must be 1 to 64 letters, digits and underscores, not beginning with a digit".to_owned())
}
