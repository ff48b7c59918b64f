//! `GET /runs/latest` (also `/runs`) and `GET /runs/{run_id}`.

mod breakdown;
mod detail;
mod latest;
mod list;
mod summary;
mod tree;

pub(crate) use detail::{__path_run, run};
pub(crate) use list::{__path_runs, runs};
