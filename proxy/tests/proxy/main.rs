//! The proxy between a client and an upstream of the test's own; events go to memory, or to a
//! real broker.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::print_stdout)] // Measurements are printed.

mod client;
mod upstream;
mod world;

mod broker;
mod corpus;
mod disconnect;
mod expected;
mod failures;
mod isolation;
mod load;
mod passing;
mod prices;
mod protocols;
mod refusals;
mod said;
