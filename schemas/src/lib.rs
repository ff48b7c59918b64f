//! The contract between the services: what an event is, what it costs, how it
//! travels through Kafka and how it lies in ClickHouse. No I/O, no runtime:
//! every service depends on this crate and it depends on none.
//!
//! In the order of the journey:
//! [`RawEvent`] (wire JSON) → [`validate`](validate::validate) → [`Event`] →
//! priced → [`Record`] (Kafka) → [`wire::UsageEvent`] → [`Row`] (ClickHouse).

pub mod raw;
pub mod validate;
pub mod event;
pub mod provider;
pub mod money;
pub mod pricing;
pub mod partition;
pub mod record;
pub mod wire;
pub mod row;
pub mod row_binary;
pub mod clickhouse;
pub mod topics;
pub mod control;

pub use event::Event;
pub use raw::RawEvent;
pub use record::Record;
pub use row::Row;
pub use validate::Rejection;
