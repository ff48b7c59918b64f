//! For every accepted id exactly one row, with the sender's cost, and nothing else.

use std::collections::BTreeSet;

use schemas::money::Usd;

use super::{Oracle, Seen, Violation};
use crate::clickhouse::Sql;
use crate::load::{Events, Load, State};

/// How many ids a message names.
const NAMED_MAX: usize = 10;

pub(super) async fn check(
    oracle: &mut Oracle,
    sql: Sql,
    load: &Load,
    ends: &[u64],
    unsettled: Option<String>,
) -> anyhow::Result<Seen> {
    let mut wrong = new_rows(oracle, sql, load, ends).await?;
    wrong.messages.splice(0..0, unsettled);
    let start = oracle.books.checked_below;
    let (lost, made, unknown) = {
        let ledger = load.ledger();
        let accepted = ledger.in_state(start, State::Accepted);
        let lost: Vec<u64> = accepted.filter(|n| !oracle.books.has(*n)).collect();
        let unknown = ledger.in_state(start, State::Unknown).count();
        (lost, ledger.len(), unknown)
    };
    anyhow::ensure!(
        unknown == 0,
        "the load is not paused: {unknown} events are open"
    );
    let (rows, ids) = counts(sql).await?;
    let doubled = (rows - ids).max(wrong.doubled.len() as u64);
    if !lost.is_empty() {
        let names: Vec<_> = lost
            .iter()
            .take(NAMED_MAX)
            .map(|n| Events::id(*n))
            .collect();
        wrong.messages.push(format!(
            "{} accepted ids are not stored: {names:?}",
            lost.len()
        ));
    }
    if doubled > 0 {
        wrong
            .messages
            .push(format!("{doubled} rows too many:\n{}", twice(sql).await?));
    }
    if rows != oracle.books.count + doubled {
        let expected = oracle.books.count;
        wrong.messages.push(format!(
            "{rows} rows of {ids} ids are stored, {expected} were found"
        ));
    }
    if wrong.messages.is_empty() {
        oracle.books.checked_below = made;
        return Ok(Seen {
            confirmed: oracle.books.count,
            ..Seen::default()
        });
    }
    wrong.messages.push(format!(
        "log ends {ends:?}, at the last check {:?}",
        oracle.checked
    ));
    wrong.messages.push(batches(sql).await?);
    Err(Violation {
        lost: lost.len() as u64,
        doubled,
        message: wrong.messages.join("\n"),
    }
    .into())
}

#[derive(Default)]
struct Wrong {
    messages: Vec<String>,
    doubled: BTreeSet<String>,
}

/// Reads the rows behind the last check, and enters them into the books.
async fn new_rows(
    oracle: &mut Oracle,
    sql: Sql,
    load: &Load,
    ends: &[u64],
) -> anyhow::Result<Wrong> {
    let mut wrong = Wrong::default();
    for (partition, (from, to)) in oracle.checked.iter().zip(ends).enumerate() {
        let question = format!(
            "SELECT id, tenant_id, ifNull(toString(cost_usd), ''), _offset, _batch_end \
             FROM trace_events WHERE _epoch = '{}' AND _partition = {partition} \
             AND _offset >= {from} AND _offset < {to}",
            oracle.epoch
        );
        for row in sql.rows(&question).await? {
            let place = format!("{} at {partition}/{}, batch end {}", row[0], row[3], row[4]);
            let known = Events::number(&row[0])
                .filter(|n| load.ledger().state(*n) == Some(State::Accepted));
            let Some(n) = known else {
                wrong.messages.push(format!("never accepted: {place}"));
                continue;
            };
            let event = oracle.events.event(n);
            let cost = oracle.events.cost(&event)?;
            let stored = if row[2].is_empty() {
                None
            } else {
                Some(Usd::parse(&row[2])?)
            };
            if event.tenant != row[1] || cost.map(|pico| Usd::from_pico(pico.into())) != stored {
                wrong
                    .messages
                    .push(format!("{place}: {row:?} is not {:?}", event.json));
            }
            if !oracle.books.enter(&oracle.events, n, &event)? {
                wrong.doubled.insert(place);
            }
        }
    }
    Ok(wrong)
}

/// Rows and distinct ids of everything: a row that lands below the last check shows here.
async fn counts(sql: Sql) -> anyhow::Result<(u64, u64)> {
    let rows = sql.number("SELECT count() FROM trace_events").await?;
    let ids = sql
        .number("SELECT uniqExact(_id_hash) FROM trace_events")
        .await?;
    Ok((rows, ids))
}

async fn twice(sql: Sql) -> anyhow::Result<String> {
    sql.text(&format!(
        "SELECT tenant_id, id, groupArray((_epoch, _partition, _offset, _batch_end)) \
         FROM trace_events GROUP BY tenant_id, id HAVING count() > 1 LIMIT {NAMED_MAX}"
    ))
    .await
}

/// The batches whose rows are not as many as their ledger lines say.
async fn batches(sql: Sql) -> anyhow::Result<String> {
    let found = sql.text(
        "SELECT _epoch, _partition, _batch_end, sum(raw), sum(ledger) FROM \
         (SELECT _epoch, _partition, _batch_end, 1 AS raw, 0 AS ledger FROM trace_events \
          UNION ALL SELECT epoch, partition, offset_end, 0, stored FROM ingest_ledger) \
         GROUP BY ALL HAVING sum(raw) != sum(ledger) LIMIT 10",
    );
    let found = found.await?;
    if found.is_empty() {
        return Ok("raw rows and ledger agree in every batch".to_owned());
    }
    Ok(format!(
        "batches (epoch, partition, end, raw rows, ledger's):\n{found}"
    ))
}
