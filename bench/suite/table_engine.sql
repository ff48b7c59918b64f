-- The peer of the aggregator: ClickHouse's own Kafka table engine, with materialized views into the same
-- tables. {{…}} is filled by peer_table_engine.py. All views hang from `incoming`, which keeps nothing,
-- so that no record passes before the last of them is there.
CREATE TABLE incoming
(
    tenant_id String, id String, timestamp_us Int64, received_us Int64, customer_id String, run_id String,
    trace_id String, span_id String, parent_span_id String, section_path String,
    span_type Int32, provider String, endpoint String, model String, service_tier String, environment String,
    input_tokens UInt64, output_tokens UInt64, cached_tokens UInt64, cache_write_tokens UInt64,
    cache_write_1h_tokens UInt64, reasoning_tokens UInt64, audio_input_tokens UInt64, audio_output_tokens UInt64,
    usage Map(String, Float64), cost_pico_usd Nullable(Int64), cost_source Int32, price_version String,
    client_cost_pico_usd Nullable(Int64), latency_us Nullable(UInt64), ttft_us Nullable(UInt64), status Int32,
    http_status UInt32, error_type String, is_streaming Bool, event_metadata String, ingest_key_id String,
    partition UInt64, offset UInt64, log_time_ms Nullable(DateTime64(3))
) ENGINE = Null;

CREATE MATERIALIZED VIEW to_raw TO trace_events AS
SELECT
    tenant_id, id, fromUnixTimestamp64Micro(timestamp_us, 'UTC') AS timestamp,
    fromUnixTimestamp64Micro(received_us, 'UTC') AS created_at, nullIf(customer_id, '') AS customer_id, run_id,
    nullIf(trace_id, '') AS trace_id, nullIf(span_id, '') AS span_id, nullIf(parent_span_id, '') AS parent_span_id,
    nullIf(splitByChar('/', section_path)[-1], '') AS section, nullIf(section_path, '') AS section_path,
    CAST(span_type, 'Enum8(\'llm\' = 1, \'embedding\' = 2, \'vector_db\' = 3, \'api\' = 4, \'other\' = 5, \'agent\' = 6, \'tool\' = 7, \'section\' = 8)') AS span_type,
    provider, nullIf(endpoint, '') AS endpoint, nullIf(model, '') AS model, nullIf(service_tier, '') AS service_tier,
    nullIf(environment, '') AS environment, input_tokens, output_tokens, cached_tokens, cache_write_tokens,
    cache_write_1h_tokens, reasoning_tokens, audio_input_tokens, audio_output_tokens,
    CAST(usage, 'Map(LowCardinality(String), Float64)') AS usage,
    toDecimal64(cost_pico_usd, 0) * toDecimal64('0.000000000001', 12) AS cost_usd,
    CAST(cost_source, 'Enum8(\'client\' = 1, \'computed\' = 2, \'estimated\' = 3, \'none\' = 4, \'unknown\' = 5)') AS cost_source,
    price_version, toDecimal64(client_cost_pico_usd, 0) * toDecimal64('0.000000000001', 12) AS client_cost_usd,
    toDecimal64(latency_us, 0) * toDecimal64('0.001', 3) AS latency_ms,
    toDecimal64(ttft_us, 0) * toDecimal64('0.001', 3) AS ttft_ms,
    CAST(status, 'Enum8(\'ok\' = 1, \'error\' = 2, \'cancelled\' = 3, \'timeout\' = 4, \'rate_limited\' = 5)') AS status,
    nullIf(toUInt16(http_status), 0) AS http_status, nullIf(error_type, '') AS error_type, is_streaming,
    event_metadata, ingest_key_id, 'epoch' AS _epoch, toUInt32(partition) AS _partition, offset AS _offset,
    offset AS _batch_end, assumeNotNull(log_time_ms) AS _log_time,
    reinterpretAsUInt128(sipHash128(tenant_id, id)) AS _id_hash
