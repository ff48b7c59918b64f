//! Puts the sides of an hour next to each other.

use schemas::money::MoneyFormat;

use super::kept::Kept;
use super::report::{Check, Comparison, Difference, Hour, LedgerSums, State, Sums};
use super::tables::{ByHour, LedgerRow, Table, Total};
use crate::span::instant;

/// A rollup and the raw rows below its bounds.
pub(super) struct Side {
    pub(super) table: Table,
    pub(super) check: Check,
    pub(super) raw: ByHour<Total>,
    pub(super) rollup: ByHour<Total>,
}

/// Everything that was read.
pub(super) struct Reading {
    pub(super) kept: Kept,
    pub(super) ledger: ByHour<LedgerRow>,
    pub(super) raw: ByHour<Total>,
    pub(super) usage_15m: Side,
    pub(super) usage_1m: Side,
    pub(super) runs: Side,
}

impl Reading {
    /// One hour of it; amounts are written in the given form.
    pub(super) fn hour(&self, hour: u32, money: MoneyFormat) -> Hour {
        let line = self.ledger.get(&hour).copied().unwrap_or_default();
        let raw = self.raw.get(&hour).copied().unwrap_or_default();
        let mut differences = Vec::new();
        let ledger_kept = self.kept.whole(hour, &[Table::IngestLedger]);
        let log_kept = ledger_kept && self.kept.whole(hour, &[Table::TraceEvents]);
        if ledger_kept {
            differences.extend(received(&line));
        }
        if log_kept {
            differences.extend(stored(&line, &raw));
        }
        let mut compared = |side: &Side| {
            let (comparison, difference) = side.hour(hour, &self.kept, money)?;
            differences.extend(difference);
            Some(comparison)
        };
        let (usage_15m, usage_1m, runs) = (
            compared(&self.usage_15m),
            compared(&self.usage_1m),
            compared(&self.runs),
        );
        let nothing = !ledger_kept && usage_15m.or(usage_1m).or(runs).is_none();
        let state = match (nothing, differences.is_empty()) {
            (true, _) => State::Expired,
            (false, true) => State::Conserved,
            (false, false) => State::Differs,
        };
        Hour {
            hour: instant(hour),
            state,
            ledger: LedgerSums {
                received: line.received,
                stored: line.stored,
                duplicates: line.duplicates,
                dead_lettered: line.dead_lettered,
                erased: line.erased,
            },
            raw_events: raw.events,
            usage_15m,
            usage_1m,
            runs,
            differences,
        }
    }
}

fn received(line: &LedgerRow) -> Option<Difference> {
    let told = line.stored + line.duplicates + line.dead_lettered;
    (line.received != told).then(|| Difference {
        check: Check::Received,
        events: line.received.abs_diff(told),
        message: format!(
            "ingest_ledger received {} records, and says of {told} what became of them",
            line.received
        ),
    })
}

fn stored(line: &LedgerRow, raw: &Total) -> Option<Difference> {
    let expected = line.stored.saturating_sub(line.erased);
    let equal = raw.events == expected && raw.by_tenant == line.by_tenant;
    (!equal).then(|| Difference {
        check: Check::Raw,
        events: raw.events.abs_diff(expected).max(1),
        message: format!(
            "trace_events holds {} rows, ingest_ledger says {expected}{}",
            raw.events,
            of_others(raw.events == expected)
        ),
    })
}

impl Side {
    fn hour(
        &self,
        hour: u32,
        kept: &Kept,
        money: MoneyFormat,
    ) -> Option<(Comparison, Option<Difference>)> {
        if !kept.whole(hour, &[Table::TraceEvents, self.table]) {
            return None;
        }
        let raw = self.raw.get(&hour).copied().unwrap_or_default();
        let rollup = self.rollup.get(&hour).copied().unwrap_or_default();
        let comparison = Comparison {
            raw: sums(&raw, money),
            rollup: sums(&rollup, money),
        };
        let difference = (raw != rollup).then(|| Difference {
            check: self.check,
            events: raw.events.abs_diff(rollup.events).max(1),
            message: format!(
                "{} holds {}, trace_events {}{}",
                self.table.name(),
                words(&rollup),
                words(&raw),
                of_others(words(&raw) == words(&rollup))
            ),
        });
        Some((comparison, difference))
    }
}

fn sums(total: &Total, money: MoneyFormat) -> Sums {
    Sums {
        events: total.events,
        unpriced_count: total.unpriced_count,
        cost_usd: money.amount(total.cost_usd),
    }
}

fn words(total: &Total) -> String {
    let Total {
        events,
        unpriced_count,
        cost_usd,
        ..
    } = total;
    format!("{events} events ({unpriced_count} unpriced, {cost_usd} USD)")
}

fn of_others(same: bool) -> &'static str {
    if same { ", of other tenants" } else { "" }
}
