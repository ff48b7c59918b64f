//! What an operator does to the ledger.
//!
//! [`audit`] proves that nothing was lost and nothing counted twice. [`rebuild`] makes rollups
//! anew from raw events, [`erase`] removes a tenant or a customer; both under a [`hold`], which
//! keeps the aggregators away. [`dlq`] shows records that could not be decoded, and sends them
//! again.

pub mod audit;
pub mod dlq;
pub mod erase;
pub mod hold;
pub mod rebuild;
mod span;
