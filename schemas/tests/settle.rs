//! Whose figure is an event's cost.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use schemas::money::Usd;
use schemas::pricing::{ClientCostPolicy, CostSource, Facts, PriceBook, Settled, Usage, settle};
use schemas::wire::{self, Status};

const NOVEMBER_US: i64 = 1_795_176_000_000_000;

fn used() -> Usage {
    Usage {
        input_tokens: Some(1_000_000),
        output_tokens: Some(0),
        ..Usage::default()
    }
}

/// A successful call to gpt-4o, 2.50 USD by the list.
fn call(usage: &Usage) -> Facts<'_> {
    Facts {
        tenant_id: None,
        provider: "openai",
        model: Some("gpt-4o"),
        service_tier: None,
        timestamp_us: NOVEMBER_US,
        is_call: true,
        status: Status::Ok,
        usage,
        client_cost: None,
    }
}

fn usd(text: &str) -> Option<Usd> {
    Some(Usd::parse(text).unwrap())
}

fn settled(cost: Option<Usd>, source: CostSource) -> Settled<'static> {
    Settled {
        usd: cost,
        source,
        price_version: None,
        client_usd: None,
    }
}

#[test]
fn the_senders_figure_wins() {
    let book = PriceBook::bundled().unwrap();
    let usage = used();
    let facts = Facts {
        client_cost: usd("9.99"),
        ..call(&usage)
    };
    let shape = Facts {
        is_call: false,
        ..facts
    };
    let refused = Facts {
        status: Status::RateLimited,
        ..facts
    };
    for facts in [facts, shape, refused] {
        let expected = settled(usd("9.99"), CostSource::Client);
        assert_eq!(settle(&book, ClientCostPolicy::Trust, &facts), expected);
    }
}

#[test]
fn the_senders_figure_is_kept_beside_where_it_does_not_count() {
    let book = PriceBook::bundled().unwrap();
    let usage = used();
    let facts = Facts {
        client_cost: usd("9.99"),
        ..call(&usage)
    };
    let beside = |settled| Settled {
        client_usd: usd("9.99"),
        ..settled
    };
    let ignored = |facts: &Facts<'_>| settle(&book, ClientCostPolicy::Ignore, facts);
    let computed = Settled {
        price_version: Some("genai-prices/0.2.1"),
        ..settled(usd("2.5"), CostSource::Computed)
    };
    assert_eq!(ignored(&facts), beside(computed));
    let unknown = Facts {
        model: Some("no-such"),
        ..facts
    };
    assert_eq!(
        ignored(&unknown),
        beside(settled(None, CostSource::Unknown))
    );
    let shape = Facts {
        is_call: false,
        ..facts
    };
    assert_eq!(ignored(&shape), beside(settled(usd("0"), CostSource::None)));
}

#[test]
fn calls_are_priced_as_of_their_time() {
    let book = PriceBook::bundled().unwrap();
    let usage = used();
    let of = |facts: Facts<'_>| {
        let settled = settle(&book, ClientCostPolicy::Trust, &facts);
        (settled.usd, settled.source, settled.price_version.is_some())
    };
    assert_eq!(of(call(&usage)), (usd("2.5"), CostSource::Computed, true));
    let partial = Facts {
        status: Status::Cancelled,
        ..call(&usage)
    };
    assert_eq!(
        of(partial),
        (usd("2.5"), CostSource::Computed, true),
        "what was used was charged"
    );
    let failed = Facts {
        status: Status::Error,
        ..call(&usage)
    };
    assert_eq!(of(failed), (usd("2.5"), CostSource::Computed, true));
    let tier = Facts {
        service_tier: Some("imaginary"),
        ..call(&usage)
    };
    assert_eq!(of(tier), (usd("2.5"), CostSource::Estimated, true));
    let nameless = Facts {
        model: None,
        ..call(&usage)
    };
    assert_eq!(of(nameless), (None, CostSource::Unknown, false));
    let untold = Usage::default();
    assert_eq!(of(call(&untold)), (None, CostSource::Unknown, false));
}

#[test]
fn what_charged_nothing_costs_nothing() {
    let book = PriceBook::bundled().unwrap();
    let nothing = Usage::default();
    let zeros = Usage {
        input_tokens: Some(0),
        output_tokens: Some(0),
        ..Usage::default()
    };
    let searched = Usage {
        units: BTreeMap::from([("web_searches".into(), 1.0)]),
        ..Usage::default()
    };
    let of = |facts: Facts<'_>| settle(&book, ClientCostPolicy::Trust, &facts);
    let free = settled(usd("0"), CostSource::None);
    let unknown = settled(None, CostSource::Unknown);
    for usage in [&nothing, &zeros] {
        let ended = |status| {
            of(Facts {
                status,
                ..call(usage)
            })
        };
        assert_eq!(ended(Status::Error), free);
        assert_eq!(ended(Status::RateLimited), free);
        // The provider may well have charged for what the sender did not wait for.
        assert_eq!(ended(Status::Timeout), unknown);
        assert_eq!(ended(Status::Cancelled), unknown);
    }
    assert_eq!(
        of(Facts {
            status: Status::Error,
            ..call(&searched)
        }),
        unknown
    );
    for usage in [&nothing, &used()] {
        let shape = Facts {
            is_call: false,
            provider: "internal",
            model: None,
            ..call(usage)
        };
        assert_eq!(of(shape), free);
    }
}

#[test]
fn sources_have_the_contracts_names() {
    let names = [
        (CostSource::Client, "client", wire::CostSource::Client),
        (CostSource::Computed, "computed", wire::CostSource::Computed),
        (
            CostSource::Estimated,
            "estimated",
            wire::CostSource::Estimated,
        ),
        (CostSource::None, "none", wire::CostSource::None),
        (CostSource::Unknown, "unknown", wire::CostSource::Unknown),
    ];
    for (source, name, wire) in names {
        assert_eq!(source.name(), name);
        assert_eq!(wire::CostSource::from(source), wire);
    }
}
