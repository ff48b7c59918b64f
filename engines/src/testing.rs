//! Engines for tests: real ones, shared by the tests of a process.
#![allow(clippy::expect_used, clippy::unwrap_used)] // A test without its engine fails.

pub mod clickhouse;
pub mod kafka;

pub use kafka::{Kafka, kafka, read_all};
