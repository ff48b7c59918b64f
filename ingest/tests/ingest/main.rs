//! The role from outside: over a publisher in memory, and over a real broker.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod broker;
mod component;
mod otlp;
mod otlp_hostile;
mod otlp_proto;
mod overload;
mod role;
mod support;
