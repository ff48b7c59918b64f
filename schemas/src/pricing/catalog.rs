//! Providers, their models, and the rates of a model at a time.

use super::rate::Rate;
use super::units::{COUNT, Mask, UnitId};

/// The published data, as `prices/README.md` describes it.
pub(super) const BUNDLED: &str = include_str!("../../prices/genai-prices.json");

const DAY_US: i64 = 86_400 * 1_000_000;

/// Why price data cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PriceDataError {
    /// Not the JSON it should be.
    #[error("price data is not readable: {0}")]
    Json(#[from] serde_json::Error),
    /// A price, a tier or a constraint that makes no sense.
    #[error("price data of {provider} {model}: {what}")]
    Model {
        /// The provider's id.
        provider: String,
        /// The model's id.
        model: String,
        /// What is wrong.
        what: &'static str,
    },
    /// The names cannot be matched by the crate.
    #[error("price data: {0}")]
    Names(#[from] genai_prices::Error),
    /// A file of our own prices that makes no sense.
    #[error("{0}")]
    Overrides(String),
    /// The table of units is malformed.
    #[error("the table of units is malformed")]
    Units,
}

/// Everything that has a price, in the order of the data.
#[derive(Debug)]
pub(super) struct Catalog {
    pub(super) providers: Vec<Provider>,
}

#[derive(Debug)]
pub(super) struct Provider {
    pub(super) id: String,
    pub(super) models: Vec<Model>,
}

#[derive(Debug)]
pub(super) struct Model {
    /// The last one that applies is in force; the first where none does.
    pub(super) periods: Vec<Period>,
    pub(super) variants: Vec<Variant>,
    /// Still sold: an empty price list then means free, and not that the price was lost.
    pub(super) listed: bool,
    /// Least seconds of audio that are billed.
    pub(super) audio_seconds_min: u32,
}

#[derive(Debug)]
pub(super) struct Period {
    pub(super) when: Option<Constraint>,
    pub(super) rates: RateList,
}

/// Other rates in a context, such as a service tier.
#[derive(Debug)]
pub(super) struct Variant {
    pub(super) context: Vec<(String, String)>,
    pub(super) when: Option<Constraint>,
    pub(super) rates: RateList,
}

pub(super) type RateList = Vec<(UnitId, Rate)>;

/// When a price is in force, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Constraint {
    /// From this moment on, in microseconds since 1970.
    From(i64),
    /// Each day from `start` until before `end`, in microseconds since midnight; past
    /// midnight where `end < start`.
    Daily { start: i64, end: i64 },
}

impl Constraint {
    fn holds(constraint: Option<&Self>, timestamp_us: i64) -> bool {
        match constraint {
            None => true,
            Some(Self::From(start)) => timestamp_us >= *start,
            Some(Self::Daily { start, end }) => {
                let time = timestamp_us.rem_euclid(DAY_US);
                if end < start {
                    time >= *start || time < *end
                } else {
                    time >= *start && time < *end
                }
            }
        }
    }
}

/// Where a name was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) provider: usize,
    pub(super) model: usize,
    /// The provider that was asked sells it under its own price, not under another's.
    pub(super) own: bool,
}

impl Catalog {
    pub(super) fn model(&self, found: Found) -> Option<&Model> {
        self.providers.get(found.provider)?.models.get(found.model)
    }
}

impl Model {
    /// The standard rates in force.
    pub(super) fn rates_at(&self, timestamp_us: i64) -> Rates<'_> {
        let holds = |period: &&Period| Constraint::holds(period.when.as_ref(), timestamp_us);
        let period = self
            .periods
            .iter()
            .rev()
            .find(holds)
            .or(self.periods.first());
        Rates::of(period.iter().flat_map(|period| &period.rates))
    }
}

/// The rates of one charge.
#[derive(Debug)]
pub(super) struct Rates<'a> {
    by_unit: [Option<&'a Rate>; COUNT],
    pub(super) priced: Mask,
}

impl<'a> Rates<'a> {
    pub(super) fn of(list: impl IntoIterator<Item = &'a (UnitId, Rate)>) -> Self {
        let mut rates = Rates {
            by_unit: [None; COUNT],
            priced: 0,
        };
        for (unit, rate) in list {
            rates.set(*unit, rate);
        }
        rates
    }

    fn set(&mut self, unit: UnitId, rate: &'a Rate) {
        self.by_unit[unit] = Some(rate);
        self.priced |= 1 << unit;
    }

    /// Puts the context's rates in place of the standard ones, each from the first variant
    /// that has it; `false` when no variant is for this context at this time.
    pub(super) fn vary(&mut self, model: &'a Model, context: (&str, &str), at_us: i64) -> bool {
        let mut varied: Mask = 0;
        let mut applies = false;
        for variant in &model.variants {
            let [(key, value)] = &variant.context[..] else {
                continue;
            };
            let named = key == context.0 && value.eq_ignore_ascii_case(context.1);
            if !named || !Constraint::holds(variant.when.as_ref(), at_us) {
                continue;
            }
            applies = true;
            for (unit, rate) in &variant.rates {
                if varied & (1 << unit) == 0 {
                    varied |= 1 << unit;
                    self.set(*unit, rate);
                }
            }
        }
        applies
    }

    pub(super) fn is_free(&self) -> bool {
        self.priced == 0
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (UnitId, &'a Rate)> {
        super::units::ids(self.priced).filter_map(|unit| Some((unit, self.by_unit[unit]?)))
    }
}
