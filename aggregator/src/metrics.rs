//! Names of what the aggregator counts. `consumed = stored + duplicates + dead-lettered`.

use std::time::Duration;

use metrics::{counter, gauge, histogram};

use crate::block::Table;
use crate::ledger::Line;

/// Records whose batch is finished, by what became of them.
pub(crate) const RECORDS: &str = "llmobserve_aggregator_records_total";
/// Batches finished.
pub(crate) const BATCHES: &str = "llmobserve_aggregator_batches_total";
/// Seconds from a batch's plan to its end.
pub(crate) const BATCH_SECONDS: &str = "llmobserve_aggregator_batch_seconds";
/// Inserts whose acknowledgement did not come, by table.
pub(crate) const INSERT_FAILURES: &str = "llmobserve_aggregator_insert_failures_total";
/// Inserts that ClickHouse acknowledged and lost.
pub(crate) const GHOSTS: &str = "llmobserve_aggregator_ghost_tokens_total";
/// Dead letters by reason.
pub(crate) const DEAD_LETTERS: &str = "llmobserve_aggregator_dead_letters_total";
/// Assignments without a plan of ours.
pub(crate) const OFFSETS_LOST: &str = "llmobserve_aggregator_offsets_lost_total";
/// Memberships renewed.
pub(crate) const REJOINS: &str = "llmobserve_aggregator_rejoins_total";
/// Partitions that wait for a person.
pub(crate) const HALTED: &str = "llmobserve_aggregator_halted_partitions";

pub(crate) fn batch_finished(outcome: Line, took: Duration) {
    counter!(RECORDS, "outcome" => "stored").increment(outcome.stored);
    counter!(RECORDS, "outcome" => "duplicate").increment(outcome.duplicates);
    counter!(RECORDS, "outcome" => "dead_lettered").increment(outcome.dead_lettered);
    counter!(BATCHES).increment(1);
    histogram!(BATCH_SECONDS).record(took);
}

pub(crate) fn insert_failed(table: Table) {
    counter!(INSERT_FAILURES, "table" => table.name()).increment(1);
}

pub(crate) fn ghost() {
    counter!(GHOSTS).increment(1);
}

pub(crate) fn dead_letter(reason: &'static str) {
    counter!(DEAD_LETTERS, "reason" => reason).increment(1);
}

pub(crate) fn offsets_lost() {
    counter!(OFFSETS_LOST).increment(1);
}

pub(crate) fn rejoined() {
    counter!(REJOINS).increment(1);
}

/// Shows every series from the start, so that a rate never misses the first event.
pub(crate) fn register() {
    for table in Table::ALL {
        counter!(INSERT_FAILURES, "table" => table.name()).increment(0);
    }
    for outcome in ["stored", "duplicate", "dead_lettered"] {
        counter!(RECORDS, "outcome" => outcome).increment(0);
    }
    for name in [BATCHES, GHOSTS, OFFSETS_LOST, REJOINS] {
        counter!(name).increment(0);
    }
    gauge!(HALTED).set(0.0);
}

pub(crate) fn halted(partitions: usize) {
    #[allow(clippy::cast_precision_loss)] // a handful
    gauge!(HALTED).set(partitions as f64);
}
