//! Questions to ClickHouse. A query exists only for an [`Access`], which authentication alone
//! makes, and for the [`Parts`] of a bounded [`Range`](crate::range::Range).

mod template;
mod turns;

use std::sync::Arc;
use std::time::Duration;

use clickhouse::error::Error;
use clickhouse::query::{Query, RowCursor};
use clickhouse::{Client, RowOwned, RowRead};
use futures::{Stream, stream};
use schemas::clickhouse::access;
use serde::Serialize;
use service::Problem;
use service::auth::Access;

use crate::range::Parts;

pub(crate) use template::Template;
use turns::{Turn, Turns};

/// What ClickHouse may spend on one query, in seconds.
const QUERY_SECONDS_MAX: u64 = 30;
/// Rows that one query may read.
const ROWS_READ_MAX: u64 = 2_000_000_000;
/// When ClickHouse says nothing for that long, it is away.
const SILENCE_MAX: Duration = Duration::from_secs(QUERY_SECONDS_MAX + 5);
/// When to come back while ClickHouse is away.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// The way to the tables. Clones share the connections.
#[derive(Clone)]
pub(crate) struct Store {
    client: Client,
    turns: Arc<Turns>,
}

impl Store {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            turns: Arc::new(Turns::new()),
        }
    }

    /// A query that sees what is `allowed`, with the bounds of `parts` as parameters.
    pub(crate) fn select(&self, allowed: &Access, parts: Parts, template: Template) -> Select {
        let (condition, tenant, comment) = match allowed {
            Access::Tenant(tenant) => {
                let tenant = tenant.as_str();
                let comment = access::of_tenant(tenant);
                ("tenant_id = {tenant:String}", tenant, comment)
            }
            // Rows of the empty tenant are the aggregator's markers.
            Access::All(_) => ("tenant_id != ''", "*", access::ALL_TENANTS.to_owned()),
        };
        let query = self
            .client
            .query_raw(&template.with("tenant", condition).text())
            .with_setting("readonly", "2")
            .with_setting("max_execution_time", QUERY_SECONDS_MAX.to_string())
            .with_setting("max_rows_to_read", ROWS_READ_MAX.to_string())
            // For row policies, which bind to it, and for the query log.
            .with_setting("log_comment", comment)
            .param("tenant", tenant)
            .param("from", parts.from)
            .param("middle_from", parts.middle_from)
            .param("middle_to", parts.middle_to)
            .param("to", parts.to);
        Select {
            query,
            allowed: allowed.clone(),
            turns: Arc::clone(&self.turns),
        }
    }

    /// Whether ClickHouse answers.
    pub(crate) async fn ping(&self) -> Result<(), String> {
        let one = self.client.query("SELECT 1").fetch_one::<u8>().await;
        one.map(|_| ()).map_err(|error| error.to_string())
    }
}

/// A query on its way.
pub(crate) struct Select {
    query: Query,
    allowed: Access,
    turns: Arc<Turns>,
}

impl Select {
    /// Binds `{name:Type}`.
    pub(crate) fn param(mut self, name: &str, value: impl Serialize) -> Self {
        self.query = self.query.param(name, value);
        self
    }

    /// All rows; the caller's limit bounds them.
    ///
    /// # Errors
    /// 429 when too many wait, 503 when ClickHouse is away or overloaded, 422 when the question
    /// is too large for it.
    pub(crate) async fn all<T: RowOwned + RowRead>(self) -> Result<Vec<T>, Problem> {
        let _turn = self.turns.take(&self.allowed).await?;
        let rows = tokio::time::timeout(SILENCE_MAX, self.query.fetch_all()).await;
        rows.unwrap_or(Err(Error::TimedOut))
            .map_err(|error| problem(&error))
    }

    /// The row of a query that always has one.
    ///
    /// # Errors
    /// As [`Self::all`].
    pub(crate) async fn one<T: RowOwned + RowRead>(self) -> Result<T, Problem> {
        self.all()
            .await?
            .pop()
            .ok_or_else(|| problem(&Error::RowNotFound))
    }

    /// The rows as they arrive.
    ///
    /// # Errors
    /// As [`Self::all`]; an item that is an error is the last one.
    pub(crate) async fn stream<T: RowOwned + RowRead + 'static>(
        self,
    ) -> Result<impl Stream<Item = Result<T, Problem>> + Send, Problem> {
        let turn = self.turns.take(&self.allowed).await?;
        let cursor = self.query.fetch::<T>().map_err(|error| problem(&error))?;
        Ok(stream::try_unfold((cursor, turn), next_row))
    }
}

async fn next_row<T: RowOwned + RowRead>(
    (mut cursor, turn): (RowCursor<T>, Turn),
) -> Result<Option<(T, (RowCursor<T>, Turn))>, Problem> {
    let row = tokio::time::timeout(SILENCE_MAX, cursor.next()).await;
    let row = row
        .unwrap_or(Err(Error::TimedOut))
        .map_err(|error| problem(&error))?;
    Ok(row.map(|row| (row, (cursor, turn))))
}

/// What the caller hears; the log hears all of it.
pub(crate) fn problem(error: &Error) -> Problem {
    const UNKNOWN_TABLE: u32 = 60;
    const UNKNOWN_DATABASE: u32 = 81;
    const TOO_MANY_ROWS: u32 = 158;
    match service::clickhouse::code(error) {
        Some(TOO_MANY_ROWS) => Problem::new(
            axum::http::StatusCode::UNPROCESSABLE_ENTITY,
            "query_too_large",
            "too many rows to read: take a shorter range or more filters",
        ),
        // Before the first migration has run there is nothing to ask.
        Some(UNKNOWN_TABLE | UNKNOWN_DATABASE) => away(error),
        _ if service::clickhouse::is_retryable(error) => away(error),
        _ => {
            tracing::error!(%error, "a query failed");
            Problem::internal()
        }
    }
}

fn away(error: &Error) -> Problem {
    tracing::warn!(%error, "ClickHouse did not answer");
    let detail = "the store of statistics does not answer; nothing is lost, try again";
    Problem::unavailable("clickhouse_unavailable", detail, RETRY_AFTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_become_the_right_status() {
        let status = |text: &str| problem(&Error::BadResponse(text.to_owned())).status();
        assert_eq!(
            status("Code: 158. DB::Exception: Limit for rows exceeded"),
            422
        );
        assert_eq!(status("Code: 60. DB::Exception: Unknown table"), 503);
        assert_eq!(
            status("Code: 241. DB::Exception: Memory limit exceeded"),
            503
        );
        assert_eq!(status("Code: 62. DB::Exception: Syntax error"), 500);
        assert_eq!(problem(&Error::TimedOut).status(), 503);
    }
}
