//! Every fault that is tried.

mod kill;
mod step;

use std::time::Duration;

use crate::story::Story;

/// All kinds, by name.
pub(crate) static ALL: &[Story] = &[
    Story::new("kill-ingest", |w, r| Box::pin(kill::ingest(w, r))),
    Story::new("kill-query-api", |w, r| Box::pin(kill::query_api(w, r))),
    Story::new("kill-aggregator", |w, r| Box::pin(kill::aggregator(w, r))),
    Story::new("kill-both-aggregators", |w, r| {
        Box::pin(kill::both_aggregators(w, r))
    }),
    Story::new("kill-clickhouse", |w, r| Box::pin(kill::clickhouse(w, r))).telling(),
    Story::new("kill-leading-broker", |w, r| {
        Box::pin(kill::leading_broker(w, r))
    })
    .telling(),
    Story::new("kill-two-brokers", |w, r| Box::pin(kill::two_brokers(w, r))).three_brokers(),
    Story::new("step-after-intent", |w, r| {
        Box::pin(step::kill(w, r, "after-intent"))
    })
    .step()
    .telling(),
    Story::new("step-before-raw", |w, r| {
        Box::pin(step::kill(w, r, "before-raw"))
    })
    .step()
    .telling(),
    Story::new("step-after-raw", |w, r| {
        Box::pin(step::kill(w, r, "after-raw"))
    })
    .step()
    .telling(),
    Story::new("step-between-rollups", |w, r| {
        Box::pin(step::kill(w, r, "between-rollups"))
    })
    .step()
    .telling(),
    Story::new("step-before-ledger", |w, r| {
        Box::pin(step::kill(w, r, "before-ledger"))
    })
    .step()
    .telling(),
    Story::new("step-before-commit", |w, r| {
        Box::pin(step::kill(w, r, "before-commit"))
    })
    .step()
    .telling(),
];

/// A while of seconds between the two, by the story's dice.
fn between(rng: &mut fastrand::Rng, from: f64, to: f64) -> Duration {
    Duration::from_secs_f64(from + rng.f64() * (to - from))
}
