//! Where something can be put between the aggregator and the world: fault tests do.

use std::sync::Arc;

use crate::log::Log;
use crate::offsets::Offsets;
use crate::store::Store;

/// Wraps the real parts.
pub trait Seams: Send + Sync {
    /// Called once.
    fn store(&self, real: Arc<dyn Store>) -> Arc<dyn Store> {
        real
    }

    /// Called for each assignment of a partition.
    fn offsets(&self, _log: &Log, real: Arc<dyn Offsets>) -> Arc<dyn Offsets> {
        real
    }
}

/// Nothing in between.
#[derive(Debug, Clone, Copy)]
pub struct Direct;

impl Seams for Direct {}
