//! Every fault that is tried.

mod kill;
mod step;
mod zombie;
mod rebalance;
mod link;
mod answers;
mod outage;
mod crowd;
mod disk;
mod clock;
mod topic;
mod ghost;

use std::time::Duration;

use clock::Of;
use link::Between::{
    AggregatorAndClickHouse, AggregatorAndKafka, Brokers, IngestAndKafka, QueryApiAndClickHouse,
    SendersAndIngest,
};

use crate::story::Story;

const HOUR_S: i64 = 3600;

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
    Story::new("broker-hung", |w, r| Box::pin(kill::hung_broker(w, r))),
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
    Story::new("zombie", |w, r| Box::pin(zombie::anywhere(w, r))).telling(),
    Story::new("zombie-before-raw", |w, r| {
        Box::pin(zombie::at_step(w, r, "before-raw"))
    }),
    Story::new("zombie-between-rollups", |w, r| {
        Box::pin(zombie::at_step(w, r, "between-rollups"))
    }),
    Story::new("zombie-before-commit", |w, r| {
        Box::pin(zombie::at_step(w, r, "before-commit"))
    }),
    Story::new("rebalance", |w, r| Box::pin(rebalance::third(w, r))),
    Story::new("previous-version", |w, r| {
        Box::pin(rebalance::previous_version(w, r))
    }),
    Story::new("cut-senders-ingest", |w, r| {
        Box::pin(link::cut(w, r, SendersAndIngest))
    }),
    Story::new("silent-senders-ingest", |w, r| {
        Box::pin(link::silent(w, r, SendersAndIngest))
    }),
    Story::new("slow-senders-ingest", |w, r| {
        Box::pin(link::slow(w, r, SendersAndIngest))
    }),
    Story::new("cut-ingest-kafka", |w, r| {
        Box::pin(link::cut(w, r, IngestAndKafka))
    }),
    Story::new("silent-ingest-kafka", |w, r| {
        Box::pin(link::silent(w, r, IngestAndKafka))
    }),
    Story::new("slow-ingest-kafka", |w, r| {
        Box::pin(link::slow(w, r, IngestAndKafka))
    }),
    Story::new("cut-aggregator-kafka", |w, r| {
        Box::pin(link::cut(w, r, AggregatorAndKafka))
    }),
    Story::new("silent-aggregator-kafka", |w, r| {
        Box::pin(link::silent(w, r, AggregatorAndKafka))
    }),
    Story::new("slow-aggregator-kafka", |w, r| {
        Box::pin(link::slow(w, r, AggregatorAndKafka))
    }),
    Story::new("cut-brokers", |w, r| Box::pin(link::cut(w, r, Brokers))).three_brokers(),
    Story::new("silent-brokers", |w, r| {
        Box::pin(link::silent(w, r, Brokers))
    })
    .three_brokers(),
    Story::new("slow-brokers", |w, r| Box::pin(link::slow(w, r, Brokers))).three_brokers(),
    Story::new("cut-aggregator-clickhouse", |w, r| {
        Box::pin(link::cut(w, r, AggregatorAndClickHouse))
    }),
    Story::new("silent-aggregator-clickhouse", |w, r| {
        Box::pin(link::silent(w, r, AggregatorAndClickHouse))
    }),
    Story::new("slow-aggregator-clickhouse", |w, r| {
        Box::pin(link::slow(w, r, AggregatorAndClickHouse))
    }),
    Story::new("cut-query-clickhouse", |w, r| {
        Box::pin(link::cut(w, r, QueryApiAndClickHouse))
    }),
    Story::new("silent-query-clickhouse", |w, r| {
        Box::pin(link::silent(w, r, QueryApiAndClickHouse))
    }),
    Story::new("slow-query-clickhouse", |w, r| {
        Box::pin(link::slow(w, r, QueryApiAndClickHouse))
    }),
    Story::new("lost-answers-of-ingest", |w, r| {
        Box::pin(answers::of_ingest(w, r))
    }),
    Story::new("lost-answers-of-inserts", |w, r| {
        Box::pin(answers::of_inserts(w, r))
    })
    .telling(),
    Story::new("lost-answers-of-commits", |w, r| {
        Box::pin(answers::of_commits(w, r))
    })
    .telling(),
    Story::new("late-inserts", |w, r| Box::pin(answers::late_inserts(w, r))),
    Story::new("late-commits", |w, r| Box::pin(answers::late_commits(w, r))),
    Story::new("late-commits-of-a-zombie", |w, r| {
        Box::pin(zombie::late_commits(w, r))
    })
    .telling(),
    Story::new("clickhouse-hung", |w, r| Box::pin(outage::hung(w, r))),
    Story::new("clickhouse-errors", |w, r| Box::pin(outage::errors(w, r))),
    Story::new("clickhouse-refuses", |w, r| {
        Box::pin(outage::refuses(w, r, Duration::from_secs(15)))
    }),
    Story::new("clickhouse-refuses-60s", |w, r| {
        Box::pin(outage::refuses(w, r, Duration::from_secs(60)))
    })
    .once(),
    Story::new("clickhouse-refuses-long", |w, r| {
        Box::pin(outage::refuses_long(w, r))
    })
    .named(),
    Story::new("crowd-without-kafka", |w, r| Box::pin(crowd::ingest(w, r))),
    Story::new("disk-full-clickhouse", |w, r| {
        Box::pin(disk::clickhouse(w, r))
    }),
    Story::new("disk-full-kafka", |w, r| Box::pin(disk::kafka(w, r))),
    Story::new("clock-ahead-ingest", |w, r| {
        Box::pin(clock::jump(w, r, Of::Ingest, HOUR_S))
    }),
    Story::new("clock-behind-ingest", |w, r| {
        Box::pin(clock::jump(w, r, Of::Ingest, -HOUR_S))
    }),
    Story::new("clock-ahead-broker", |w, r| {
        Box::pin(clock::jump(w, r, Of::Broker, HOUR_S))
    }),
    Story::new("clock-behind-broker", |w, r| {
        Box::pin(clock::jump(w, r, Of::Broker, -HOUR_S))
    }),
    Story::new("clock-ahead-aggregator", |w, r| {
        Box::pin(clock::jump(w, r, Of::Aggregator, HOUR_S))
    }),
    Story::new("clock-behind-aggregator", |w, r| {
        Box::pin(clock::jump(w, r, Of::Aggregator, -HOUR_S))
    }),
    Story::new("clock-ahead-clickhouse", |w, r| {
        Box::pin(clock::jump(w, r, Of::ClickHouse, HOUR_S))
    })
    .named(),
    Story::new("clock-behind-clickhouse", |w, r| {
        Box::pin(clock::jump(w, r, Of::ClickHouse, -HOUR_S))
    })
    .named(),
    Story::new("topic-made-again", |w, r| Box::pin(topic::made_again(w, r))),
    Story::new("offsets-deleted", |w, r| {
        Box::pin(topic::offsets_deleted(w, r))
    })
    .telling(),
    Story::new("offsets-reset", |w, r| Box::pin(topic::offsets_reset(w, r))),
    Story::new("ghost-token", |w, r| Box::pin(ghost::token(w, r))).several(),
];

/// A while of seconds between the two, by the story's dice.
fn between(rng: &mut fastrand::Rng, from: f64, to: f64) -> Duration {
    Duration::from_secs_f64(from + rng.f64() * (to - from))
}
