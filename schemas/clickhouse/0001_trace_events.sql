-- One row per distinct accepted event. The columns carry the names of the HTTP contract.
-- Sorted so that one run's spans lie together: a run is read, and compressed, as a block.
CREATE TABLE IF NOT EXISTS {{database}}.trace_events {{on_cluster}}
(
    tenant_id              LowCardinality(String),
    id                     String CODEC(ZSTD(3)),
    timestamp              DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    created_at             DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),

    customer_id            Nullable(String) CODEC(ZSTD(1)),
    run_id                 String CODEC(ZSTD(1)),
    trace_id               Nullable(String) CODEC(ZSTD(1)),
    span_id                Nullable(String) CODEC(ZSTD(1)),
    parent_span_id         Nullable(String) CODEC(ZSTD(1)),
    section                LowCardinality(Nullable(String)),
    section_path           LowCardinality(Nullable(String)),
    span_type              Enum8('llm' = 1, 'embedding' = 2, 'vector_db' = 3, 'api' = 4, 'other' = 5, 'agent' = 6, 'tool' = 7, 'section' = 8),
    provider               LowCardinality(String),
    endpoint               LowCardinality(Nullable(String)),
    model                  LowCardinality(Nullable(String)),
    service_tier           LowCardinality(Nullable(String)),
    environment            LowCardinality(Nullable(String)),

    input_tokens           UInt64 CODEC(T64, ZSTD(1)),
    output_tokens          UInt64 CODEC(T64, ZSTD(1)),
    cached_tokens          UInt64 CODEC(T64, ZSTD(1)),
    cache_write_tokens     UInt64 CODEC(T64, ZSTD(1)),
    cache_write_1h_tokens  UInt64 CODEC(T64, ZSTD(1)),
    reasoning_tokens       UInt64 CODEC(T64, ZSTD(1)),
    audio_input_tokens     UInt64 CODEC(T64, ZSTD(1)),
    audio_output_tokens    UInt64 CODEC(T64, ZSTD(1)),
    usage                  Map(LowCardinality(String), Float64),

    cost_usd               Nullable(Decimal(18, 12)) COMMENT 'USD; NULL = unknown, never a silent 0',
    cost_source            Enum8('client' = 1, 'computed' = 2, 'estimated' = 3, 'none' = 4, 'unknown' = 5),
    price_version          LowCardinality(String) COMMENT 'the price book that computed cost_usd; empty when none did',
    client_cost_usd        Nullable(Decimal(18, 12)) COMMENT 'the sender''s own figure where another one was charged',

    latency_ms             Nullable(Decimal(18, 3)),
    ttft_ms                Nullable(Decimal(18, 3)) COMMENT 'time to first token',
    status                 Enum8('ok' = 1, 'error' = 2, 'cancelled' = 3, 'timeout' = 4, 'rate_limited' = 5),
    http_status            Nullable(UInt16),
    error_type             LowCardinality(Nullable(String)),
    is_streaming           Bool,
    event_metadata         String COMMENT 'a JSON object; empty when none was sent' CODEC(ZSTD(3)),

    ingest_key_id          LowCardinality(String) COMMENT 'the API key that wrote the event; empty without authentication',
    _epoch                 LowCardinality(String) COMMENT 'the incarnation of the topic (Kafka topic id)',
    _partition             UInt32 CODEC(ZSTD(1)),
    _offset                UInt64 CODEC(Delta(8), ZSTD(1)),
    _batch_end             UInt64 COMMENT 'first offset behind the batch that wrote the row' CODEC(Delta(8), ZSTD(1)),
    _log_time              DateTime64(3, 'UTC') COMMENT 'when the broker stored the record' CODEC(Delta(8), ZSTD(1)),
    _id_hash               UInt128 COMMENT 'BLAKE3-128 of (tenant_id, id): the duplicate window' CODEC(NONE),

    INDEX by_run_id run_id TYPE bloom_filter(0.01) GRANULARITY 2,
    INDEX by_id id TYPE bloom_filter(0.01) GRANULARITY 2,
    INDEX by_offset (_offset, _log_time) TYPE minmax GRANULARITY 1
)
ENGINE = {{MergeTree}}
PARTITION BY toYYYYMM(timestamp)
ORDER BY (tenant_id, toStartOfHour(timestamp), run_id, timestamp)
TTL toDateTime(timestamp) + INTERVAL {{retention_days}} DAY DELETE
SETTINGS non_replicated_deduplication_window = 10000, {{replicated_settings}} index_granularity = 8192;
