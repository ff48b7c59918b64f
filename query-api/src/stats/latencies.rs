//! The sketch of the filtered calls' latencies.

use service::Problem;
use service::auth::Access;

use crate::filters::Filters;
use crate::quantile::quantile_ms;
use crate::range::Range;
use crate::store::{Store, Template};
use crate::usage::{self, Sketches};

/// Calls by bucket of latency.
pub(super) struct Latencies(Vec<(i16, u64)>);

impl Latencies {
    /// With [`Sketches::Tenants`] it may be that not all calls are told of: compare [`Self::count`].
    pub(super) async fn read(
        store: &Store,
        access: &Access,
        range: &Range,
        filters: &Filters,
        sketches: Sketches,
    ) -> Result<Self, Problem> {
        let template = Template::new(include_str!("latencies.sql"));
        let select =
            usage::select_latencies(store, access, range.parts(), filters, sketches, template);
        select.all().await.map(Self)
    }

    /// Calls that the sketch holds.
    pub(super) fn count(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    pub(super) fn quantile_ms(&self, q: f64) -> Option<f64> {
        quantile_ms(&self.0, q)
    }
}
