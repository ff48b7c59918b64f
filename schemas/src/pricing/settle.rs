//! Who says what a call cost: the sender, we, or nobody.

use super::{PriceBook, Query, Usage};
use crate::money::Usd;
use crate::wire::{self, Status};

/// Where an event's cost comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CostSource {
    /// The sender's own figure.
    Client,
    /// Usage × published price.
    Computed,
    /// As `Computed`, but at the standard price for want of the named tier's.
    Estimated,
    /// Nothing was charged: 0.
    None,
    /// Not known: there is no figure.
    Unknown,
}

impl CostSource {
    /// The contract's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Computed => "computed",
            Self::Estimated => "estimated",
            Self::None => "none",
            Self::Unknown => "unknown",
        }
    }
}

impl From<CostSource> for wire::CostSource {
    fn from(source: CostSource) -> Self {
        match source {
            CostSource::Client => Self::Client,
            CostSource::Computed => Self::Computed,
            CostSource::Estimated => Self::Estimated,
            CostSource::None => Self::None,
            CostSource::Unknown => Self::Unknown,
        }
    }
}

/// What a sender's own figure is worth (`LLMOBSERVE_CLIENT_COST`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ClientCostPolicy {
    /// It is the cost.
    #[default]
    Trust,
    /// A tenant's key does not set its own bill: we price, and keep the figure beside.
    Ignore,
}

/// What is known of an event that bears on its cost.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Whose call it is: prices may be agreed for a tenant.
    pub tenant_id: Option<&'a str>,
    /// A canonical provider name.
    pub provider: &'a str,
    /// As the provider names it.
    pub model: Option<&'a str>,
    /// See [`Query::service_tier`].
    pub service_tier: Option<&'a str>,
    /// Microseconds since 1970.
    pub timestamp_us: i64,
    /// Spans that only shape the tree (agent, tool, section) are no calls.
    pub is_call: bool,
    /// How the call ended.
    pub status: Status,
    /// What was used, as far as reported.
    pub usage: &'a Usage,
    /// The sender's own figure.
    pub client_cost: Option<Usd>,
}

/// An event's cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled<'a> {
    /// `None` = not known.
    pub usd: Option<Usd>,
    /// Whose figure it is.
    pub source: CostSource,
    /// The price book that made the figure, where one did.
    pub price_version: Option<&'a str>,
    /// The sender's figure, where it is not the cost.
    pub client_usd: Option<Usd>,
}

/// Settles an event's cost. A pure function of its arguments.
pub fn settle<'a>(book: &'a PriceBook, policy: ClientCostPolicy, facts: &Facts<'_>) -> Settled<'a> {
    let settled = |usd, source| Settled {
        usd,
        source,
        price_version: None,
        client_usd: None,
    };
    if let (ClientCostPolicy::Trust, Some(usd)) = (policy, facts.client_cost) {
        return settled(Some(usd), CostSource::Client);
    }
    let ours = if !facts.is_call {
        settled(Some(Usd::ZERO), CostSource::None)
    } else {
        match facts.status {
            // Refused before it did anything.
            Status::Error | Status::RateLimited if facts.usage.is_nothing() => {
                settled(Some(Usd::ZERO), CostSource::None)
            }
            // Cut off on the sender's side: the provider may well have charged.
            Status::Timeout | Status::Cancelled if facts.usage.is_nothing() => {
                settled(None, CostSource::Unknown)
            }
            _ => priced(book, facts),
        }
    };
    Settled {
        client_usd: facts.client_cost,
        ..ours
    }
}

fn priced<'a>(book: &'a PriceBook, facts: &Facts<'_>) -> Settled<'a> {
    let quote = facts.model.and_then(|model| {
        book.quote(&Query {
            tenant_id: facts.tenant_id,
            provider: facts.provider,
            model,
            service_tier: facts.service_tier,
            timestamp_us: facts.timestamp_us,
            usage: facts.usage,
        })
    });
    let (usd, source, price_version) = match quote {
        Some(quote) if quote.estimated => {
            (Some(quote.usd), CostSource::Estimated, Some(quote.version))
        }
        Some(quote) => (Some(quote.usd), CostSource::Computed, Some(quote.version)),
        None => (None, CostSource::Unknown, None),
    };
    Settled {
        usd,
        source,
        price_version,
        client_usd: None,
    }
}
