#![allow(clippy::unwrap_used)]
use axum::response::IntoResponse;
use service::auth::{Authenticator, Binding};

use super::*;
use service::config::TenantRates;

/// A tenant as authentication makes it.
fn tenant(name: &str) -> Tenant {
    let request = axum::http::Request::builder()
        .header("host", "localhost")
        .body(())
        .unwrap();
    let caller = Authenticator::off(false)
        .authenticate(&request.into_parts().0)
        .unwrap();
    assert_eq!(*caller.binding(), Binding::Platform);
    caller.event_tenant(Some(name), None).unwrap()
}

fn limits() -> Limits {
    Limits::new(&LimitArgs {
        tenant_requests_per_second: 1,
        tenant_events_per_second: 2,
        tenant_limits: TenantRates::parse("big=0/0/1000").unwrap(),
        ..LimitArgs::default()
    })
}

#[test]
fn what_was_saved_up_is_gone_after_ten_seconds_worth() {
    let (limits, a, b) = (limits(), tenant("a"), tenant("b"));
    for _ in 0..10 {
        limits.request(&a).unwrap();
    }
    assert_eq!(limits.request(&a).unwrap_err().status(), 429);
    // Another tenant has its own.
    limits.request(&b).unwrap();
    limits.events(&a, 20, usize::MAX).unwrap();
    assert!(limits.events(&a, 1, 0).is_err());
    limits.events(&b, 20, 0).unwrap();
}

#[test]
fn a_batch_larger_than_the_limit_passes_when_nothing_was_used() {
    let (limits, a) = (limits(), tenant("a"));
    limits.events(&a, 10_000, 0).unwrap();
    assert!(limits.events(&a, 1, 0).is_err());
}

#[test]
fn a_tenant_with_rates_of_its_own_has_only_those() {
    let (limits, big) = (limits(), tenant("big"));
    for _ in 0..100 {
        limits.request(&big).unwrap();
        limits.events(&big, 10_000, 1).unwrap();
    }
    assert!(limits.events(&big, 1, 10_000).is_err());
}

#[test]
fn the_answer_says_when_to_come_again() {
    let (limits, a) = (limits(), tenant("a"));
    limits.events(&a, 20, 0).unwrap();
    let response = limits.events(&a, 8, 0).unwrap_err().into_response();
    let header = |name: &str| response.headers()[name].to_str().unwrap();
    assert_eq!(header("retry-after"), "4");
    assert_eq!(header("ratelimit-policy"), "\"events\";q=20;w=10");
    assert_eq!(header("ratelimit"), "\"events\";r=0;t=4");
    assert_eq!(header("ratelimit-limit"), "20");
    assert_eq!(header("ratelimit-remaining"), "0");
    assert_eq!(header("ratelimit-reset"), "4");
}

#[test]
fn tenants_that_went_away_are_forgotten() {
    let limits = Limits::new(&LimitArgs {
        tenant_requests_per_second: 1_000_000,
        ..LimitArgs::default()
    });
    for n in 0..20_000 {
        limits.request(&tenant(&n.to_string())).unwrap();
    }
    // A request is regained in a microsecond, so that nearly everyone is idle at a sweep.
    assert!(limits.everyone.requests.as_ref().unwrap().tenants() < 10_000);
}
