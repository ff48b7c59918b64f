//! Whether every record that was received is accounted for, hour by hour.
//!
//! In hours of **log time**: what `ingest_ledger` says of the records, and the rows of
//! `trace_events` that it says are there. In hours of the events' own **timestamp**: the rows
//! of `trace_events`, and what each rollup makes of them.
//!
//! # Why ingestion cannot make it report a false difference
//!
//! A batch is written in this order: `trace_events`, the rollups (each block with a marker, the
//! batch's end), `ingest_ledger`. The batches of a partition are written one after the other,
//! and a row never changes. So the tables are read the other way round:
//!
//! 1. The ledger's ends, `F` of each partition: everything below `F` is in every table by now.
//! 2. Ledger lines and raw rows below `F`. Both are complete and no longer change, so it does
//!    not matter how much later each is read, nor what is written meanwhile.
//! 3. A rollup's sums with the markers `M` of each partition and month, in one scan, hence of
//!    one snapshot: it holds the batches up to `M` and nothing else.
//! 4. Then raw rows below `max(M, F)`. Raw rows were written before the rollup's, so those
//!    below `M` are all there; a batch between `M` and `F` has no rows in that month, unless
//!    the rollup has lost them together with their marker: a true difference.
//!
//! Rows of a batch that is under way lie at or above these ends, and are not looked at.
//! On a cluster a lagging replica may not know what another has acknowledged, and an operator
//! who rewrites the tables (a hold is in force) has them unequal meanwhile. Where either is
//! possible, a difference is asked for again for up to [`SETTLE_MAX`]; one that is seen under
//! a hold to the end makes its hour [`State::Settling`].
//!
//! # What it cannot see
//!
//! A lost line at the very end of a partition's ledger looks like a batch that is under way:
//! it is in flight until the next batch is finished. Hours that a table's time to live has
//! reached are not compared; an event that was already about to expire when it was received
//! leaves raw before its hour of log time does, and is then missed there.

mod auditor;
mod bounds;
mod compare;
mod hours;
mod in_flight;
mod kept;
mod report;
mod tables;

pub use auditor::{Auditor, SETTLE_MAX, is_away};
pub use hours::{Hours, Scope};
pub use in_flight::{InFlight, PartitionInFlight};
pub use report::{Check, Comparison, Conservation, Difference, Hour, LedgerSums, State, Sums};
