//! The routes over a real ClickHouse.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub
)]

#[path = "component/world.rs"]
mod world;

#[path = "component/audit.rs"]
mod audit;
#[path = "component/bad_requests.rs"]
mod bad_requests;
#[path = "component/exports.rs"]
mod exports;
#[path = "component/insights.rs"]
mod insights;
#[path = "component/isolation.rs"]
mod isolation;
#[path = "component/paging.rs"]
mod paging;
#[path = "component/run.rs"]
mod run;
#[path = "component/runs.rs"]
mod runs;
#[path = "component/series.rs"]
mod series;
#[path = "component/stats.rs"]
mod stats;
