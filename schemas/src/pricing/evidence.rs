//! What stands behind a cost that was metered on the way, not sent by the caller.

use super::PriceBook;
use super::settle::{ClientCostPolicy, CostSource, Facts, Settled, settle};
use crate::money::Usd;

/// How a call's usage or cost came to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence<'a> {
    /// The provider reported the usage.
    Measured,
    /// We reckoned it from what passed.
    Estimated,
    /// The provider charges nothing for this: token counts, uploads, calls that it refused.
    Free,
    /// The provider named its price; with the name of the figure, for `price_version`.
    Charged(Usd, &'a str),
    /// Nobody said.
    Unknown,
}

/// Settles a metered call's cost. A pure function of its arguments.
pub fn settle_metered<'a>(
    book: &'a PriceBook,
    facts: &Facts<'_>,
    evidence: Evidence<'a>,
) -> Settled<'a> {
    let settled = |usd, source, price_version| Settled {
        usd,
        source,
        price_version,
        client_usd: None,
    };
    match evidence {
        Evidence::Free => settled(Some(Usd::ZERO), CostSource::None, None),
        Evidence::Unknown => settled(None, CostSource::Unknown, None),
        Evidence::Charged(usd, named) => settled(Some(usd), CostSource::Computed, Some(named)),
        Evidence::Measured => settle(book, ClientCostPolicy::Ignore, facts),
        Evidence::Estimated => {
            let mut ours = settle(book, ClientCostPolicy::Ignore, facts);
            if ours.source == CostSource::Computed {
                ours.source = CostSource::Estimated;
            }
            ours
        }
    }
}
