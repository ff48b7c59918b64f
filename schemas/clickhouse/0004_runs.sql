-- One row per run and hour in which it had events; a run's totals are the sum over its rows.
-- tenant_id '' marks the batches that this table holds (see README, "Markers").
CREATE TABLE IF NOT EXISTS {{database}}.runs {{on_cluster}}
(
    tenant_id              LowCardinality(String),
    bucket                 DateTime('UTC') COMMENT 'start of the hour' CODEC(Delta(4), ZSTD(1)),
    run_id                 String CODEC(ZSTD(1)),
    marker                 String CODEC(ZSTD(1)),

    marker_end             SimpleAggregateFunction(max, UInt64) CODEC(ZSTD(1)),
    started_at             SimpleAggregateFunction(min, DateTime64(6, 'UTC')) CODEC(Delta(8), ZSTD(1)),
    ended_at               SimpleAggregateFunction(max, DateTime64(6, 'UTC')) COMMENT 'of the latest event: timestamp + latency' CODEC(Delta(8), ZSTD(1)),
    cost_usd               SimpleAggregateFunction(sum, Decimal(38, 12)) CODEC(ZSTD(1)),
    unpriced_count         SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    event_count            SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    call_count             SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    error_count            SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    input_tokens           SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    output_tokens          SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    section_costs          SimpleAggregateFunction(sumMap, Map(String, Decimal(38, 12))) COMMENT 'own cost by section_path' CODEC(ZSTD(1)),
    customer_ids           SimpleAggregateFunction(groupUniqArrayArray, Array(String)) CODEC(ZSTD(1)),
    providers              SimpleAggregateFunction(groupUniqArrayArray, Array(String)) CODEC(ZSTD(1)),
    models                 SimpleAggregateFunction(groupUniqArrayArray, Array(String)) CODEC(ZSTD(1)),
    environments           SimpleAggregateFunction(groupUniqArrayArray, Array(String)) CODEC(ZSTD(1)),
    statuses               SimpleAggregateFunction(groupUniqArrayArray, Array(String)) CODEC(ZSTD(1)),

    INDEX by_run_id run_id TYPE bloom_filter(0.01) GRANULARITY 2
)
ENGINE = {{AggregatingMergeTree}}
PARTITION BY toYYYYMM(bucket)
ORDER BY (tenant_id, bucket, run_id, marker)
TTL bucket + INTERVAL {{rollup_retention_days}} DAY DELETE WHERE tenant_id != ''
SETTINGS non_replicated_deduplication_window = 10000, {{replicated_settings}} index_granularity = 8192;
