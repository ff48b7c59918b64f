-- The base rollup: a quarter of an hour (so that the days of every time zone can be formed), every filter dimension.
-- tenant_id '' marks the batches that this table holds (see README, "Markers"); its measures are zero.
CREATE TABLE IF NOT EXISTS {{database}}.usage_15m {{on_cluster}}
(
    tenant_id              LowCardinality(String),
    bucket                 DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    customer_id            String COMMENT 'empty = none' CODEC(ZSTD(1)),
    provider               LowCardinality(String),
    model                  LowCardinality(String) COMMENT 'empty = none',
    section_path           LowCardinality(String) COMMENT 'empty = none',
    environment            LowCardinality(String) COMMENT 'empty = none',
    status                 LowCardinality(String),
    marker                 String CODEC(ZSTD(1)),

    marker_end             SimpleAggregateFunction(max, UInt64) CODEC(ZSTD(1)),
    cost_usd               SimpleAggregateFunction(sum, Decimal(38, 12)) COMMENT 'USD, of the priced events' CODEC(ZSTD(1)),
    unpriced_count         SimpleAggregateFunction(sum, UInt64) COMMENT 'events whose cost is unknown' CODEC(T64, ZSTD(1)),
    event_count            SimpleAggregateFunction(sum, UInt64) COMMENT 'calls and spans that only shape the tree' CODEC(T64, ZSTD(1)),
    call_count             SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    error_count            SimpleAggregateFunction(sum, UInt64) COMMENT 'calls with status error, timeout or rate_limited' CODEC(T64, ZSTD(1)),
    input_tokens           SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    output_tokens          SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    cached_tokens          SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    cache_write_tokens     SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    reasoning_tokens       SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    latency_us_sum         SimpleAggregateFunction(sum, UInt64) COMMENT 'microseconds, of calls that reported a latency' CODEC(T64, ZSTD(1)),
    latency_count          SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    latency_buckets        SimpleAggregateFunction(sumMap, Map(Int16, UInt64)) COMMENT 'mergeable sketch, 1 % relative error: bucket i holds latencies in (g^(i-1), g^i] microseconds, g = 1.01/0.99; -1 holds 0' CODEC(ZSTD(1))
)
ENGINE = {{AggregatingMergeTree}}
PARTITION BY toYYYYMM(bucket)
ORDER BY (tenant_id, bucket, customer_id, provider, model, section_path, environment, status, marker)
TTL bucket + INTERVAL {{rollup_retention_days}} DAY DELETE WHERE tenant_id != ''
SETTINGS non_replicated_deduplication_window = 10000, {{replicated_settings}} index_granularity = 8192;
