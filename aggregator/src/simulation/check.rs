//! What must hold in the end.

use std::collections::BTreeMap;

use super::log;
use super::world::World;
use crate::block::Table;

/// Events and their cost, by tenant and bucket.
type Totals = BTreeMap<(String, i128), (i128, i128)>;

pub(super) fn tables(world: &World) -> Result<(), String> {
    let rows = log::expected(&world.log);
    let mut offsets: Vec<i128> = column(world, Table::TraceEvents, "_offset");
    offsets.sort_unstable();
    let wanted: Vec<i128> = rows
        .iter()
        .map(|row| i128::from(row.position.offset))
        .collect();
    same("raw rows by offset", &offsets, &wanted)?;

    for (table, width) in [
        (Table::Usage15m, 900),
        (Table::Usage1m, 60),
        (Table::Runs, 3600),
    ] {
        let mut wanted = Totals::new();
        for row in &rows {
            let second = i128::from(row.event.timestamp_us / 1_000_000);
            let key = (row.event.tenant_id.clone(), second - second % width);
            let total = wanted.entry(key).or_default();
            total.0 += 1;
            total.1 += i128::from(row.event.cost_pico_usd.unwrap_or_default());
        }
        let mut held = Totals::new();
        for row in world.tables.rows(table) {
            let tenant = row.text("tenant_id");
            if !tenant.is_empty() {
                let total = held.entry((tenant, row.int("bucket"))).or_default();
                total.0 += row.int("event_count");
                total.1 += row.int("cost_usd");
            }
        }
        same(table.name(), &held, &wanted)?;
    }

    let sum = |name| -> i128 { column(world, Table::IngestLedger, name).iter().sum() };
    same("received", &sum("received"), &(world.log.len() as i128))?;
    same("stored", &sum("stored"), &(rows.len() as i128))
}

fn column(world: &World, table: Table, name: &str) -> Vec<i128> {
    let rows = world.tables.rows(table).iter();
    rows.map(|row| row.int(name)).collect()
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, held: &T, wanted: &T) -> Result<(), String> {
    if held == wanted {
        return Ok(());
    }
    Err(format!("{what}: {held:?} instead of {wanted:?}"))
}
