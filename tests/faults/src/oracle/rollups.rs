//! Every rollup equals raw, and the sender's books, to the last digit.

use std::collections::HashMap;

use schemas::money::Usd;

use super::books::{Books, Sum};
use super::violation;
use crate::clickhouse::Sql;

/// Groups that a message names.
const NAMED_MAX: usize = 5;

/// Per tenant, rollups that never forget hold what the books say: cheap enough for every check.
pub(super) async fn totals(books: &Books, sql: Sql) -> anyhow::Result<()> {
    let expected = books.by_tenant();
    for table in ["usage_15m", "runs"] {
        let question = format!(
            "SELECT tenant_id, sum(cost_usd), sum(unpriced_count), sum(event_count) \
             FROM {table} WHERE tenant_id != '' GROUP BY tenant_id ORDER BY tenant_id"
        );
        let mut found = Vec::new();
        for row in sql.rows(&question).await? {
            found.push((row[0].clone(), sum(&row[1..])?));
        }
        let expected: Vec<_> = expected.iter().map(|(t, s)| (t.clone(), *s)).collect();
        if found != expected {
            let differ = found.iter().find(|entry| !expected.contains(entry));
            return violation(format!(
                "{table} differs from what was sent: it holds {differ:?}, expected {:?}",
                differ.and_then(|(tenant, _)| expected.iter().find(|(t, _)| t == tenant))
            ));
        }
    }
    Ok(())
}

fn sum(columns: &[String]) -> anyhow::Result<Sum> {
    Ok(Sum {
        pico_usd: Usd::parse(&columns[0])?.pico(),
        unpriced: columns[1].parse()?,
        events: columns[2].parse()?,
    })
}

/// Every rollup equals `GROUP BY` over raw; the aggregator's own tests ask the same.
pub(super) async fn equal_raw(sql: Sql) -> anyhow::Result<()> {
    let usage = include_str!("../../../../aggregator/tests/exactly_once/world/usage.sql");
    let latencies =
        include_str!("../../../../aggregator/tests/exactly_once/world/tenant_latencies.sql");
    let runs = include_str!("../../../../aggregator/tests/exactly_once/world/runs.sql");
    let ledger = include_str!("../../../../aggregator/tests/exactly_once/world/ledger.sql");
    let usage = |table: &str, seconds: &str, since: &str| {
        usage
            .replace("{table}", table)
            .replace("{seconds}", seconds)
            .replace("{since}", since)
    };
    // Minutes are forgotten after some days.
    let minutes = "toStartOfDay(now('UTC') - INTERVAL 14 DAY)";
    for (table, question) in [
        ("usage_15m", usage("usage_15m", "900", "toDateTime(0)")),
        ("usage_1m", usage("usage_1m", "60", minutes)),
        ("usage_15m (tenants' latencies)", latencies.to_owned()),
        ("runs", runs.to_owned()),
        ("ingest_ledger", ledger.to_owned()),
    ] {
        let differences = sql.text(&question).await?;
        if !differences.is_empty() {
            return violation(format!("{table} differs from raw:\n{differences}"));
        }
    }
    Ok(())
}

/// Per tenant, customer, provider, model and hour: what the sender added up.
pub(super) async fn equal_books(books: &Books, sql: Sql) -> anyhow::Result<()> {
    let rows = sql.rows(
        "SELECT tenant_id, customer_id, provider, model, toUnixTimestamp(toStartOfHour(bucket)), \
         sum(cost_usd), sum(unpriced_count), sum(event_count) \
         FROM usage_15m WHERE tenant_id != '' AND status != '' GROUP BY ALL",
    );
    let mut found = HashMap::new();
    for row in rows.await? {
        let [tenant, customer, provider, model] = [0, 1, 2, 3].map(|column| row[column].clone());
        let key = (tenant, customer, provider, model, row[4].parse::<i64>()?);
        found.insert(key, sum(&row[5..])?);
    }
    let differ = |(key, sum): &(_, _)| found.get(key) != Some(sum);
    let expected = books.groups.iter().map(|(key, sum)| (key.clone(), *sum));
    let wrong: Vec<_> = expected.filter(differ).take(NAMED_MAX).collect();
    if !wrong.is_empty() || found.len() != books.groups.len() {
        let stored: Vec<_> = wrong.iter().map(|(key, _)| found.get(key)).collect();
        return violation(format!(
            "usage_15m differs from the sender's sums in {} of {} groups, such as {wrong:?}; \
             it holds {stored:?}",
            wrong.len(),
            found.len()
        ));
    }
    Ok(())
}
