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
mod evidence;
mod extract;
mod lookup;
mod overrides;
mod rate;
mod report;
mod settle;
mod tariff;
mod units;
mod usage;

pub use catalog::PriceDataError;
pub use evidence::{Evidence, settle_metered};
pub use extract::Extractors;
pub use overrides::Overrides;
pub use report::{Part, Report};
pub use settle::{ClientCostPolicy, CostSource, Facts, Settled, settle};
pub use tariff::{Row, Tariff};
pub use usage::Usage;

use std::sync::Arc;

use self::catalog::{Catalog, Model, Rates};
use self::decimal::Decimal;
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
    /// Whose call it is, where prices are agreed for a tenant.
    pub tenant_id: Option<&'a str>,
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
pub struct Quote<'a> {
    /// Exact, rounded half-even to 12 places once.
    pub usd: Usd,
    /// A service tier was named for which no price is known at that time, so this is the
    /// standard price.
    pub estimated: bool,
    /// Names the prices it was made of; events carry it as `price_version`.
    pub version: &'a str,
}

/// Prices: the published ones, and one's own over them. Make one and share it: it remembers
/// the names it has matched.
#[derive(Debug, Clone)]
pub struct PriceBook {
    published: Arc<Published>,
    overrides: Arc<Overrides>,
}

#[derive(Debug)]
struct Published {
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
        let published = Published {
            units,
            catalog,
            lookup: Lookup::new(matcher),
        };
        Ok(Self {
            published: Arc::new(published),
            overrides: Arc::default(),
        })
    }

    /// The same published prices under the prices of a file, in TOML or JSON. Cheap.
    ///
    /// # Errors
    /// [`PriceDataError::Overrides`] names the entry that makes no sense.
    pub fn with_overrides(&self, text: &str) -> Result<Self, PriceDataError> {
        let overrides = Overrides::parse(text, &self.published.units)?;
        Ok(Self {
            published: Arc::clone(&self.published),
            overrides: Arc::new(overrides),
        })
    }

    /// Names the published prices: `genai-prices/0.2.1`.
    #[allow(clippy::unused_self)] // Price books to come are read, and name themselves.
    pub fn version(&self) -> &str {
        VERSION
    }

    /// One's own prices; empty where there are none.
    pub fn overrides(&self) -> &Overrides {
        &self.overrides
    }

    /// The call's price; `None` where provider, model or price are not known, or the usage
    /// that the price is made of was not reported. Reported zeros cost 0.
    pub fn price(&self, query: &Query<'_>) -> Option<Usd> {
        self.quote(query).map(|quote| quote.usd)
    }

    /// The price, and whether it is an estimate. `None` as in [`PriceBook::price`].
    pub fn quote(&self, query: &Query<'_>) -> Option<Quote<'_>> {
        match self.overrides.find(query) {
            None => self.published.quote(query, None),
            Some(own) => {
                let usd = match own.factor() {
                    Some(factor) => self.published.quote(query, Some(factor)),
                    None => own.quote(query.usage, &self.published.units),
                };
                usd.map(|quote| Quote {
                    version: self.overrides.version(),
                    ..quote
                })
            }
        }
    }
}

impl Published {
    /// The model, its rates in force, and whether the named tier has its own.
    fn rates(&self, query: &Query<'_>) -> Option<(&Model, Rates<'_>, bool)> {
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
        Some((model, rates, varied))
    }

    /// With a factor on every rate.
    fn quote(&self, query: &Query<'_>, factor: Option<Decimal>) -> Option<Quote<'static>> {
        let (model, rates, varied) = self.rates(query)?;
        let mut quantities = Quantities::of(query.usage, &self.units)?;
        if model.audio_seconds_min > 0 {
            quantities.raise_audio(model.audio_seconds_min, &self.units)?;
        }
        let usd = if rates.is_free() {
            model.listed.then_some(Usd::ZERO)?
        } else {
            let terms = charge::terms(&rates, &quantities, &self.units)?;
            charge::total(&charge::scaled_by(terms, factor)?)?
        };
        Some(Quote {
            usd,
            estimated: is_special(query.service_tier) && !varied,
            version: VERSION,
        })
    }
}

/// Whether a tier has a price of its own.
fn is_special(tier: Option<&str>) -> bool {
    tier.is_some_and(|tier| {
        !tier.is_empty()
            && !STANDARD_TIERS
                .iter()
                .any(|standard| tier.eq_ignore_ascii_case(standard))
    })
}
