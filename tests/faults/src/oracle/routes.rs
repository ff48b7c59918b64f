//! The public answers equal the sender's books, too.

use std::time::Duration;

use schemas::money::Usd;
use serde_json::Value;

use super::books::Books;
use super::violation;
use crate::http::Door;

const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn equal_books(
    books: &Books,
    query_api: &Door,
    (from, to): (i64, i64),
) -> anyhow::Result<()> {
    for (tenant, expected) in books.by_tenant() {
        let path = format!(
            "/stats/by-provider?tenant_id={tenant}&from={from}&to={to}&money=string",
            from = rfc3339(from)?,
            to = rfc3339(to)?
        );
        let answer = query_api.get(&path, PATIENCE).await?;
        let rows: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let (mut cost, mut calls, mut unpriced) = (0, 0, 0);
        for row in rows.as_array().into_iter().flatten() {
            let text = row["total_cost"].as_str().unwrap_or("0");
            cost += Usd::parse(text)?.pico();
            calls += row["call_count"].as_u64().unwrap_or(0);
            unpriced += row["unpriced_count"].as_u64().unwrap_or(0);
        }
        if (cost, calls, unpriced) != (expected.pico_usd, expected.events, expected.unpriced) {
            return violation(format!(
                "{path} says {} USD, {calls} calls, {unpriced} unpriced instead of {expected:?} \
                 ({} USD): {}",
                Usd::from_pico(cost),
                expected.usd(),
                answer.text()
            ));
        }
    }
    Ok(())
}

/// The product's own audit finds no difference either.
pub(super) async fn conserved(query_api: &Door) -> anyhow::Result<()> {
    let path = "/audit/conservation?hours=3";
    let answer = query_api.get(path, PATIENCE).await?;
    let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if told["conserved"] != true || told["in_flight"]["total"] != 0 {
        return violation(format!("{path}: {} {}", answer.status, answer.text()));
    }
    Ok(())
}

fn rfc3339(seconds: i64) -> anyhow::Result<String> {
    let at = chrono::DateTime::from_timestamp(seconds, 0);
    let at = at.ok_or_else(|| anyhow::anyhow!("no time: {seconds}"))?;
    Ok(at.format("%Y-%m-%dT%H:%M:%SZ").to_string())
}
