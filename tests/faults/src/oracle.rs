//! Nothing lost, nothing counted twice: compares what is stored with the sender's books.
//!
//! Asked while nothing is on its way, so every comparison is exact. Each check looks at
//! the rows behind the last one by id, and at everything by count; the thorough one compares
//! every rollup with raw, and every group of statistics with the sender's own sums.

mod books;
mod ids;
mod letters;
mod rollups;
mod routes;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use service::kafka::Observer;

use crate::clickhouse::Sql;
use crate::http::Door;
use crate::load::{Events, Load};
use crate::world::cluster::Cluster;

use books::Books;

const SETTLED_MAX: Duration = Duration::from_secs(75);
const LOOK_PAUSE: Duration = Duration::from_millis(200);

/// What it remembers from check to check.
pub(crate) struct Oracle {
    events: Arc<Events>,
    query_api: Door,
    books: Books,
    /// Log ends at the last check, by partition, and the topic's incarnation.
    checked: Vec<u64>,
    epoch: String,
}

/// What one check saw.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    /// Accepted ids that were confirmed in all checks so far.
    pub(crate) confirmed: u64,
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
}

/// Something is not as promised.
#[derive(Debug)]
pub(crate) struct Violation {
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    pub(crate) message: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.message)
    }
}

impl std::error::Error for Violation {}

/// An error that is the product's fault, not the harness's.
pub(crate) fn violation<T>(message: String) -> anyhow::Result<T> {
    Err(Violation {
        lost: 0,
        doubled: 0,
        message,
    }
    .into())
}

impl Oracle {
    pub(crate) fn new(events: Arc<Events>, query_api: Door) -> Self {
        Self {
            events,
            query_api,
            books: Books::default(),
            checked: Vec::new(),
            epoch: String::new(),
        }
    }

    /// Waits until every acknowledged record is in the ledger, then compares. The load must
    /// be paused.
    pub(crate) async fn check(
        &mut self,
        cluster: &Cluster,
        sql: Sql,
        load: &Load,
    ) -> anyhow::Result<Seen> {
        if let Some(complaint) = load.ledger().complaints.first() {
            return violation(complaint.clone());
        }
        let (ends, unsettled) = self.settle(cluster, sql).await?;
        let seen = ids::check(self, sql, load, &ends, unsettled).await?;
        self.checked = ends;
        rollups::totals(&self.books, sql).await?;
        Ok(seen)
    }

    /// [`Oracle::check`], and every sum.
    pub(crate) async fn check_all(
        &mut self,
        cluster: &Cluster,
        sql: Sql,
        load: &Load,
    ) -> anyhow::Result<Seen> {
        let seen = self.check(cluster, sql, load).await?;
        rollups::equal_raw(sql).await?;
        rollups::equal_books(&self.books, sql).await?;
        routes::equal_books(&self.books, &self.query_api, self.events.range_s()).await?;
        routes::conserved(&self.query_api).await?;
        let poison = load.ledger().poison;
        letters::check(cluster, poison).await?;
        Ok(seen)
    }

    /// Waits until the ledger has received what the log holds. Gives the log's ends, and what
    /// is wrong when that does not come.
    async fn settle(
        &mut self,
        cluster: &Cluster,
        sql: Sql,
    ) -> anyhow::Result<(Vec<u64>, Option<String>)> {
        let deadline = Instant::now() + SETTLED_MAX;
        let ends = cluster.watermarks(schemas::topics::EVENTS).await?;
        let epoch = topic_id(cluster).await?;
        if epoch != self.epoch {
            self.epoch = epoch;
            self.checked = vec![0; ends.len()];
        }
        let due: Vec<u64> = ends.iter().map(|(low, high)| high - low).collect();
        let ends = ends.iter().map(|(_, high)| *high).collect();
        loop {
            let received = ledger(sql, &self.epoch, due.len()).await;
            let twice = received.as_ref().is_ok_and(|received| {
                let mut both = received.iter().zip(&due);
                both.any(|(received, due)| received > due)
            });
            if received.as_ref().is_ok_and(|received| *received == due) {
                return Ok((ends, None));
            }
            if twice || Instant::now() > deadline {
                let wrong = format!(
                    "{} the fault the ledger received {received:?} records by partition, the \
                     log holds {due:?}",
                    if twice {
                        "after".to_owned()
                    } else {
                        format!("{SETTLED_MAX:?} after")
                    }
                );
                return Ok((ends, Some(wrong)));
            }
            tokio::time::sleep(LOOK_PAUSE).await;
        }
    }

    /// Waits until what the log holds now is in the ledger, whatever comes meanwhile.
    pub(crate) async fn written(
        &self,
        cluster: &Cluster,
        sql: Sql,
        patience: Duration,
    ) -> anyhow::Result<()> {
        let deadline = Instant::now() + patience;
        let epoch = topic_id(cluster).await?;
        let ends = cluster.watermarks(schemas::topics::EVENTS).await?;
        let due: Vec<u64> = ends.iter().map(|(low, high)| high - low).collect();
        loop {
            let received = ledger(sql, &epoch, due.len()).await?;
            if received
                .iter()
                .zip(&due)
                .all(|(received, due)| received >= due)
            {
                return Ok(());
            }
            if Instant::now() > deadline {
                return violation(format!(
                    "{patience:?} later the ledger has received {received:?} records by \
                     partition of {due:?}"
                ));
            }
            tokio::time::sleep(LOOK_PAUSE).await;
        }
    }
}

/// Records received by partition.
async fn ledger(sql: Sql, epoch: &str, partitions: usize) -> anyhow::Result<Vec<u64>> {
    let question = format!(
        "SELECT partition, sum(received) FROM ingest_ledger WHERE epoch = '{epoch}' GROUP BY partition"
    );
    let mut received = vec![0; partitions];
    for row in sql.rows(&question).await? {
        let partition: usize = row[0].parse()?;
        *received
            .get_mut(partition)
            .context("a partition that is not there")? = row[1].parse()?;
    }
    Ok(received)
}

async fn topic_id(cluster: &Cluster) -> anyhow::Result<String> {
    let client = cluster.client();
    let observer = Observer::new(&client, schemas::topics::EVENTS)?;
    Ok(observer.topic_id().await?)
}
