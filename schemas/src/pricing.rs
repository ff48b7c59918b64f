//! What a call costs: usage × model × time → exact dollars, or unknown.
//!
//! The prices are those of the crate `genai-prices` (dated, tiered, with service tiers),
//! which also matches provider and model names. The multiplication is ours, in whole
//! numbers: the crate computes in `f64`, which is off in the twelfth place from a few
//! thousand dollars on (the test `f64_is_not_enough`), and keeps its rates to itself; and it
//! searches up to 900 models for each call. So its data lies in `schemas/prices/`, read as
//! the published decimals, and a name once matched is remembered. The rules (a whole less
//! its parts, tiers by total input, dated prices, variants) are the crate's, and the tests
//! hold every model against it.

mod catalog;
mod charge;
mod decimal;
mod document;
mod lookup;
mod rate;
mod settle;
mod units;
mod usage;

pub use catalog::PriceDataError;
pub use settle::{ClientCostPolicy, CostSource, Facts, Settled, settle};
pub use usage::Usage;

use self::catalog::Catalog;
use self::lookup::Lookup;
use self::units::Units;
use self::usage::Quantities;
use crate::money::Usd;

/// Names the prices in use; events carry it as `price_version`.
const VERSION: &str = "genai-prices/0.2.1";
/// Tiers that are the standard price under another name.
const STANDARD_TIERS: [&str; 4] = ["default", "standard", "on_demand", "standard_only"];

/// A call to be priced.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// A canonical name ([`crate::provider::canonical`]), or genai-prices' own.
    pub provider: &'a str,
    /// As the provider names it, in any case.
    pub model: &'a str,
    /// As reported (`flex`, `priority`, …), `batch` for a batch API; `None` is the standard price.
    pub service_tier: Option<&'a str>,
    /// When the call was made, in microseconds since 1970: prices are dated.
    pub timestamp_us: i64,
    /// What was used.
    pub usage: &'a Usage,
}

/// A computed price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    /// Exact, rounded half-even to 12 places once.
    pub usd: Usd,
    /// A service tier was named for which no price is known at that time, so this is the
    /// standard price.
    pub estimated: bool,
}

/// All published prices. Make one and share it: it remembers the names it has matched.
#[derive(Debug)]
pub struct PriceBook {
    units: Units,
    catalog: Catalog,
    lookup: Lookup,
}

impl PriceBook {
    /// The prices this program was built with. Takes tens of milliseconds.
    ///
    /// # Errors
    /// When the data built in is malformed, which the tests rule out.
    pub fn bundled() -> Result<Self, PriceDataError> {
        let units = Units::bundled()?;
        let (catalog, matcher) = document::read(catalog::BUNDLED, &units)?;
        Ok(Self {
            units,
            catalog,
            lookup: Lookup::new(matcher),
        })
    }

    /// Names these prices: `genai-prices/0.2.1`.
    #[allow(clippy::unused_self)] // Price books to come are read, and name themselves.
    pub fn version(&self) -> &str {
        VERSION
    }

    /// The call's price; `None` where provider, model or price are not known, or the usage
    /// that the price is made of was not reported. Reported zeros cost 0.
    pub fn price(&self, query: &Query<'_>) -> Option<Usd> {
        self.quote(query).map(|quote| quote.usd)
    }

    /// The price, and whether it is an estimate. `None` as in [`PriceBook::price`].
    pub fn quote(&self, query: &Query<'_>) -> Option<Quote> {
        let found = self
            .lookup
            .find(&self.catalog, query.provider, query.model)?;
        let model = self.catalog.model(found)?;
        let mut rates = model.rates_at(query.timestamp_us);
        let tier = query.service_tier.filter(|tier| !tier.is_empty());
        let context = tier.map(|tier| match tier {
            batch if batch.eq_ignore_ascii_case("batch") => ("processing", batch),
            tier => ("service_tier", tier),
        });
        // Variants belong to the provider that publishes them, not to one that resells the model.
        let varied = match context {
            Some(context) if found.own => rates.vary(model, context, query.timestamp_us),
            _ => false,
        };
        let special = tier.is_some_and(|tier| {
            !STANDARD_TIERS
                .iter()
                .any(|standard| tier.eq_ignore_ascii_case(standard))
        });
        let mut quantities = Quantities::of(query.usage, &self.units)?;
        if model.audio_seconds_min > 0 {
            quantities.raise_audio(model.audio_seconds_min, &self.units)?;
        }
        let usd = if rates.is_free() {
            model.listed.then_some(Usd::ZERO)?
        } else {
            charge::charge(&rates, &quantities, &self.units)?
        };
        Some(Quote {
            usd,
            estimated: special && !varied,
        })
    }
}
