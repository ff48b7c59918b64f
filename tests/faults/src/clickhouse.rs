//! Questions to ClickHouse, past every proxy.

use std::time::Duration;

use anyhow::Context as _;

use crate::http;

const PATIENCE: Duration = Duration::from_secs(60);

/// ClickHouse's HTTP interface at a port of this machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sql {
    pub(crate) port: u16,
}

impl Sql {
    /// The answer as tab-separated lines.
    pub(crate) async fn text(self, sql: &str) -> anyhow::Result<String> {
        self.text_within(sql, PATIENCE).await
    }

    pub(crate) async fn text_within(self, sql: &str, patience: Duration) -> anyhow::Result<String> {
        let path = "/?database=llmobserve&default_format=TSV";
        let answer = http::post(self.port, path, sql.to_owned().into(), patience).await?;
        anyhow::ensure!(answer.status == 200, "ClickHouse: {}\n{sql}", answer.text());
        Ok(answer.text())
    }

    /// The answer's rows, each a list of columns.
    pub(crate) async fn rows(self, sql: &str) -> anyhow::Result<Vec<Vec<String>>> {
        let text = self.text(sql).await?;
        let cells = |line: &str| line.split('\t').map(str::to_owned).collect();
        Ok(text.lines().map(cells).collect())
    }

    /// The answer's one number.
    pub(crate) async fn number(self, sql: &str) -> anyhow::Result<u64> {
        let text = self.text(sql).await?;
        let number = text.trim().parse();
        number.with_context(|| format!("no number: {text:?}\n{sql}"))
    }
}
