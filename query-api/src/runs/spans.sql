-- The events of one run, earliest first.
SELECT
    id,
    toUnixTimestamp64Micro(timestamp) AS started_us,
    span_id,
    parent_span_id,
    section_path,
    toString(span_type) AS span_kind,
    provider,
    endpoint,
    model,
    input_tokens,
    output_tokens,
    cached_tokens,
    cache_write_tokens,
    reasoning_tokens,
    cost_usd AS cost,
    latency_ms AS latency_us,
    toString(status) AS outcome,
    http_status,
    error_type
FROM trace_events
WHERE {{tenant}}
  AND tenant_id = {owner:String}
  AND timestamp >= toDateTime64({from:UInt32}, 6, 'UTC')
  AND timestamp < toDateTime64({to:UInt32}, 6, 'UTC')
  AND toStartOfHour(timestamp) >= toDateTime({from:UInt32}, 'UTC')
  AND toStartOfHour(timestamp) < toDateTime({to:UInt32}, 'UTC')
  AND run_id = {run_id:String}
ORDER BY timestamp, id
LIMIT {limit:UInt64}
