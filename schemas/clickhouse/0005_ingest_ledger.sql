-- What became of every record: one row per batch, tenant and hour of log time.
-- received = stored + duplicates + dead_lettered, always. Written last: a batch that is here is everywhere.
-- Every batch has a row of tenant_id '' too, which counts the records that name no tenant (dead letters).
CREATE TABLE IF NOT EXISTS {{database}}.ingest_ledger {{on_cluster}}
(
    tenant_id              LowCardinality(String),
    hour                   DateTime('UTC') COMMENT 'of log time' CODEC(Delta(4), ZSTD(1)),
    topic                  LowCardinality(String),
    epoch                  LowCardinality(String),
    partition              UInt32,
    offset_start           UInt64 COMMENT 'first offset of the batch' CODEC(Delta(8), ZSTD(1)),
    offset_end             UInt64 COMMENT 'first offset behind the batch' CODEC(Delta(8), ZSTD(1)),
    received               UInt64 CODEC(T64, ZSTD(1)),
    stored                 UInt64 CODEC(T64, ZSTD(1)),
    duplicates             UInt64 CODEC(T64, ZSTD(1)),
    dead_lettered          UInt64 CODEC(T64, ZSTD(1)),

    INDEX by_offset offset_start TYPE minmax GRANULARITY 1
)
ENGINE = {{MergeTree}}
PARTITION BY toYYYYMM(hour)
ORDER BY (tenant_id, hour, topic, epoch, partition, offset_start)
TTL hour + INTERVAL {{rollup_retention_days}} DAY DELETE
SETTINGS non_replicated_deduplication_window = 10000, {{replicated_settings}} index_granularity = 8192;
