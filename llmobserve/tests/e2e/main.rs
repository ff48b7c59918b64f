//! The real binary from outside, on free ports and data directories of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

mod auth;
mod compose;
mod guide;
mod openapi;
mod proxy;
mod refusals;
mod survival;
mod tls;

mod http;
mod instance;
#[allow(unreachable_pub, dead_code)]
#[path = "../../../service/tests/auth/issuer.rs"]
mod issuer;
