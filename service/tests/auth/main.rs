//! Authentication from outside: tokens of a real issuer, keys over a real Kafka.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub
)]

mod control;
mod issuer;
mod rotation;
mod tokens;
mod world;
