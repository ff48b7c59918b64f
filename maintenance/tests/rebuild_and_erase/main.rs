//! An operator at work while events come in: real Kafka, real ClickHouse, a real aggregator.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod dlq;
mod erase;
mod rebuild;
mod world;
