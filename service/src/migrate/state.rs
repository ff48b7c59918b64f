//! What the database remembers of migrations: the table `schema_migrations`.

use clickhouse::{Client, Row};
use schemas::clickhouse::Migration;
use serde::Deserialize;

use super::error::Error;
use super::execute;
use super::render::Template;
use crate::config::{RetentionArgs, TenantRetention};

/// The version under which the retention in force is recorded.
const RETENTION_VERSION: u32 = 0;
/// Between the days of everyone and those of single tenants, in its words.
const TENANTS: &str = ", tenants ";

const CREATE: &str = "CREATE TABLE IF NOT EXISTS {{database}}.schema_migrations {{on_cluster}}
(
    version    UInt32 COMMENT '0 = the retention in force',
    name       String,
    checksum   String,
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = {{MergeTree}}
ORDER BY (version, applied_at)";
const SELECT: &str = "SELECT version, argMax(checksum, applied_at) AS latest,
    uniqExact(checksum) AS checksums
FROM {{database}}.schema_migrations GROUP BY version ORDER BY version";
const INSERT: &str = "INSERT INTO {{database}}.schema_migrations (version, name, checksum)
SELECT ?, ?, ?";

#[derive(Debug, Row, Deserialize)]
struct Applied {
    version: u32,
    /// The latest checksum.
    latest: String,
    /// How many different ones.
    checksums: u64,
}

/// What was applied before this run.
#[derive(Debug)]
pub(super) struct State {
    applied: Vec<Applied>,
}

impl State {
    /// Of a database that may not have been migrated before.
    pub(super) async fn begin(client: &Client, template: &Template) -> Result<Self, Error> {
        execute(client, &template.fill(CREATE)).await?;
        Self::read(client, template).await
    }

    pub(super) async fn read(client: &Client, template: &Template) -> Result<Self, Error> {
        let applied = client
            .query_raw(&template.fill(SELECT))
            .fetch_all::<Applied>();
        let applied = tokio::time::timeout(super::error::STATEMENT_TIMEOUT, applied);
        Ok(Self {
            applied: applied.await.map_err(|_| Error::TimedOut)??,
        })
    }

    /// What is still to be done, when what was done is a part of ours.
    pub(super) fn missing(
        &self,
        migrations: &'static [Migration],
    ) -> Result<Vec<&'static Migration>, Error> {
        let known = migrations.last().map_or(0, |migration| migration.version);
        let found = self.applied.last().map_or(0, |applied| applied.version);
        if found > known {
            return Err(Error::Newer { found, known });
        }
        let mut missing = Vec::new();
        for migration in migrations {
            let Migration { version, name, .. } = *migration;
            match self
                .applied
                .iter()
                .find(|applied| applied.version == version)
            {
                None => missing.push(migration),
                Some(applied) if applied.checksums > 1 || applied.latest != checksum(migration) => {
                    return Err(Error::Changed { version, name });
                }
                Some(_) => {}
            }
        }
        Ok(missing)
    }

    pub(super) fn has_retention(&self, retention: &RetentionArgs) -> bool {
        let mut applied = self.applied.iter();
        applied.any(|a| a.version == RETENTION_VERSION && a.latest == in_words(retention))
    }

    /// The retention that was brought into force last.
    pub(super) fn retention(&self) -> Option<RetentionArgs> {
        let mut applied = self.applied.iter();
        let recorded = applied.find(|applied| applied.version == RETENTION_VERSION)?;
        from_words(&recorded.latest)
    }

    pub(super) async fn record(
        &self,
        client: &Client,
        template: &Template,
        migration: &Migration,
    ) -> Result<(), Error> {
        insert(
            client,
            template,
            migration.version,
            migration.name,
            &checksum(migration),
        )
        .await
    }

    pub(super) async fn record_retention(
        &self,
        client: &Client,
        template: &Template,
        retention: &RetentionArgs,
    ) -> Result<(), Error> {
        insert(
            client,
            template,
            RETENTION_VERSION,
            "retention",
            &in_words(retention),
        )
        .await
    }
}

async fn insert(
    client: &Client,
    template: &Template,
    version: u32,
    name: &str,
    checksum: &str,
) -> Result<(), Error> {
    let insert = client
        .query(&template.fill(INSERT))
        .bind(version)
        .bind(name)
        .bind(checksum);
    Ok(insert.execute().await?)
}

/// Of the file as published, before the placeholders are filled: settings may change.
fn checksum(migration: &Migration) -> String {
    blake3::hash(migration.sql.as_bytes()).to_hex().to_string()
}

/// Such as `400 days, rollups 1200 days, tenants acme=30/90`.
fn in_words(retention: &RetentionArgs) -> String {
    let RetentionArgs {
        retention_days,
        rollup_retention_days,
        tenant_retention,
    } = retention;
    let all = format!("{retention_days} days, rollups {rollup_retention_days} days");
    if tenant_retention.is_empty() {
        return all;
    }
    format!("{all}{TENANTS}{tenant_retention}")
}

fn from_words(words: &str) -> Option<RetentionArgs> {
    let (all, tenants) = words.split_once(TENANTS).unwrap_or((words, ""));
    let (events, rollups) = all.strip_suffix(" days")?.split_once(" days, rollups ")?;
    let mut retention = RetentionArgs::new(events.parse().ok()?, rollups.parse().ok()?);
    retention.tenant_retention = TenantRetention::parse(tenants).ok()?;
    Some(retention)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_retention_comes_back_from_its_words() {
        let mut retention = RetentionArgs::new(30, 60);
        assert_eq!(in_words(&retention), "30 days, rollups 60 days");
        assert_eq!(from_words(&in_words(&retention)), Some(retention.clone()));
        retention.tenant_retention = TenantRetention::parse("acme=1/2,a b=3/4").unwrap();
        assert_eq!(from_words(&in_words(&retention)), Some(retention));
    }
}
