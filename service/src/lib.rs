//! The process shell that every role shares: settings, telemetry, health, shutdown,
//! serving HTTP, authentication, and the connections to Kafka and ClickHouse.
//! No business logic.

// How a process lives.
pub mod config;
pub mod health;
pub mod shutdown;
pub mod telemetry;

// How it is called.
pub mod auth;
pub mod http;
pub mod problem;

// What things cost.
pub mod prices;

// What it calls.
pub mod clickhouse;
pub mod control;
pub mod kafka;
pub mod migrate;
pub mod publish;
pub mod retry;

pub use problem::Problem;
