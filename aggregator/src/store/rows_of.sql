SELECT
    toString(tenant_id) AS tenant_id,
    toUnixTimestamp64Micro(timestamp) AS timestamp_us,
    ifNull(customer_id, '') AS customer_id,
    run_id AS run_id,
    ifNull(toString(section_path), '') AS section_path,
    toString(provider) AS provider,
    ifNull(toString(model), '') AS model,
    ifNull(toString(environment), '') AS environment,
    span_type NOT IN ('agent', 'tool', 'section') AS is_call,
    toString(status) AS status,
    input_tokens AS input_tokens,
    output_tokens AS output_tokens,
    cached_tokens AS cached_tokens,
    cache_write_tokens AS cache_write_tokens,
    reasoning_tokens AS reasoning_tokens,
    cost_usd AS cost_pico_usd,
    latency_ms AS latency_us
FROM trace_events
WHERE _epoch = {epoch:String} AND _partition = {partition:UInt32}
  AND _offset >= {start:UInt64} AND _offset < {end:UInt64}
  AND _log_time >= fromUnixTimestamp64Milli({since_ms:Int64})
