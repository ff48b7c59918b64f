//! Engines that run beside the services on one machine: ClickHouse as an
//! embedded library behind its HTTP interface, and Apache Kafka as a child process.

pub mod clickhouse;
pub mod kafka;
pub mod process;
pub mod testing;
