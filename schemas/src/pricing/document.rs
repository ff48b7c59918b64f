//! Reads genai-prices' JSON: rates as the decimals that were published, and the same
//! providers and models, without prices, for the crate to match names in.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveTime};
use genai_prices::Calculator;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::catalog::{
    Catalog, Constraint, Model, Period, PriceDataError, Provider, RateList, Variant,
};
use super::decimal::Decimal;
use super::rate::{Fraction, Rate};
use super::units::Units;

/// Groq bills Whisper for at least this many seconds of audio (as in the crate's code, not
/// its data).
const WHISPER_SECONDS_MIN: u32 = 10;

#[derive(Deserialize)]
struct ProviderDocument<'a> {
    id: String,
    #[serde(default)]
    fallback_model_providers: Vec<String>,
    #[serde(borrow, default)]
    models: Vec<ModelDocument<'a>>,
}

#[derive(Deserialize)]
struct ModelDocument<'a> {
    id: String,
    #[serde(borrow, rename = "match")]
    names: &'a RawValue,
    #[serde(borrow)]
    prices: Option<&'a RawValue>,
    #[serde(borrow, default)]
    price_variants: Vec<VariantDocument<'a>>,
    #[serde(default)]
    deprecated: bool,
}

#[derive(Deserialize)]
struct PeriodDocument<'a> {
    constraint: Option<ConstraintDocument>,
    #[serde(borrow)]
    prices: Prices<'a>,
}

#[derive(Deserialize)]
struct VariantDocument<'a> {
    when: BTreeMap<String, String>,
    constraint: Option<ConstraintDocument>,
    #[serde(borrow)]
    prices: Prices<'a>,
}

type Prices<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

#[derive(Deserialize)]
struct ConstraintDocument {
    start_date: Option<String>,
    start_time: Option<String>,
    end_time: Option<String>,
}

#[derive(Deserialize)]
struct TieredDocument<'a> {
    #[serde(borrow)]
    base: &'a RawValue,
    #[serde(borrow)]
    tiers: Vec<TierDocument<'a>>,
}

#[derive(Deserialize)]
struct TierDocument<'a> {
    start: u64,
    #[serde(borrow)]
    price: &'a RawValue,
}

/// What the crate needs to match names. A model's id here is its place in the catalog.
#[derive(Serialize)]
struct NamedProvider<'a> {
    id: &'a str,
    name: &'a str,
    api_pattern: &'static str,
    fallback_model_providers: &'a [String],
    models: Vec<NamedModel<'a>>,
}

#[derive(Serialize)]
struct NamedModel<'a> {
    id: String,
    #[serde(rename = "match")]
    names: &'a RawValue,
}

/// The catalog, and the crate's calculator over its names: the model it finds is `p/m`,
/// model `m` of provider `p`.
pub(super) fn read(json: &str, units: &Units) -> Result<(Catalog, Calculator), PriceDataError> {
    let documents: Vec<ProviderDocument<'_>> = serde_json::from_str(json)?;
    let providers = documents.iter().map(|document| provider(document, units));
    let catalog = Catalog {
        providers: providers.collect::<Result<_, _>>()?,
    };
    let names: Vec<_> = documents
        .iter()
        .enumerate()
        .map(|(p, document)| named(p, document))
        .collect();
    let matcher = Calculator::from_json(serde_json::to_vec(&names)?)?;
    Ok((catalog, matcher))
}

fn named<'a>(place: usize, document: &'a ProviderDocument<'a>) -> NamedProvider<'a> {
    let models = document.models.iter().enumerate();
    NamedProvider {
        id: &document.id,
        name: &document.id,
        api_pattern: "-",
        fallback_model_providers: &document.fallback_model_providers,
        models: models
            .map(|(m, model)| NamedModel {
                id: format!("{place}/{m}"),
                names: model.names,
            })
            .collect(),
    }
}

