//! `/stats/by-…`: who and what the money went to. One ranking by cost, seen from several sides.

pub(crate) mod environments;
pub(crate) mod group;
mod latencies;
pub(crate) mod models;
pub(crate) mod providers;
pub(crate) mod ranking;
pub(crate) mod sections;
pub(crate) mod tenants;
pub(crate) mod totals;
