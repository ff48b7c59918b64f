//! What an operator does to the ledger.
//!
//! [`audit`] proves that nothing was lost and nothing counted twice.

pub mod audit;