fn provider(document: &ProviderDocument<'_>, units: &Units) -> Result<Provider, PriceDataError> {
    let models = document.models.iter().map(|source| {
        let whisper = document.id == "groq"
            && matches!(
                source.id.as_str(),
                "whisper-large-v3" | "whisper-large-v3-turbo"
            );
        let mut model = model(source, units).map_err(|wrong| match wrong {
            Wrong::Json(error) => PriceDataError::Json(error),
            Wrong::Value(what) => PriceDataError::Model {
                provider: document.id.clone(),
                model: source.id.clone(),
                what,
            },
        })?;
        model.audio_seconds_min = if whisper { WHISPER_SECONDS_MIN } else { 0 };
        Ok(model)
    });
    let models = models.collect::<Result<_, PriceDataError>>()?;
    Ok(Provider {
        id: document.id.clone(),
        models,
    })
}

enum Wrong {
    Json(serde_json::Error),
    Value(&'static str),
}

impl From<serde_json::Error> for Wrong {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error)
    }
}

fn model(document: &ModelDocument<'_>, units: &Units) -> Result<Model, Wrong> {
    let json = document.prices.map_or("{}", RawValue::get);
    let periods = if json.starts_with('[') {
        serde_json::from_str::<Vec<PeriodDocument<'_>>>(json)?
    } else {
        vec![PeriodDocument {
            constraint: None,
            prices: serde_json::from_str(json)?,
        }]
    };
    let periods = periods.iter().map(|period| {
        let when = period.constraint.as_ref().map(constraint).transpose()?;
        Ok(Period {
            when,
            rates: rates(&period.prices, units)?,
        })
    });
    let variants = document.price_variants.iter().map(|variant| {
        Ok(Variant {
            context: variant.when.clone().into_iter().collect(),
            when: variant.constraint.as_ref().map(constraint).transpose()?,
            rates: rates(&variant.prices, units)?,
        })
    });
    Ok(Model {
        periods: periods.collect::<Result<_, Wrong>>()?,
        variants: variants.collect::<Result<_, Wrong>>()?,
        listed: !document.deprecated,
        audio_seconds_min: 0,
    })
}

fn rates(prices: &Prices<'_>, units: &Units) -> Result<RateList, Wrong> {
    let rate = |(key, price): (&Cow<'_, str>, &&RawValue)| {
        let (id, unit) = units
            .priced(key)
            .ok_or(Wrong::Value("a price for an unknown unit"))?;
        Ok((id, rate(price, unit.per)?))
    };
    prices.iter().map(rate).collect()
}

fn rate(price: &RawValue, per: u32) -> Result<Rate, Wrong> {
    let per_one = |json: &RawValue| {
        let price = Decimal::parse(json.get()).and_then(|price| Fraction::per_one(price, per));
        price.ok_or(Wrong::Value("a price that is not a decimal of 0 or more"))
    };
    if !price.get().starts_with('{') {
        return Ok(Rate {
            base: per_one(price)?,
            tiers: Vec::new(),
        });
    }
    let document: TieredDocument<'_> = serde_json::from_str(price.get())?;
    let tiers = document
        .tiers
        .iter()
        .map(|tier| Ok((i128::from(tier.start), per_one(tier.price)?)));
    let mut tiers = tiers.collect::<Result<Vec<_>, Wrong>>()?;
    tiers.sort_by_key(|(start, _)| *start);
    Ok(Rate {
        base: per_one(document.base)?,
        tiers,
    })
}

fn constraint(document: &ConstraintDocument) -> Result<Constraint, Wrong> {
    let invalid = || Wrong::Value("a constraint that is neither a date nor a time of day");
    let time = |text: &str| {
        let time = NaiveTime::parse_from_str(text, "%H:%M:%SZ").ok()?;
        (time - NaiveTime::MIN).num_microseconds()
    };
    let found = match (
        &document.start_date,
        &document.start_time,
        &document.end_time,
    ) {
        (Some(date), None, None) => NaiveDate::parse_from_str(date, "%Y-%m-%d")
            .ok()
            .and_then(|date| date.and_hms_opt(0, 0, 0))
            .map(|midnight| Constraint::From(midnight.and_utc().timestamp_micros())),
        (None, Some(start), Some(end)) => time(start)
            .zip(time(end))
            .map(|(start, end)| Constraint::Daily { start, end }),
        _ => None,
    };
    found.ok_or_else(invalid)
}