FROM incoming;

CREATE MATERIALIZED VIEW to_usage_15m TO usage_15m AS
SELECT tenant_id, toStartOfFifteenMinutes(toDateTime(intDiv(timestamp_us, 1000000), 'UTC')) AS bucket, {{usage}};

CREATE MATERIALIZED VIEW to_usage_1m TO usage_1m AS
SELECT tenant_id, toStartOfMinute(toDateTime(intDiv(timestamp_us, 1000000), 'UTC')) AS bucket, {{usage}};

CREATE MATERIALIZED VIEW to_runs TO runs AS
SELECT
    tenant_id, toStartOfHour(toDateTime(intDiv(timestamp_us, 1000000), 'UTC')) AS bucket, run_id,
    '' AS marker, toUInt64(0) AS marker_end,
    min(fromUnixTimestamp64Micro(timestamp_us, 'UTC')) AS started_at,
    max(fromUnixTimestamp64Micro(timestamp_us + toInt64(ifNull(latency_us, 0)), 'UTC')) AS ended_at,
    sum(toDecimal128(ifNull(cost_pico_usd, 0), 0) * toDecimal128('0.000000000001', 12)) AS cost_usd,
    countIf(isNull(cost_pico_usd)) AS unpriced_count, count() AS event_count, countIf(span_type < 6) AS call_count,
    countIf(span_type < 6 AND status IN (2, 4, 5)) AS error_count, sumIf(input_tokens, span_type < 6) AS input_tokens,
    sumIf(output_tokens, span_type < 6) AS output_tokens,
    sumMapIf(map(section_path, toDecimal128(ifNull(cost_pico_usd, 0), 0) * toDecimal128('0.000000000001', 12)), section_path != '') AS section_costs,
    groupUniqArrayIf(customer_id, customer_id != '') AS customer_ids, groupUniqArray(provider) AS providers,
    groupUniqArrayIf(model, model != '') AS models, groupUniqArrayIf(environment, environment != '') AS environments,
    groupUniqArray(toString(CAST(status, 'Enum8(\'ok\' = 1, \'error\' = 2, \'cancelled\' = 3, \'timeout\' = 4, \'rate_limited\' = 5)'))) AS statuses
FROM incoming
GROUP BY tenant_id, bucket, run_id;

CREATE TABLE queue
(
    tenant_id String, id String, timestamp_us Int64, received_us Int64, customer_id String, run_id String,
    trace_id String, span_id String, parent_span_id String, section_path String,
    span_type Int32, provider String, endpoint String, model String, service_tier String, environment String,
    input_tokens UInt64, output_tokens UInt64, cached_tokens UInt64, cache_write_tokens UInt64,
    cache_write_1h_tokens UInt64, reasoning_tokens UInt64, audio_input_tokens UInt64, audio_output_tokens UInt64,
    usage Map(String, Float64), cost_pico_usd Nullable(Int64), cost_source Int32, price_version String,
    client_cost_pico_usd Nullable(Int64), latency_us Nullable(UInt64), ttft_us Nullable(UInt64), status Int32,
    http_status UInt32, error_type String, is_streaming Bool, event_metadata String, ingest_key_id String
) ENGINE = Kafka
SETTINGS kafka_broker_list = '{{brokers}}', kafka_topic_list = 'llmobserve.events.v1',
    kafka_group_name = '{{group}}', kafka_format = 'ProtobufSingle', kafka_schema = 'usage_event.proto:UsageEvent',
    kafka_num_consumers = {{consumers}}, kafka_thread_per_consumer = {{threads}}, kafka_max_block_size = 65536,
    kafka_flush_interval_ms = 500, kafka_poll_max_batch_size = 65536;

CREATE MATERIALIZED VIEW from_kafka TO incoming AS
SELECT *, _partition AS partition, _offset AS offset, _timestamp_ms AS log_time_ms FROM queue;
