-- As the aggregator folds a batch (`aggregator::rollup::usage`): an agent's span repeats its
-- children's tokens and time, so those are of calls.
INSERT INTO usage_table
    (tenant_id, bucket, customer_id, provider, model, section_path, environment, status,
     cost_usd, unpriced_count, event_count, call_count, error_count,
     input_tokens, output_tokens, cached_tokens, cache_write_tokens, reasoning_tokens,
     latency_us_sum, latency_count, latency_buckets)
SELECT
    tenant, starts, customer, provided_by, model_name, path, environment_name, status_name,
    sum(cost), countIf(is_unpriced), count(), countIf(is_call), countIf(is_error),
    sumIf(input, is_call), sumIf(output, is_call), sumIf(cached, is_call),
    sumIf(cache_write, is_call), sumIf(reasoning, is_call),
    sumIf(latency_us, is_timed), countIf(is_timed),
    -- The bucket of `aggregator::rollup::latency`; 49.99… is 1 / ln(1.01 / 0.99).
    sumMapIf(map(if(latency_us = 0, toInt16(-1), toInt16(ceil(log(latency_us) * 49.99833328888709))), toUInt64(1)), is_timed)
FROM
(
    SELECT
        raw.tenant_id AS tenant,
        toDateTime(intDiv(toUnixTimestamp(raw.timestamp), {seconds:UInt32}) * {seconds:UInt32}, 'UTC') AS starts,
        ifNull(raw.customer_id, '') AS customer,
        raw.provider AS provided_by,
        ifNull(toString(raw.model), '') AS model_name,
        ifNull(toString(raw.section_path), '') AS path,
        ifNull(toString(raw.environment), '') AS environment_name,
        toString(raw.status) AS status_name,
        toDecimal128(ifNull(raw.cost_usd, 0), 12) AS cost,
        raw.cost_usd IS NULL AS is_unpriced,
        raw.span_type NOT IN ('agent', 'tool', 'section') AS is_call,
        is_call AND raw.status IN ('error', 'timeout', 'rate_limited') AS is_error,
        is_call AND raw.latency_ms IS NOT NULL AS is_timed,
        toUInt64(ifNull(raw.latency_ms, 0) * 1000) AS latency_us,
        raw.input_tokens AS input,
        raw.output_tokens AS output,
        raw.cached_tokens AS cached,
        raw.cache_write_tokens AS cache_write,
        raw.reasoning_tokens AS reasoning
    FROM trace_events AS raw
    WHERE ({tenant:String} = '' OR raw.tenant_id = {tenant:String})
      AND raw.timestamp >= toDateTime({from:UInt32}, 'UTC') AND raw.timestamp < toDateTime({to:UInt32}, 'UTC')
      AND ({late_days:UInt32} = 0 OR raw.timestamp >= raw._log_time - toIntervalDay({late_days:UInt32}))
)
GROUP BY tenant, starts, customer, provided_by, model_name, path, environment_name, status_name
